#include "agent/breaker.h"

#include "base/clock.h"

void
breaker_init(struct breaker *b, int64_t pause_after, int64_t probe_ms,
             const struct health *left)
{
	*b = (struct breaker){ .pause_after = pause_after,
		               .probe_ms = probe_ms };
	if (pause_after <= 0)
		return;
	b->health = *left;
	if (left->pause_ms)
		b->state = BREAKER_PAUSED;
}

bool
breaker_lets(const struct breaker *b, int64_t now_boot_ns)
{
	return b->state != BREAKER_PAUSED ||
	       now_boot_ns >= b->health.until_boot_ns;
}

bool
breaker_begin(struct breaker *b)
{
	if (b->state != BREAKER_PAUSED)
		return false;
	b->state = BREAKER_PROBING;
	return true;
}

bool
breaker_ill(struct breaker *b, int64_t now_boot_ns, int64_t now_wall_ms)
{
	struct health *h = &b->health;
	int64_t longest = b->probe_ms > BREAKER_LONGEST_MS ? b->probe_ms :
	                                                     BREAKER_LONGEST_MS;

	if (b->pause_after <= 0)
		return false;
	h->failures++;
	/* What ends in a pause began before it. */
	if (b->state == BREAKER_PAUSED || h->failures < b->pause_after)
		return false;
	if (b->state == BREAKER_PROBING && h->pause_ms)
		h->pause_ms = h->pause_ms < longest / 2 ? h->pause_ms * 2 :
		                                          longest;
	else
		h->pause_ms = b->probe_ms;
	h->until_ms = now_wall_ms + h->pause_ms;
	h->until_boot_ns = now_boot_ns + h->pause_ms * CLOCK_NS_PER_MS;
	b->state = BREAKER_PAUSED;
	return true;
}

bool
breaker_well(struct breaker *b)
{
	bool was = b->health.failures || b->health.pause_ms;

	b->health.failures = 0;
	b->health.pause_ms = 0;
	b->health.until_ms = 0;
	b->health.until_boot_ns = 0;
	b->state = BREAKER_CLOSED;
	return was;
}

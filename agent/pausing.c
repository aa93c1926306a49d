/*
 * Attempts that fail one after the other pause the agent: breaker.h, with
 * the file, the journal and the clock to it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static void
tell(struct agent *a, const char *what, const char *id, const char *why,
     int64_t until_ms)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "health";
	line.id = id;
	line.reason = what;
	line.why = why;
	line.until_ms = until_ms;
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_info("agent=%s health=%s: %s", a->desk->name, what, why);
}

static void
keep(struct agent *a)
{
	int r = health_write(a->desk, &a->breaker.health);

	/* It only costs the next agent what this one has learnt. */
	if (r < 0)
		log_warn("agent=%s cannot write " HEALTH_FILE ": %s",
		         a->desk->name, err_name(r));
}

void
pausing_load(struct agent *a)
{
	const struct config_agent *role = a->role;
	struct health left;
	int64_t wait;

	health_read(a->desk, &left);
	wait = health_wait_left(&left, a->boot, clock_boot_ns(),
	                        clock_wall_ms());
	left.until_boot_ns = clock_boot_ns() + wait;
	breaker_init(&a->breaker, role->pause_after, role->probe_ms, &left);
	(void)snprintf(a->breaker.health.boot, sizeof(a->breaker.health.boot),
	               "%s", a->boot);
	if (!a->breaker.pause_after && (left.failures || left.pause_ms))
		keep(a);
}

bool
pausing_lets(const struct agent *a)
{
	return breaker_lets(&a->breaker, clock_boot_ns());
}

int64_t
pausing_until_ns(const struct agent *a)
{
	return a->breaker.health.until_boot_ns;
}

void
pausing_begin(struct agent *a, const struct entry *e)
{
	autofree char *why = NULL;

	if (!breaker_begin(&a->breaker))
		return;
	why = mem_printf("%" PRId64 " attempts in a row have failed: this one "
	                 "shows whether it works again",
	                 a->breaker.health.failures);
	tell(a, "probe", e->id, why, 0);
}

void
pausing_note(struct agent *a, enum verdict_sign sign)
{
	struct breaker *b = &a->breaker;
	bool paused = b->health.pause_ms != 0;
	autofree char *why = NULL;
	char pause[CLOCK_TEXT_MAX];

	if (sign == SIGN_NONE || !b->pause_after)
		return;
	if (sign == SIGN_WELL) {
		if (!breaker_well(b))
			return;
		if (paused)
			tell(a, "well", NULL, "the probe went well", 0);
		keep(a);
		return;
	}
	if (breaker_ill(b, clock_boot_ns(), clock_wall_ms())) {
		why = mem_printf(
			"%" PRId64 " attempts in a row have failed, nothing "
			"starts for %s; at once with: spoolhand resume %s",
			b->health.failures,
			clock_format_duration(b->health.pause_ms, pause),
			a->desk->name);
		tell(a, "paused", NULL, why, b->health.until_ms);
	}
	keep(a);
}

void
pausing_resume(struct agent *a)
{
	bool paused = a->breaker.health.pause_ms != 0;

	if (!breaker_well(&a->breaker))
		return;
	if (paused)
		tell(a, "well", NULL, "somebody says that it works again", 0);
	keep(a);
}

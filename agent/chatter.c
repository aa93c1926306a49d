#include "agent/chatter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"

#define LINES_A_MINUTE 20
#define LINE_MAX_BYTES 500
#define MINUTE_NS      (60 * CLOCK_NS_PER_S)

/* May another line be logged? */
static bool
has_turn(struct chatter *c, const char *agent)
{
	int64_t now = clock_boot_ns();

	if (!c->since_ns || now - c->since_ns >= MINUTE_NS) {
		if (c->left_out)
			log_info("agent=%s its worker has said %u more lines",
			         agent, c->left_out);
		c->since_ns = now;
		c->logged = 0;
		c->left_out = 0;
	}
	if (c->logged < LINES_A_MINUTE) {
		c->logged++;
		return true;
	}
	c->left_out++;
	return false;
}

void
chatter_add(struct chatter *c, const char *agent, const void *bytes, size_t n)
{
	char *line;
	size_t len;
	int r;

	c->lines.max = LINE_MAX_BYTES;
	lines_add(&c->lines, bytes, n);
	while ((r = lines_next(&c->lines, &line, &len))) {
		autofree char *shown = NULL;

		if (!has_turn(c, agent))
			continue;
		shown = name_show(r > 0 ? line : "(a line that is too long)");
		log_info("agent=%s its worker says: %s", agent, shown);
	}
}

void
chatter_done(struct chatter *c)
{
	lines_done(&c->lines);
}

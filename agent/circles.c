/*
 * Tasks that wait for each other in a circle: told of in the log and in the
 * journal, once for the one that closed it.
 *
 * It is looked for a moment after the admission, for all of a burst at once:
 * that reads every task that they wait for.  When the whole circle came in
 * that moment, each of its agents tells of it.
 */
#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/find.h"
#include "spool/waitgraph.h"

#define BURST_NS (100 * CLOCK_NS_PER_MS)
#define REST     20 /* times as long as it took */

static void
tell(struct agent *a, const char *id, const char *path)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "cycle";
	line.id = id;
	line.why = path;
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_warn("agent=%s task=%s waits in a circle: %s; break it with: "
	         "spoolhand cancel %s/%s",
	         a->desk->name, id, path, a->desk->name, id);
}

static void
look(void *agent)
{
	struct agent *a = agent;
	struct circles *c = &a->circles;
	autowaitgraph *g = waitgraph_new(a->spool);
	int64_t begin_ns = clock_boot_ns();
	const char *id;
	size_t at = 0;

	while ((id = strset_next(&c->ids, &at))) {
		autofree char *ref = mem_printf("%s/%s", a->desk->name, id);
		autostr path = STR_INIT;

		if (waitgraph_circle(g, ref, NULL, &path) > 0)
			tell(a, id, str_text(&path));
	}
	strset_done(&c->ids);
	c->ids = (struct strset)STRSET_INIT;
	c->rest_until_ns =
		clock_boot_ns() + REST * (clock_boot_ns() - begin_ns);
}

void
circles_note(struct agent *a, const char *id)
{
	struct circles *c = &a->circles;
	int64_t when_ns = clock_boot_ns() + BURST_NS;

	if (!strset_add(&c->ids, id) || c->timer.armed)
		return;
	loop_arm(a->loop, &c->timer,
	         when_ns > c->rest_until_ns ? when_ns : c->rest_until_ns, look,
	         a);
}

void
circles_done(struct agent *a)
{
	loop_clear(a->loop, &a->circles.timer);
	strset_done(&a->circles.ids);
}

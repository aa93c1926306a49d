#include "spool/move.h"

#include <errno.h>

#include "base/sys.h"

int
move_task(struct desk *d, struct journal *j, const struct move *m,
          struct entry *e, int64_t now_ms)
{
	enum task_state from = desk_place_state(m->from);
	enum task_state to = desk_place_state(m->to);
	struct journal_line line = JOURNAL_LINE;
	struct entry after = *e;
	char old[ENTRY_NAME_MAX], new[ENTRY_NAME_MAX];
	int r;

	if (!desk_place_live(m->from) || !desk_place_live(m->to))
		return -EPROTO;
	/* running/ -> saving/ is a phase of one state. */
	if (from != to && !state_may_move(from, to))
		return -EPROTO;
	if (from == to && (m->from != PLACE_RUNNING || m->to != PLACE_SAVING))
		return -EPROTO;
	/* What is started begins in running/. */
	if (from != to && m->to == PLACE_SAVING)
		return -EPROTO;
	if (m->count_attempt) {
		if (after.attempts == ENTRY_ATTEMPTS_MAX)
			return -ERANGE;
		after.attempts++;
	}
	line.ev = from == to ? "phase" : "move";
	line.entry = &after;
	line.from = state_name(from);
	line.to = state_name(to);
	line.reason = m->reason;
	line.why = m->why;
	line.until_ms = m->until_ms;
	r = journal_write(j, now_ms, &line);
	if (r < 0)
		return r;
	r = sys_rename(d->at[m->from], entry_format(e, old), d->at[m->to],
	               entry_format(&after, new));
	if (r < 0) {
		/* Take the line back: the last word on this task is `from`. */
		line.ev = "recover";
		line.entry = e;
		line.to = line.from;
		line.from = NULL;
		line.reason = NULL;
		line.why = "the move could not be made";
		(void)journal_write(j, now_ms, &line);
		return r;
	}
	*e = after;
	return 0;
}

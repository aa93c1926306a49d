/*
 * Why a task is BLOCKED, reason by reason, and what would move it.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "cli/asking.h"
#include "cli/circle.h"
#include "cli/why.h"
#include "spool/question.h"
#include "spool/record.h"

/* In ms; 0: it is over, or there is none. */
static int64_t
wait_left(const struct record *rec)
{
	struct proc_id self = { 0 };

	(void)proc_self(&self);
	return record_wait_left(rec, self.boot, clock_boot_ns(),
	                        clock_wall_ms()) /
	       CLOCK_NS_PER_MS;
}

/* Another attempt follows by itself. */
static void
tell_retry(const struct why *w, const struct record *rec)
{
	int64_t left_ms = wait_left(rec);

	why_add_reason(w);
	if (left_ms) {
		str_addf(w->out, "; attempt %u may begin in ",
		         w->v->entry.attempts + 1);
		why_add_duration(w->out, left_ms);
	} else {
		str_addf(w->out, "; its wait is over, attempt %u is next",
		         w->v->entry.attempts + 1);
	}
	if (!why_add_agent_down(w))
		why_add_command(w, "let it go on now", "retry");
}

static void
tell_question(const struct why *w, const struct record *rec)
{
	autoquestion q = { 0 };
	autostr given = STR_INIT;

	if (question_open(w->desk, w->v->id, &q) < 0) {
		tell_retry(w, rec);
		return;
	}
	str_adds(w->out, " (question): it asks '");
	asking_add_text(&q, w->out);
	str_addc(w->out, '\'');
	if (q.asked_ms) {
		str_adds(w->out, " since ");
		why_add_duration(w->out, clock_wall_ms() - q.asked_ms);
	}
	asking_add_terms(&q, w->out);
	if (question_dropped(w->desk, w->v->id, q.number, &given)) {
		str_adds(w->out, "; an answer lies there for its agent");
		(void)why_add_agent_down(w);
		return;
	}
	str_adds(w->out, "; answer it with: ");
	asking_add_command(w->v->agent, w->v->id, &q, w->out);
	/* It can be answered all the same, and goes on when there is one. */
	(void)why_add_agent_down(w);
}

static void
tell_child(const struct why *w, const struct record *rec)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct view_task child;
	int r = name_split_ref(rec->on, &agent, &id);

	if (r == 0)
		r = view_task(w->spool, agent, id, &child, NULL);
	str_addf(w->out, " (child): it waits for %s", rec->on);
	if (r == -ENOENT || r == -EINVAL) {
		str_adds(w->out, ", which is no more");
		if (!why_add_agent_down(w))
			why_add_command(w, "let it go on now", "retry");
		return;
	}
	if (r == 0) {
		str_addf(w->out, ", which is %s", child.state);
		if (child.reason)
			str_addf(w->out, " (%s)", child.reason);
		view_task_done(&child);
	}
	(void)circle_add(w->spool, w->v->agent, w->v->id, w->out);
	str_addf(w->out, "; see what that waits for with: spoolhand why %s",
	         rec->on);
	(void)why_add_agent_down(w);
}

static void
tell_sleep(const struct why *w, const struct record *rec)
{
	int64_t left_ms = wait_left(rec);
	char at[CLOCK_TEXT_MAX];

	str_addf(w->out, " (sleep): it sleeps until %s",
	         clock_format_local(rec->until_ms, at));
	if (left_ms) {
		str_adds(w->out, ", for another ");
		why_add_duration(w->out, left_ms);
	} else {
		str_adds(w->out, ", which is over");
	}
	if (!why_add_agent_down(w))
		why_add_command(w, "give it up", "cancel");
}

static void (*const tellers[BLOCK_NREASONS])(const struct why *w,
                                             const struct record *rec) = {
	[BLOCK_QUESTION] = tell_question,
	[BLOCK_CHILD] = tell_child,
	[BLOCK_SLEEP] = tell_sleep,
};

void
why_blocked(const struct why *w)
{
	struct record rec;

	record_read(w->desk, w->v->id, &rec);
	str_adds(w->out, "is BLOCKED");
	if (tellers[rec.reason])
		tellers[rec.reason](w, &rec);
	else
		tell_retry(w, &rec);
}

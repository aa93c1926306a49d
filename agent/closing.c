/*
 * The end of an attempt: published, FAILED, or BLOCKED for another one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/answers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/answer.h"
#include "spool/ballast.h"
#include "spool/calls.h"
#include "spool/move.h"
#include "spool/record.h"
#include "spool/result.h"

#define SAVE_AGAIN_NS (2 * CLOCK_NS_PER_S)
#define START_HOLD_NS CLOCK_NS_PER_S

/* What follows from the end of an attempt; `t` may be NULL. */
static struct verdict_next
decide(struct agent *a, const struct entry *e, const struct task *t,
       enum verdict v, struct record *rec, struct str *text)
{
	const struct config_retry *retry = &a->role->retry;
	autofree char *ref = mem_printf("%s/%s", a->desk->name, e->id);
	struct verdict_case c = {
		.retry = retry,
		.max = t && t->retries >= 0 ? t->retries : retry->max,
		.ref = ref,
		.attempt = e->attempts,
		.now_ms = clock_wall_ms(),
		.told_ms = a->run.channel.told.rate_limit_ms,
	};

	return verdict_decide(v, &c, rec, text);
}

static void
set_wait(const struct agent *a, struct record *rec, enum block_reason why,
         int64_t now_ms, int64_t wait_ms, const char *message)
{
	rec->reason = why;
	rec->until_ms = now_ms + wait_ms;
	rec->until_boot_ns = clock_boot_ns() + wait_ms * CLOCK_NS_PER_MS;
	(void)snprintf(rec->boot, sizeof(rec->boot), "%s", a->boot);
	/* What dooms it is told at its end. */
	if (!rec->doom[0])
		(void)snprintf(rec->message, sizeof(rec->message), "%s",
		               message);
	rec->call = 0;
	rec->on[0] = '\0';
}

/* A full disk: give up the reserve, once; true if it is worth another try. */
static bool
made_room(struct agent *a, int code)
{
	if (code != -ENOSPC && code != -EDQUOT)
		return false;
	a->full_disk = true;
	loop_arm(a->loop, &a->drops_timer, clock_boot_ns() + SAVE_AGAIN_NS,
	         intake_run, a);
	return ballast_release(a->desk) > 0;
}

static enum place
place_of_run(const struct agent *a)
{
	char name[ENTRY_NAME_MAX];

	return sys_exists(a->desk->at[PLACE_SAVING],
	                  entry_format(&a->run.entry, name)) == 1 ?
	               PLACE_SAVING :
	               PLACE_RUNNING;
}

static void
forget_run(struct agent *a)
{
	task_done(&a->run.task);
	free(a->run.missing);
	a->run = (struct attempt){ .channel.fd = -1 };
	keeping_ended(a);
	/* There may be room for more now. */
	if (a->ndrops || a->requests_kept)
		loop_arm(a->loop, &a->drops_timer, 0, intake_run, a);
}

static int
move_on(struct agent *a, const struct move *m, int64_t now_ms)
{
	int r = move_task(a->desk, &a->journal, m, &a->run.entry, now_ms);

	if (r < 0 && made_room(a, r))
		r = move_task(a->desk, &a->journal, m, &a->run.entry, now_ms);
	return r;
}

/* For what its record says by now: false, and the agent stops. */
static bool
to_blocked(struct agent *a, int64_t now_ms)
{
	struct attempt *run = &a->run;
	const char *reason = state_reason_name(run->record.reason);
	struct move m = { .from = place_of_run(a),
		          .to = PLACE_BLOCKED,
		          .reason = reason,
		          .why = run->record.message,
		          .until_ms = run->record.until_ms };
	struct err err;
	int r;

	r = record_write(a->desk, run->entry.id, &run->record);
	if (r < 0 && made_room(a, r))
		r = record_write(a->desk, run->entry.id, &run->record);
	if (r == 0)
		r = move_on(a, &m, now_ms);
	if (r < 0) {
		(void)err_sys(&err, r, "cannot block '%s/%s'", a->desk->name,
		              run->entry.id);
		agent_fail(a, r, &err);
		return false;
	}
	log_info("agent=%s task=%s attempt=%u BLOCKED(%s): %s", a->desk->name,
	         run->entry.id, run->entry.attempts, reason,
	         run->record.message);
	blocked_add(a, &run->entry, &run->record, true);
	return true;
}

static void
block(struct agent *a, enum block_reason why, int64_t wait_ms,
      const char *message)
{
	int64_t now_ms = clock_wall_ms(); /* `until` is told from here on */

	set_wait(a, &a->run.record, why, now_ms, wait_ms, message);
	if (to_blocked(a, now_ms))
		forget_run(a);
}

static int
reclaim(struct agent *a)
{
	struct err err;
	int r = result_reclaim(a->desk, a->run.entry.id);

	if (r < 0) {
		(void)err_sys(&err, r, "cannot take back 'work/%s'",
		              a->run.entry.id);
		agent_fail(a, r, &err);
	}
	return r;
}

bool
closing_waits(struct agent *a)
{
	struct attempt *run = &a->run;
	struct record *rec = &run->record;
	struct calls_wait w;

	if (reclaim(a) < 0)
		return true;
	if (calls_waits_for(a->desk, run->entry.id, &w) <= 0)
		return false;
	rec->reason = w.reason;
	rec->until_ms = w.until_ms;
	rec->until_boot_ns = w.until_boot_ns;
	rec->call = w.call;
	(void)snprintf(rec->boot, sizeof(rec->boot), "%s", w.boot);
	(void)snprintf(rec->on, sizeof(rec->on), "%s", w.on);
	(void)snprintf(rec->message, sizeof(rec->message), "%s", w.message);
	pausing_note(a, SIGN_NONE);
	/* What the worker has called like a claim is none, nor in its way. */
	if (w.reason == BLOCK_QUESTION &&
	    answer_done(a->desk, run->entry.id, w.call) < 0)
		log_warn("agent=%s task=%s 'answer.%u' in its work folder "
		         "cannot be removed",
		         a->desk->name, run->entry.id, w.call);
	if (!to_blocked(a, clock_wall_ms()))
		return true;
	if (w.reason == BLOCK_QUESTION)
		questions_ask(a, run->entry.id);
	if (w.reason == BLOCK_CHILD)
		circles_note(a, run->entry.id);
	forget_run(a);
	return true;
}

static void
ended(struct agent *a)
{
	log_info("agent=%s task=%s attempt=%u ended: %s", a->desk->name,
	         a->run.entry.id, a->run.entry.attempts,
	         a->run.closing_verdict == VERDICT_OK ? "COMPLETED" :
	                                                a->run.closing_message);
	(void)strset_remove(&a->ids, a->run.entry.id);
	forget_run(a);
}

static void save(void *agent);

/* Full: what is staged stays staged, and is saved when there is room. */
static void
save_later(struct agent *a, const struct err *err)
{
	log_warn("agent=%s task=%s %s, retry in 2s", a->desk->name,
	         a->run.entry.id, err->text);
	loop_arm(a->loop, &a->save_timer, clock_boot_ns() + SAVE_AGAIN_NS, save,
	         a);
}

static bool
is_published(const struct agent *a, const char *id)
{
	return sys_exists(a->desk->at[PLACE_OUTBOX], id) != 0 ||
	       sys_exists(a->desk->at[PLACE_FAILED], id) != 0;
}

static void
save(void *agent)
{
	struct agent *a = agent;
	struct attempt *run = &a->run;
	struct err err = { "" };
	struct verdict_next next;
	autostr text = STR_INIT;
	int r = saving_publish(a, &err);

	if (r < 0 && made_room(a, r))
		r = saving_publish(a, &err);
	if (r == 0) {
		ended(a);
		return;
	}
	if (r == -ENOSPC || r == -EDQUOT) {
		save_later(a, &err);
		return;
	}
	/* It has been seen as ended: recovery lets it go, none runs it again. */
	if (is_published(a, run->entry.id)) {
		agent_fail(a, r, &err);
		return;
	}
	/*
	 * After a failed sync the pages may be gone though the next sync says
	 * all is well: what is staged is dead.  Run it again.
	 */
	(void)result_discard(a->desk, run->entry.id);
	str_adds(&text, err.text);
	next = decide(a, &run->entry, &run->task, VERDICT_CANNOT_SAVE,
	              &run->record, &text);
	block(a, next.reason, next.wait_ms, str_text(&text));
}

static void
begin_save(struct agent *a, enum verdict v, const char *message)
{
	struct move m = { .from = PLACE_RUNNING,
		          .to = PLACE_SAVING,
		          .reason = "saving",
		          .why = "its worker has ended" };
	struct err err;
	int r;

	a->run.closing_verdict = v;
	(void)snprintf(a->run.closing_message, sizeof(a->run.closing_message),
	               "%s", message);
	r = move_on(a, &m, clock_wall_ms());
	if (r < 0) {
		(void)err_sys(&err, r, "cannot save '%s/%s'", a->desk->name,
		              a->run.entry.id);
		agent_fail(a, r, &err);
		return;
	}
	saving_show(a, PHASE_SAVING);
	save(a);
}

void
closing_after_worker(struct agent *a, enum verdict v, const char *message)
{
	struct attempt *run = &a->run;
	struct verdict_next next;
	autostr text = STR_INIT;
	struct err err;
	int r;

	if (reclaim(a) < 0)
		return;
	if (message)
		str_adds(&text, message);
	else
		verdict_say(v, run->facts.end.exit, run->facts.end.signal,
		            &text);
	r = told_judge(a, &v, &text);
	if (r < 0 && made_room(a, r))
		r = told_judge(a, &v, &text);
	if (r < 0) {
		(void)err_sys(&err, r, "cannot keep the words for '%s'",
		              run->entry.id);
		agent_fail(a, r, &err);
		return;
	}
	if (v == VERDICT_CANNOT_START)
		a->hold_until_ns = clock_boot_ns() + START_HOLD_NS;
	pausing_note(a, verdict_sign(v));
	next = decide(a, &run->entry, &run->task, v, &run->record, &text);
	if (next.action == ACT_BLOCK)
		block(a, next.reason, next.wait_ms, str_text(&text));
	else
		begin_save(a, v, str_text(&text));
}

int
closing_withdraw(struct agent *a, enum place from, const struct entry *e,
                 const char *reason, const char *message)
{
	struct ending end = { .outcome = OUT_WITHDRAWN,
		              .reason = reason,
		              .message = message,
		              .exit = -1,
		              .ended_ms = clock_wall_ms() };
	autotask t = TASK_INIT;
	autocascade children = CASCADE_INIT;
	struct record rec;
	struct err err = { "" };
	char name[ENTRY_NAME_MAX];
	int r;

	record_read(a->desk, e->id, &rec);
	r = record_origin(a->desk, from, e, &rec, &end.uid, &end.admitted_ms);
	end.children = &children;
	/* Whoever takes its place calls what he needs himself. */
	if (r == 0 && (strcmp(reason, "cancelled") == 0 ||
	               strcmp(reason, "superseded") == 0))
		r = cascade_cancel(a->desk, e->id, &children, &err);
	if (r == 0) {
		/* Unreadable is no obstacle: it goes as it is. */
		if (task_open(a->desk->at[from], entry_format(e, name), &t,
		              NULL) < 0)
			task_default(&t);
		r = result_stage_anyway(a->desk, from, e, &t, &end,
		                        clock_wall_ms(), &err);
	}
	if (r == 0)
		r = result_sync(a->desk, e->id, &err);
	if (r == 0)
		r = result_publish(a->desk, &a->journal, from, e,
		                   clock_wall_ms(), &err);
	if (r < 0 && made_room(a, r))
		return closing_withdraw(a, from, e, reason, message);
	if (r < 0 && is_published(a, e->id)) {
		/* Seen as WITHDRAWN: it must not run; recovery lets it go. */
		agent_fail(a, r, &err);
		return r;
	}
	if (r < 0) {
		log_warn("agent=%s task=%s cannot be withdrawn: %s",
		         a->desk->name, e->id,
		         err.text[0] ? err.text : err_name(r));
		return r;
	}
	(void)strset_remove(&a->ids, e->id);
	keeping_ended(a);
	log_info("agent=%s task=%s WITHDRAWN(%s): %s", a->desk->name, e->id,
	         reason, message);
	return 0;
}

static bool
is_cancelled(const struct agent *a, const char *id)
{
	autofree char *name = mem_printf("cancel.%s", id);

	return sys_exists(a->desk->at[PLACE_REQUESTS], name) == 1;
}

int
closing_policy(void *agent, const struct entry *e, struct record *rec)
{
	struct agent *a = agent;
	autostr text = STR_INIT;
	struct verdict_next next;

	str_adds(&text, "its agent died while it ran");
	next = decide(a, e, NULL, VERDICT_CRASHED, rec, &text);
	if (next.action != ACT_BLOCK && !is_cancelled(a, e->id)) {
		(void)snprintf(rec->message, sizeof(rec->message),
		               "its worker or agent died under it %lld "
		               "time%s, the last in attempt %u",
		               (long long)rec->crashes,
		               rec->crashes == 1 ? "" : "s", e->attempts);
		return 1;
	}
	/* It is to be cancelled, with all that it has called: not here. */
	if (next.action != ACT_BLOCK)
		next = (struct verdict_next){ ACT_BLOCK, BLOCK_CRASHED, 0 };
	set_wait(a, rec, next.reason, clock_wall_ms(), next.wait_ms,
	         str_text(&text));
	return 0;
}

/*
 * Answers that were claimed: recorded for the task, or rejected.
 */
#include "agent/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/answer.h"
#include "spool/calls.h"
#include "spool/question.h"

void
claims_refused(struct agent *a, const char *name, const char *id,
               const char *why, int r, const struct err *err)
{
	autofree char *shown = name_show(name);
	struct journal_line line = JOURNAL_LINE;

	if (r < 0 && r != -ENOENT)
		log_warn("agent=%s answer=%s %s", a->desk->name, shown,
		         err->text);
	if (r < 0)
		return;
	line.ev = "reject";
	line.id = id ? id : shown;
	line.reason = "answer";
	questions_note(a, &line, why, strlen(why));
	log_info("agent=%s answer=%s rejected: %s", a->desk->name, shown, why);
}

void
claims_accepted(struct agent *a, const char *id, int64_t n, const char *reason,
                const struct str *text, int64_t uid)
{
	struct journal_line line = JOURNAL_LINE;

	if (answer_done(a->desk, id, n) < 0)
		log_warn("agent=%s task=%s a claimed answer cannot be removed",
		         a->desk->name, id);
	line.ev = "answer";
	line.id = id;
	line.reason = reason;
	line.uid = uid;
	questions_note(a, &line, str_text(text), text->len);
	log_info("agent=%s task=%s is answered (%s)", a->desk->name, id,
	         reason);
}

/* The claim is no answer: to rejected/, and the question stands. */
static void
reject_claim(struct agent *a, const char *id, int64_t n, const char *as,
             const struct err *why)
{
	struct err err = { "" };
	int r = answer_reject(a->desk, id, n, as, why->text, &err);

	claims_refused(a, as, id, why->text, r, &err);
	if (r < 0 && r != -ENOENT)
		a->answers_kept = true;
}

/* The disk does not allow it now. */
static void
keep(struct agent *a, const char *id, int r)
{
	a->answers_kept = true;
	log_warn("agent=%s task=%s its answer cannot be recorded: %s, retry in "
	         "2s",
	         a->desk->name, id, err_name(r));
}

/* The agent itself has asked, for a PENDING task. */
static void
take_for_agent(struct agent *a, const char *id, const char *as,
               const struct str *text, int64_t uid)
{
	struct err err;
	int r = waits_answered(a, id, str_text(text));

	if (r == -ENOENT) {
		(void)err_set(&err, r, "'%s' asks nothing any more", id);
		reject_claim(a, id, 0, as, &err);
	} else if (r < 0) {
		keep(a, id, r);
	} else {
		claims_accepted(a, id, 0, "answered", text, uid);
	}
}

void
claims_take(struct agent *a, const char *id, int64_t n, const char *as)
{
	autoquestion q = { 0 };
	autostr text = STR_INIT;
	struct err err = { "" };
	int64_t uid = -1;
	int r = answer_read(a->desk, id, n, &text, &uid, &err);

	if (r == 0) {
		(void)err_set(&err, 0, "what it answers cannot be read");
		r = n ? question_of_call(a->desk, id, (unsigned)n, &q) :
		        question_read(a->desk, id, &q, NULL);
	}
	if (r == 0)
		r = question_accepts(&q, str_text(&text), text.len, &text.len,
		                     &err);
	if (r < 0 && err_class(r) == ERR_REJECT) {
		reject_claim(a, id, n, as, &err);
		return;
	}
	if (r == 0 && text.data)
		text.data[text.len] = '\0';
	if (r == 0 && n == 0) {
		take_for_agent(a, id, as, &text, uid);
		return;
	}
	if (r == 0)
		r = calls_answer(a->desk, id, (unsigned)n, str_text(&text),
		                 text.len);
	if (r < 0 && r != -EEXIST) {
		keep(a, id, r);
		return;
	}
	claims_accepted(a, id, n, "answered", &text, uid);
	(void)blocked_unblock(a, id, "it was answered");
}

/* What an earlier failure, or a crash, has left of an answer to this one. */
static void
finish(struct agent *a, const struct blocked *b)
{
	autofree char *id = mem_dup(b->id);
	autofree char *claim = mem_printf("%s/answer.%u", id, b->call);
	autofree char *as = mem_printf("%s.%u", id, b->call);

	if (calls_answered(a->desk, id, b->call)) {
		/* Not synced, perhaps: that comes before anything else. */
		int r = calls_answer(a->desk, id, b->call, "", 0);

		if (r < 0 && r != -EEXIST) {
			keep(a, id, r);
			return;
		}
		(void)answer_done(a->desk, id, b->call);
		(void)blocked_unblock(a, id, "it was answered");
	} else if (sys_exists(a->desk->at[PLACE_WORK], claim) == 1) {
		claims_take(a, id, b->call, as);
	}
}

void
claims_finish_own(struct agent *a, const char *id)
{
	autofree char *claim = mem_printf("%s/answer.0", id);
	autofree char *as = mem_printf("%s.0", id);
	autoquestion q = { 0 };
	struct stat st;

	if (sys_stat(a->desk->at[PLACE_WORK], claim, &st) < 0 ||
	    question_read(a->desk, id, &q, NULL) < 0)
		return;
	if ((int64_t)st.st_ctim.tv_sec * 1000 +
	            st.st_ctim.tv_nsec / CLOCK_NS_PER_MS <
	    q.asked_ms)
		(void)answer_done(a->desk, id, 0);
	else
		claims_take(a, id, 0, as);
}

void
claims_finish(struct agent *a)
{
	size_t n;
	autofree struct blocked **all = questions_list(a, &n);

	a->answers_kept = false;
	for (size_t i = 0; i < n; i++)
		finish(a, all[i]);
}

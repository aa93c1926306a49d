/*
 * What becomes of a PENDING task whose inputs are late, or will never come.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/question.h"
#include "spool/record.h"

static const enum missing_act late_acts[] = {
	[LATE_FAIL] = MISSING_LATE,
	[LATE_ASK] = MISSING_ASK,
	[LATE_RUN] = MISSING_WITHOUT,
};

enum missing_act
missing_decide(const struct waiting *w, const struct task *t,
               const struct inputs *look, int64_t now_ms, int64_t *until_ms)
{
	int policy = t->on_dependency_failure;
	int64_t end_ms = w->since_ms + t->input_timeout_ms;

	*until_ms = 0;
	if (w->without || (!look->waiting && !look->failed))
		return MISSING_GO;
	if (look->failed && policy == DEP_SKIP)
		return MISSING_FAILED;
	if (look->failed && policy == DEP_FALLBACK && !look->waiting)
		return MISSING_WITHOUT;
	if (t->input_timeout_ms && end_ms <= now_ms)
		return late_acts[t->on_input_timeout];
	if (t->input_timeout_ms)
		*until_ms = end_ms;
	/* Of what failed before somebody said "wait" he knew. */
	if (look->failed && policy == DEP_ASK &&
	    look->failed_ms >= w->answered_ms)
		return MISSING_ASK;
	return MISSING_WAIT;
}

char *
missing_words(const struct inputs *look)
{
	const struct str *first = look->failed ? &look->fail : &look->wait;
	size_t n = look->waiting + look->failed;

	return n > 1 ? mem_printf("%s, and %zu more", str_text(first), n - 1) :
	               mem_dup(str_text(first));
}

static void
tell(struct agent *a, const struct entry *e, const char *question)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "ask";
	line.entry = e;
	line.why = question;
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_info("agent=%s task=%s asks: %s", a->desk->name, e->id, question);
}

int
missing_ask(struct agent *a, struct waiting *w, const struct task *t,
            const struct inputs *look)
{
	static char run[] = "run", on[] = "wait", fail[] = "fail";
	char *options[] = { run, on, fail, NULL };
	autofree char *words = missing_words(look);
	autofree char *text = NULL;
	struct question q = { .options = options, .asked_ms = clock_wall_ms() };
	char limit[CLOCK_TEXT_MAX];
	int r;

	if (w->asked)
		return 0;
	text = mem_printf("%s/%s is PENDING: %s%s%s%s.  Run it without what is "
	                  "missing, wait on, or let it fail?",
	                  a->desk->name, w->entry.id, look->failed ? "" : "it ",
	                  words, look->failed ? "" : ", longer than ",
	                  look->failed ? "" :
	                                 clock_format_duration(
						 t->input_timeout_ms, limit));
	q.text = text;
	r = question_publish(a->desk, w->entry.id, &q);
	w->asked = r == 0;
	if (r == 0)
		tell(a, &w->entry, text);
	return r;
}

int
missing_unask(struct agent *a, struct waiting *w)
{
	int r = w->asked ? question_withdraw(a->desk, w->entry.id) : 0;

	if (r == 0 || r == -ENOENT)
		w->asked = false;
	return r == -ENOENT ? 0 : r;
}

int
missing_run_without(struct agent *a, struct waiting *w)
{
	struct record rec;
	int r;

	record_read(a->desk, w->entry.id, &rec);
	rec.without_inputs = true;
	r = record_write(a->desk, w->entry.id, &rec);
	if (r == 0)
		w->without = true;
	return r;
}

/* From now on, and no question about what is known by now. */
static int
wait_on(struct agent *a, struct waiting *w)
{
	struct record rec;
	int r;

	record_read(a->desk, w->entry.id, &rec);
	rec.waits_since_ms = clock_wall_ms();
	r = record_write(a->desk, w->entry.id, &rec);
	if (r == 0)
		w->since_ms = w->answered_ms = rec.waits_since_ms;
	return r;
}

int
missing_take_answer(struct agent *a, struct waiting *w)
{
	int r = 0;

	if (w->answer == MISSING_ANSWER_RUN)
		r = missing_run_without(a, w);
	else if (w->answer == MISSING_ANSWER_WAIT)
		r = wait_on(a, w);
	if (r == 0 && w->answer != MISSING_ANSWER_FAIL)
		w->answer = MISSING_ANSWER_NONE;
	return r;
}

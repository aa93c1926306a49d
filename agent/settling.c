/*
 * One look at a PENDING task: is it READY, or withdrawn, or asked about, or
 * until when does it wait?
 */
#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/inputs.h"

/* Older ones whose place this one takes, as long as they do not run. */
static int
supersede(struct agent *a, const struct entry *e, const struct task *t)
{
	autofree char *why =
		mem_printf("%s/%s took its place", a->desk->name, e->id);

	for (char **p = t->supersedes; p && *p; p++) {
		enum place place;
		struct entry old;
		int r;

		if (!waits_find(a, *p, &old, &place) || old.seq >= e->seq)
			continue;
		r = closing_withdraw(a, place, &old, "superseded", why);
		if (r < 0)
			return r;
		waits_forget(a, *p);
	}
	return 0;
}

/* When to look at it again besides when something comes; 0: no need. */
static void
set_due(struct agent *a, struct waiting *w, int64_t until_ms,
        int64_t recheck_ns)
{
	int64_t now_ns = clock_boot_ns();
	int64_t when_ns = recheck_ns ? recheck_ns : DUES_NEVER;

	w->until_ms = until_ms;
	if (until_ms) {
		/* A little late rather than a little early. */
		int64_t left_ms = until_ms - clock_wall_ms() + 1;
		int64_t due_ns = now_ns + left_ms * CLOCK_NS_PER_MS;

		when_ns = due_ns < when_ns ? due_ns : when_ns;
	}
	if (when_ns <= now_ns)
		when_ns = now_ns + CLOCK_NS_PER_MS;
	dues_set(&a->waiting_dues, &w->due, when_ns);
}

static bool
withdraw(struct agent *a, struct waiting *w, const char *reason,
         const char *why)
{
	if (closing_withdraw(a, PLACE_PENDING, &w->entry, reason, why) == 0)
		return true;
	a->unsettled = true;
	return false;
}

/* Somebody who was asked said: let it fail. */
static bool
withdraw_answered(struct agent *a, struct waiting *w, const struct inputs *look)
{
	autofree char *words = missing_words(look);
	autofree char *why =
		mem_printf("it was answered that it shall fail: %s", words);

	return withdraw(a, w,
	                look->failed ? "dependency_failed" : "input_timeout",
	                why);
}

/* Its inputs were not there in time. */
static bool
withdraw_late(struct agent *a, struct waiting *w, const struct task *t,
              const struct inputs *look)
{
	autofree char *words = missing_words(look);
	char limit[CLOCK_TEXT_MAX];
	autofree char *why = mem_printf(
		"its input_timeout of %s is over: %s",
		clock_format_duration(t->input_timeout_ms, limit), words);

	return withdraw(a, w, "input_timeout", why);
}

/* All is there, or it may run without: READY, when its time has come. */
static bool
go(struct agent *a, struct waiting *w, const struct task *t,
   const struct inputs *look)
{
	autofree char *words = missing_words(look);
	autofree char *without = mem_printf("it runs without: %s", words);

	if (t->not_before_ms > clock_wall_ms()) {
		set_due(a, w, t->not_before_ms, 0);
		return false;
	}
	return waits_make_ready(a, PLACE_PENDING, &w->entry,
	                        look->waiting || look->failed ? without :
	                        t->after || t->inputs ? "all inputs are there" :
	                        t->not_before_ms      ? "its time has come" :
	                                                "it waits for nothing");
}

/* What is written down before it is done: the question, or "without". */
static int
note(struct agent *a, struct waiting *w, const struct task *t,
     const struct inputs *look, enum missing_act act)
{
	switch (act) {
	case MISSING_ASK:
		return missing_ask(a, w, t, look);
	case MISSING_WITHOUT:
		return missing_run_without(a, w);
	case MISSING_WAIT:
	case MISSING_GO:
		return missing_unask(a, w);
	case MISSING_LATE:
	case MISSING_FAILED:
		break;
	}
	return 0;
}

/* True: it is not PENDING any more; else it waits on. */
static bool
act_on(struct agent *a, struct waiting *w, const struct task *t,
       const struct inputs *look)
{
	int64_t until_ms;
	enum missing_act act;
	int r;

	if (w->answer == MISSING_ANSWER_FAIL)
		return withdraw_answered(a, w, look);
	act = missing_decide(w, t, look, clock_wall_ms(), &until_ms);
	r = note(a, w, t, look, act);
	if (r < 0) {
		a->unsettled = true;
		log_warn("agent=%s task=%s cannot note what it waits for: %s; "
		         "tried again at the next rescan",
		         a->desk->name, w->entry.id, err_name(r));
		return false;
	}
	if (act == MISSING_GO || act == MISSING_WITHOUT)
		return go(a, w, t, look);
	if (act == MISSING_LATE)
		return withdraw_late(a, w, t, look);
	if (act == MISSING_FAILED)
		return withdraw(a, w, "dependency_failed",
		                str_text(&look->fail));
	set_due(a, w, until_ms, look->recheck_ns);
	return false;
}

bool
settling_look(struct agent *a, struct waiting *w, const struct task *t)
{
	autoinputs look = {
		.now_ns = clock_boot_ns(),
		.settle_ns = a->config->settle_ms * CLOCK_NS_PER_MS,
		.files = w->settles,
	};
	int r;

	dues_set(&a->waiting_dues, &w->due, DUES_NEVER);
	w->until_ms = 0;
	/* First of all: once it is READY nobody looks at this again. */
	if (supersede(a, &w->entry, t) < 0) {
		a->unsettled = true;
		return false;
	}
	r = inputs_look(a->spool, t, &look);
	if (r == 0)
		return act_on(a, w, t, &look);
	a->unsettled = true;
	log_warn("agent=%s task=%s cannot look at its inputs: %s",
	         a->desk->name, w->entry.id, err_name(r));
	return false;
}

/*
 * What is dropped into answers/: looked at until it is whole, and claimed for
 * the question it answers.
 */
#include "agent/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/answer.h"
#include "spool/find.h"

#define AT_ONCE    64 /* answers before other events get a turn */
#define ANY_NUMBER (-1)

/* For which question is it? */
struct target {
	char id[NAME_LONGEST + 1];
	int64_t wanted; /* by its name; ANY_NUMBER */
	int64_t open;   /* of the task; ANY_NUMBER: it asks nothing */
};

static void
arm(struct agent *a, int64_t due_ns)
{
	loop_arm(a->loop, &a->answers_timer, due_ns, answers_run, a);
}

/* Reject one that was not claimed: true if it is dealt with. */
static bool
turn_away(struct agent *a, const struct drop *drop, const char *id,
          const char *why)
{
	struct err err = { "" };
	int r = inbox_reject(a->desk, PLACE_ANSWERS, drop->name, drop->name,
	                     why, &err);

	if (r == -EACCES || r == -EPERM) {
		/* Another user's directory: it can only be renamed in place. */
		autofree char *hidden = mem_printf(".refused-%s", drop->name);
		int answers = a->desk->at[PLACE_ANSWERS];

		r = sys_rename(answers, drop->name, answers, hidden);
	}
	claims_refused(a, drop->name, id, why, r, &err);
	return r == 0 || r == -ENOENT;
}

/* An id may hold dots: the exact one wins.  False: there is no such task. */
static bool
find_target(const struct agent *a, const char *name, struct target *t)
{
	const struct blocked *b;
	struct answer_name parsed;

	*t = (struct target){ .wanted = ANY_NUMBER, .open = ANY_NUMBER };
	if (name_ok(name) && strset_has(&a->ids, name)) {
		(void)snprintf(t->id, sizeof(t->id), "%s", name);
	} else if (answer_parse(name, &parsed) == 0 &&
	           strset_has(&a->ids, parsed.id)) {
		(void)snprintf(t->id, sizeof(t->id), "%s", parsed.id);
		t->wanted = parsed.number;
	} else {
		return false;
	}
	b = blocklist_find(&a->blocked, t->id);
	if (b && b->reason == BLOCK_QUESTION)
		t->open = b->call;
	else if (!b && questions_is_asked(a, t->id))
		t->open = 0;
	return true;
}

/* What replaces another came now, and answers what is asked now. */
static void
note_arrival(const struct agent *a, struct answer_seen *seen)
{
	struct target t;
	struct stat st;

	if (sys_stat(a->desk->at[PLACE_ANSWERS], seen->drop.name, &st) < 0 ||
	    (seen->file && seen->file == st.st_ino))
		return;
	(void)find_target(a, seen->drop.name, &t);
	seen->file = st.st_ino;
	seen->open = t.open;
}

void
answers_seen(struct agent *a, const char *name)
{
	struct answer_seen *seen = NULL;

	if (name_is_private(name))
		return;
	if (strset_add(&a->answer_names, name)) {
		mem_room(&a->answers, a->nanswers, &a->answers_cap,
		         sizeof(*a->answers));
		seen = &a->answers[a->nanswers++];
		*seen = (struct answer_seen){ .drop.name = mem_dup(name),
			                      .open = ANY_NUMBER };
	}
	for (size_t i = a->nanswers; i-- > 0 && !seen;)
		if (strcmp(a->answers[i].drop.name, name) == 0)
			seen = &a->answers[i];
	if (seen) {
		seen->drop.settle.recheck_ns = 0;
		note_arrival(a, seen);
	}
	arm(a, 0);
}

void
answers_scan(struct agent *a)
{
	char **names = NULL;
	int r = find_list(a->desk, PLACE_ANSWERS, &names);

	if (r < 0)
		log_warn("agent=%s cannot read answers: %s", a->desk->name,
		         err_name(r));
	for (char **p = names; r == 0 && *p; p++)
		if (!strset_has(&a->answer_names, *p))
			answers_seen(a, *p);
	keys_free_list(names);
	questions_tidy(a);
	if (a->answers_kept)
		arm(a, clock_boot_ns() + ANSWERS_AGAIN_NS);
}

/* Why nothing can be answered so. */
static char *
explain(const struct agent *a, const char *name, const struct target *t)
{
	autofree char *shown = name_show(name);
	struct answer_name parsed = { "", ANY_NUMBER };
	struct found f = { 0 };
	const char *id = name;

	if (t->id[0] && t->open != ANY_NUMBER && t->wanted == ANY_NUMBER)
		return mem_printf("it came before question %" PRId64
		                  " of '%s' was asked, and so is no answer "
		                  "to that; read what is asked: spoolhand "
		                  "questions %s",
		                  t->open, t->id, a->desk->name);
	if (t->id[0] && t->open != ANY_NUMBER)
		return mem_printf("question %" PRId64
		                  " of '%s' is not the one that is "
		                  "asked, which is number %" PRId64,
		                  t->wanted, t->id, t->open);
	if (t->id[0])
		id = t->id;
	else if (answer_parse(name, &parsed) == 0)
		id = parsed.id;
	if (!name_ok(id) || find_task(a->desk, id, &f) < 0)
		return mem_printf("there is no task '%s'; what is asked: "
		                  "spoolhand questions %s",
		                  shown, a->desk->name);
	return mem_printf("'%s' is %s and asks nothing; what is asked: "
	                  "spoolhand questions %s",
	                  id,
	                  desk_place_state(f.place) ?
	                          state_name(desk_place_state(f.place)) :
	                          "DROPPED",
	                  a->desk->name);
}

/* Nobody's: but an editor may be about to take it away again. */
static bool
look_at_stray(struct agent *a, struct drop *drop, const struct target *t,
              int64_t now_ns)
{
	autofree char *why = NULL;
	struct stat st;

	if (sys_stat(a->desk->at[PLACE_ANSWERS], drop->name, &st) < 0)
		return true;
	if (!settle_quiet(&drop->settle, settle_print(1, &st), now_ns,
	                  a->config->settle_ms * CLOCK_NS_PER_MS))
		return false;
	why = explain(a, drop->name, t);
	if (turn_away(a, drop, t->id[0] ? t->id : NULL, why))
		return true;
	drop->settle.recheck_ns = now_ns + ANSWERS_AGAIN_NS;
	return false;
}

/* Without a number, it is for what was asked when it came. */
static bool
is_for(const struct answer_seen *seen, const struct target *t)
{
	int64_t wanted = t->wanted == ANY_NUMBER ? seen->open : t->wanted;

	return t->open != ANY_NUMBER && t->open == wanted;
}

/* One look at one answer: true if it is dealt with. */
static bool
look_at(struct agent *a, struct answer_seen *seen, int64_t now_ns)
{
	struct drop *drop = &seen->drop;
	struct err err = { "" };
	struct target t;
	int r;

	note_arrival(a, seen);
	if (!find_target(a, drop->name, &t) || !is_for(seen, &t))
		return look_at_stray(a, drop, &t, now_ns);
	r = answer_claim(a->desk, drop, t.id, t.open, now_ns,
	                 a->config->settle_ms * CLOCK_NS_PER_MS, &err);
	if (r == 0)
		return false;
	if (r == 1)
		claims_take(a, t.id, t.open, drop->name);
	if (r == 1 || r == -ENOENT)
		return true;
	if (r == -EEXIST && t.open == 0)
		claims_finish_own(a, t.id);
	else if (r == -EEXIST)
		a->answers_kept = true; /* the claim comes first */
	if (err_class(r) == ERR_REJECT && r != -EEXIST) {
		if (!err.text[0])
			(void)err_sys(&err, r, "it cannot be taken");
		if (turn_away(a, drop, t.id, err.text))
			return true;
	} else if (r != -EEXIST) {
		log_warn("agent=%s task=%s its answer cannot be taken: %s, "
		         "retry in 2s",
		         a->desk->name, t.id, err_name(r));
		/* It may have been claimed, but not synced. */
		a->answers_kept = true;
	}
	drop->settle.recheck_ns = now_ns + ANSWERS_AGAIN_NS;
	return false;
}

/* All whose time has come, `at_once` at most; when to look again. */
static int64_t
run(struct agent *a, size_t at_once)
{
	int64_t now_ns = clock_boot_ns(), next = INT64_MAX;
	size_t kept = 0, done = 0;

	if (a->answers_kept)
		claims_finish(a);
	for (size_t i = 0; i < a->nanswers; i++) {
		struct answer_seen *seen = &a->answers[i];
		struct drop *drop = &seen->drop;

		if (done < at_once && drop->settle.recheck_ns <= now_ns &&
		    look_at(a, seen, now_ns)) {
			(void)strset_remove(&a->answer_names, drop->name);
			free(drop->name);
			done++;
			continue;
		}
		if (drop->settle.recheck_ns < next)
			next = drop->settle.recheck_ns;
		a->answers[kept++] = *seen;
	}
	a->nanswers = kept;
	if (a->answers_kept && next > now_ns + ANSWERS_AGAIN_NS)
		next = now_ns + ANSWERS_AGAIN_NS;
	return next;
}

void
answers_run(void *agent)
{
	struct agent *a = agent;
	int64_t next = run(a, AT_ONCE);

	if (next < INT64_MAX)
		arm(a, next);
}

void
answers_recover(struct agent *a)
{
	int64_t next;

	claims_finish(a);
	answers_scan(a);
	/* What came in time counts, before any deadline does: all of it. */
	next = run(a, SIZE_MAX);
	if (next < INT64_MAX)
		arm(a, next);
}

void
answers_done(struct agent *a)
{
	for (size_t i = 0; i < a->nanswers; i++)
		free(a->answers[i].drop.name);
	free(a->answers);
	strset_done(&a->answer_names);
}

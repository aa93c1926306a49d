/*
 * PENDING tasks: they wait for inputs, then become READY.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/fileinput.h"
#include "spool/inputs.h"
#include "spool/move.h"
#include "spool/record.h"

#define AT_ONCE 128 /* whose time has come, before others get a turn */

void
waits_vanished(struct agent *a, const struct entry *e)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "recover";
	line.entry = e;
	line.to = "GONE";
	line.why = "its entry is not where it was";
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_warn("agent=%s task=%s was removed by somebody", a->desk->name,
	         e->id);
	(void)strset_remove(&a->ids, e->id);
}

bool
waits_make_ready(struct agent *a, enum place from, struct entry *e,
                 const char *why)
{
	struct move m = { .from = from, .to = PLACE_READY, .why = why };
	int r = move_task(a->desk, &a->journal, &m, e, clock_wall_ms());

	if (r == -ENOENT) {
		waits_vanished(a, e);
		return true;
	}
	if (r < 0) {
		a->unsettled = true;
		log_warn("agent=%s task=%s cannot become READY: %s; tried "
		         "again at the next rescan",
		         a->desk->name, e->id, err_name(r));
		return false;
	}
	queue_push(&a->ready, e);
	return true;
}

static void
drop_waiting(struct agent *a, struct waiting *w)
{
	struct waiting *last = a->waiting[--a->nwaiting];

	a->waiting[w->index] = last;
	last->index = w->index;
	dues_set(&a->waiting_dues, &w->due, DUES_NEVER);
	(void)missing_unask(a, w);
	folders_forget(a, w);
	keys_free_list(w->refs);
	free(w->settles);
	free(w);
}

static void on_due(void *agent);

static void
arm(struct agent *a)
{
	const struct due *first = dues_first(&a->waiting_dues);

	if (first)
		loop_arm(a->loop, &a->waits_timer, first->when_ns, on_due, a);
	else
		loop_clear(a->loop, &a->waits_timer);
}

/* What of it is asked for again and again, taken from its files once. */
static struct waiting *
new_waiting(struct agent *a, const struct entry *e, const struct task *t)
{
	struct waiting *w = mem_new(1, sizeof(*w));
	struct record rec;
	int64_t uid;

	w->entry = *e;
	w->refs = inputs_refs(t);
	record_read(a->desk, e->id, &rec);
	w->without = rec.without_inputs;
	w->answered_ms = w->since_ms = rec.waits_since_ms;
	if (!w->since_ms && record_origin(a->desk, PLACE_PENDING, e, &rec, &uid,
	                                  &w->since_ms) < 0)
		w->since_ms = clock_wall_ms();
	w->asked = sys_exists(a->desk->at[PLACE_QUESTIONS], e->id) == 1;
	for (size_t i = 0; t->inputs && t->inputs[i]; i++) {
		if (!fileinput_is(t->inputs[i]))
			continue;
		if (!w->settles)
			w->settles = mem_new(keys_count(t->inputs),
			                     sizeof(*w->settles));
		w->files =
			mem_resize(w->files, w->nfiles + 1, sizeof(*w->files));
		w->files[w->nfiles++] = (struct awaited){ mem_dup(t->inputs[i]),
			                                  FOLDERS_NONE, NULL };
	}
	return w;
}

void
waits_add_pending(struct agent *a, const struct entry *e, const struct task *t)
{
	struct waiting *w = new_waiting(a, e, t);

	mem_room(&a->waiting, a->nwaiting, &a->waiting_cap,
	         sizeof(struct waiting *));
	w->index = a->nwaiting;
	a->waiting[a->nwaiting++] = w;
	/* Watch before looking: what comes in between is seen. */
	foreign_know(a, w->refs);
	folders_know(a, w);
	if (settling_look(a, w, t))
		drop_waiting(a, w);
	arm(a);
}

void
waits_look(struct agent *a, struct waiting *w)
{
	char name[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;
	struct err err;
	int r = task_open(a->desk->at[PLACE_PENDING],
	                  entry_format(&w->entry, name), &t, &err);

	if (r == -ENOENT) {
		waits_vanished(a, &w->entry);
		drop_waiting(a, w);
	} else if (r < 0) {
		a->unsettled = true;
		log_warn("agent=%s task=%s cannot be read: %s", a->desk->name,
		         w->entry.id, err.text);
	} else {
		folders_know(a, w);
		if (settling_look(a, w, &t))
			drop_waiting(a, w);
	}
	arm(a);
}

static void
on_due(void *agent)
{
	struct agent *a = agent;
	int64_t now_ns = clock_boot_ns();
	struct due *due;

	for (int i = 0; i < AT_ONCE && (due = dues_first(&a->waiting_dues)) &&
	                due->when_ns <= now_ns;
	     i++) {
		dues_set(&a->waiting_dues, due, DUES_NEVER);
		waits_look(a, (struct waiting *)due);
	}
	arm(a);
}

static bool
waits_for(const struct waiting *w, const char *ref)
{
	for (char **p = w->refs; *p; p++)
		if (strcmp(*p, ref) == 0)
			return true;
	return false;
}

void
waits_result_of(struct agent *a, const char *other, const char *id)
{
	autofree char *ref = mem_printf("%s/%s", other, id);

	for (size_t i = 0; i < a->nwaiting;) {
		struct waiting *w = a->waiting[i];

		if (waits_for(w, ref))
			waits_look(a, w);
		if (i < a->nwaiting && a->waiting[i] == w)
			i++;
	}
}

void
waits_recheck(struct agent *a, bool all)
{
	int64_t now_ms = clock_wall_ms();

	if (!a->nwaiting)
		return;
	all |= foreign_anything_new(a) || a->unsettled;
	a->unsettled = false;
	for (size_t i = 0; i < a->nwaiting;) {
		struct waiting *w = a->waiting[i];

		/* The wall clock may have been set. */
		if (all || w->nfiles || (w->until_ms && w->until_ms <= now_ms))
			waits_look(a, w);
		if (i < a->nwaiting && a->waiting[i] == w)
			i++;
	}
}

/* NULL: it is not PENDING. */
static struct waiting *
find_waiting(const struct agent *a, const char *id)
{
	for (size_t i = 0; i < a->nwaiting; i++)
		if (strcmp(a->waiting[i]->entry.id, id) == 0)
			return a->waiting[i];
	return NULL;
}

int
waits_answered(struct agent *a, const char *id, const char *answer)
{
	struct waiting *w = find_waiting(a, id);
	int r;

	if (!w || !w->asked)
		return -ENOENT;
	w->answer = strcmp(answer, "run") == 0  ? MISSING_ANSWER_RUN :
	            strcmp(answer, "wait") == 0 ? MISSING_ANSWER_WAIT :
	                                          MISSING_ANSWER_FAIL;
	r = missing_take_answer(a, w);
	if (r < 0)
		w->answer = MISSING_ANSWER_NONE;
	else
		waits_look(a, w);
	return r;
}

bool
waits_find(const struct agent *a, const char *id, struct entry *e,
           enum place *place)
{
	const struct waiting *w = find_waiting(a, id);

	*place = PLACE_PENDING;
	if (w) {
		*e = w->entry;
		return true;
	}
	*place = PLACE_BLOCKED;
	if (blocked_find(a, id, e))
		return true;
	*place = PLACE_READY;
	return queue_find(&a->ready, id, e);
}

void
waits_forget(struct agent *a, const char *id)
{
	struct waiting *w = find_waiting(a, id);
	struct entry e;

	if (w)
		drop_waiting(a, w);
	blocked_forget(a, id);
	if (queue_find(&a->ready, id, &e))
		(void)queue_remove(&a->ready, &e);
}

void
waits_done(struct agent *a)
{
	while (a->nwaiting) {
		/* What it asks stays asked. */
		a->waiting[a->nwaiting - 1]->asked = false;
		drop_waiting(a, a->waiting[a->nwaiting - 1]);
	}
	free(a->waiting);
	dues_done(&a->waiting_dues);
}

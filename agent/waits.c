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
#include "spool/inputs.h"
#include "spool/move.h"

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

/* 1: it is not PENDING any more; 0: it waits on. */
static int
settle(struct agent *a, struct entry *e, const struct task *t)
{
	autostr why = STR_INIT;
	int v = inputs_check(a->spool, t, &why);

	if (v < 0) {
		a->unsettled = true;
		log_warn("agent=%s task=%s cannot look at its inputs: %s",
		         a->desk->name, e->id, err_name(v));
		return 0;
	}
	if (v == INPUTS_WAIT)
		return 0;
	if (v == INPUTS_READY)
		return waits_make_ready(a, PLACE_PENDING, e,
		                        t->after || t->inputs ?
		                                "all inputs are there" :
		                                "it waits for nothing");
	if (t->on_dependency_failure == DEP_BLOCK)
		return 0;
	if (closing_withdraw(a, PLACE_PENDING, e, "dependency_failed",
	                     str_text(&why)) == 0)
		return 1;
	a->unsettled = true;
	return 0;
}

void
waits_add_pending(struct agent *a, const struct entry *e, const struct task *t)
{
	struct entry entry = *e;
	char **refs = inputs_refs(t);

	/* Watch before looking: what comes in between is seen. */
	foreign_know(a, refs);
	if (settle(a, &entry, t) > 0) {
		keys_free_list(refs);
		return;
	}
	mem_room(&a->waiting, a->nwaiting, &a->waiting_cap,
	         sizeof(*a->waiting));
	a->waiting[a->nwaiting++] = (struct waiting){ *e, refs };
}

static void
drop_waiting(struct agent *a, size_t i)
{
	keys_free_list(a->waiting[i].refs);
	a->waiting[i] = a->waiting[--a->nwaiting];
}

/* Look again at one: true if it left the list. */
static bool
recheck(struct agent *a, size_t i)
{
	struct entry e = a->waiting[i].entry;
	char name[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;
	struct err err;
	int r = task_open(a->desk->at[PLACE_PENDING], entry_format(&e, name),
	                  &t, &err);

	if (r == -ENOENT) {
		waits_vanished(a, &e);
		drop_waiting(a, i);
		return true;
	}
	if (r < 0) {
		a->unsettled = true;
		log_warn("agent=%s task=%s cannot be read: %s", a->desk->name,
		         e.id, err.text);
		return false;
	}
	if (!settle(a, &e, &t))
		return false;
	drop_waiting(a, i);
	return true;
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

	for (size_t i = 0; i < a->nwaiting;)
		if (!waits_for(&a->waiting[i], ref) || !recheck(a, i))
			i++;
}

void
waits_recheck(struct agent *a, bool all)
{
	if (!a->nwaiting || (!foreign_anything_new(a) && !all && !a->unsettled))
		return;
	a->unsettled = false;
	for (size_t i = 0; i < a->nwaiting;)
		if (!recheck(a, i))
			i++;
}

bool
waits_find(const struct agent *a, const char *id, struct entry *e,
           enum place *place)
{
	*place = PLACE_PENDING;
	for (size_t i = 0; i < a->nwaiting; i++) {
		*e = a->waiting[i].entry;
		if (strcmp(e->id, id) == 0)
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
	struct entry e;

	for (size_t i = 0; i < a->nwaiting; i++)
		if (strcmp(a->waiting[i].entry.id, id) == 0)
			drop_waiting(a, i);
	blocked_forget(a, id);
	if (queue_find(&a->ready, id, &e))
		(void)queue_remove(&a->ready, &e);
}

void
waits_done(struct agent *a)
{
	while (a->nwaiting)
		drop_waiting(a, a->nwaiting - 1);
	free(a->waiting);
}

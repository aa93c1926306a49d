/*
 * Tasks that wait: PENDING for inputs at other desks, BLOCKED for a time.
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

static void on_blocked_due(void *agent);

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

/* To READY, by whichever of the two ways; true if it left `from`. */
static bool
make_ready(struct agent *a, enum place from, struct entry *e, const char *why)
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

static const char *const result_places[] = { "outbox", "failed" };

/* When did outbox/ or failed/ of that desk last change?  0: not known. */
static int64_t
last_change(const struct agent *a, const char *name)
{
	int64_t latest = 0;

	for (size_t i = 0; i < countof(result_places); i++) {
		autofree char *path =
			mem_printf("%s/%s", name, result_places[i]);
		struct stat st;
		int64_t ns;

		if (sys_stat(a->spool->agents_fd, path, &st) < 0)
			continue;
		ns = (int64_t)st.st_mtim.tv_sec * CLOCK_NS_PER_S +
		     st.st_mtim.tv_nsec;
		if (ns > latest)
			latest = ns;
	}
	return latest;
}

static void
watch_desk(struct agent *a, const char *name, int token)
{
	for (size_t i = 0; i < countof(result_places); i++) {
		autofree char *path =
			mem_printf("%s/%s", name, result_places[i]);
		autoclose int fd = sys_opendir(a->spool->agents_fd, path);

		/* Not there, or no watch left: the rescan will do. */
		if (fd >= 0)
			(void)watch_dir(a->watch, fd, token);
	}
}

/* Be told of results at the desks it waits for. */
static void
know_desks(struct agent *a, char *const *refs)
{
	for (; *refs; refs++) {
		autofree char *name = mem_dupn(*refs, strcspn(*refs, "/"));
		size_t i = 0;

		while (i < a->nforeign && strcmp(a->foreign[i].name, name) != 0)
			i++;
		if (i < a->nforeign)
			continue;
		if (a->watch)
			watch_desk(a, name, AGENT_TOKEN_FOREIGN + (int)i);
		mem_room(&a->foreign, a->nforeign, &a->foreign_cap,
		         sizeof(*a->foreign));
		a->foreign[a->nforeign++] =
			(struct foreign){ take_ptr(name), 0 };
	}
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
		return make_ready(a, PLACE_PENDING, e,
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
	know_desks(a, refs);
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

/*
 * Has any desk that is waited for published something since the last look?
 * The clock of directories is coarse: a change of the last second counts as
 * new once more.
 */
static bool
anything_new(struct agent *a)
{
	int64_t now = clock_wall_ns();
	bool new = false;

	for (size_t i = 0; i < a->nforeign; i++) {
		int64_t changed = last_change(a, a->foreign[i].name);

		if (changed != a->foreign[i].seen_ns)
			new = true;
		a->foreign[i].seen_ns =
			now - changed > CLOCK_NS_PER_S ? changed : 0;
	}
	return new;
}

void
waits_recheck(struct agent *a, bool all)
{
	if (!a->nwaiting || (!anything_new(a) && !all && !a->unsettled))
		return;
	a->unsettled = false;
	for (size_t i = 0; i < a->nwaiting;)
		if (!recheck(a, i))
			i++;
}

static void
arm_blocked(struct agent *a)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < a->nblocked; i++)
		if (a->blocked[i].due_ns < next)
			next = a->blocked[i].due_ns;
	if (next < INT64_MAX)
		loop_arm(a->loop, &a->blocked_timer, next, on_blocked_due, a);
	else
		loop_clear(a->loop, &a->blocked_timer);
}

void
waits_add_blocked(struct agent *a, const struct entry *e, int64_t due_ns)
{
	mem_room(&a->blocked, a->nblocked, &a->blocked_cap,
	         sizeof(*a->blocked));
	a->blocked[a->nblocked++] = (struct blocked){ *e, due_ns };
	arm_blocked(a);
}

static bool
unblock(struct agent *a, size_t i, const char *why)
{
	struct entry e = a->blocked[i].entry;

	if (!make_ready(a, PLACE_BLOCKED, &e, why))
		return false;
	a->blocked[i] = a->blocked[--a->nblocked];
	return true;
}

static void
on_blocked_due(void *agent)
{
	struct agent *a = agent;
	int64_t now = clock_boot_ns();

	for (size_t i = 0; i < a->nblocked;) {
		if (a->blocked[i].due_ns > now) {
			i++;
		} else if (!unblock(a, i, "its wait is over")) {
			a->blocked[i].due_ns = now + CLOCK_NS_PER_S;
			i++;
		}
	}
	arm_blocked(a);
}

bool
waits_unblock(struct agent *a, const char *id, const char *why)
{
	for (size_t i = 0; i < a->nblocked; i++) {
		if (strcmp(a->blocked[i].entry.id, id) != 0)
			continue;
		if (!unblock(a, i, why))
			return false;
		arm_blocked(a);
		return true;
	}
	return false;
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
	for (size_t i = 0; i < a->nblocked; i++) {
		*e = a->blocked[i].entry;
		if (strcmp(e->id, id) == 0)
			return true;
	}
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
	for (size_t i = 0; i < a->nblocked; i++)
		if (strcmp(a->blocked[i].entry.id, id) == 0)
			a->blocked[i] = a->blocked[--a->nblocked];
	if (queue_find(&a->ready, id, &e))
		(void)queue_remove(&a->ready, &e);
	arm_blocked(a);
}

void
waits_done(struct agent *a)
{
	while (a->nwaiting)
		drop_waiting(a, a->nwaiting - 1);
	free(a->waiting);
	free(a->blocked);
	for (size_t i = 0; i < a->nforeign; i++)
		free(a->foreign[i].name);
	free(a->foreign);
}

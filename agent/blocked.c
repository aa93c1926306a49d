/*
 * BLOCKED tasks: when what they wait for is there, they become READY.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/answers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/question.h"

#define AT_ONCE       256 /* due ones before other events get a turn */
#define SEARCHES      32  /* for children that may be gone, at one rescan */
#define TRY_AGAIN_NS  CLOCK_NS_PER_S
#define CLOCK_SLIP_NS CLOCK_NS_PER_S

static void on_due(void *agent);

static void
arm(struct agent *a)
{
	const struct blocked *first = blocklist_first(&a->blocked);

	if (first)
		loop_arm(a->loop, &a->blocked_timer, first->due.when_ns, on_due,
		         a);
	else
		loop_clear(a->loop, &a->blocked_timer);
}

static bool
unblock(struct agent *a, struct blocked *b, const char *why)
{
	struct entry e;

	blocklist_entry(b, &e);
	if (b->reason == BLOCK_QUESTION)
		(void)question_withdraw(a->desk, b->id);
	if (!waits_make_ready(a, PLACE_BLOCKED, &e, why))
		return false;
	blocklist_remove(&a->blocked, b);
	return true;
}

/* Its wait is over, but it could not be moved: it waits for that alone. */
static void
unblock_later(struct agent *a, struct blocked *b)
{
	b->reason = BLOCK_NONE;
	blocklist_due(&a->blocked, b, clock_boot_ns() + TRY_AGAIN_NS);
}

static void
on_due(void *agent)
{
	struct agent *a = agent;
	int64_t now = clock_boot_ns();
	struct blocked *b;

	/* What was claimed in time counts. */
	if (a->answers_kept)
		claims_finish(a);
	for (int i = 0; i < AT_ONCE; i++) {
		const char *why = "its wait is over";

		b = blocklist_first(&a->blocked);
		if (!b || b->due.when_ns > now)
			break;
		if (b->reason == BLOCK_QUESTION && !questions_late(a, b, &why))
			blocklist_due(&a->blocked, b, now + TRY_AGAIN_NS);
		else if (!unblock(a, b, why))
			unblock_later(a, b);
	}
	arm(a);
}

/* Is there a result of the task?  What cannot be seen is not there yet. */
static bool
has_ended(const struct agent *a, const char *ref)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };
	const char *id = strchr(ref, '/');

	for (size_t i = 0; i < countof(ends); i++) {
		autofree char *path = mem_printf("%.*s/%s%s", (int)(id - ref),
		                                 ref, desk_place_name(ends[i]),
		                                 id);

		if (sys_exists(a->spool->agents_fd, path) == 1)
			return true;
	}
	return false;
}

/* Rejected, or removed by somebody: nothing will ever come of it. */
static bool
is_gone(const struct agent *a, const char *ref)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autodesk *d = NULL;
	struct found f;
	int r = name_split_ref(ref, &agent, &id);

	if (r == 0)
		r = desk_open(a->spool, agent, &d, NULL);
	if (r == 0)
		r = find_task(d, id, &f);
	return r == -ENOENT || r == -EINVAL;
}

/* True if it is READY now. */
static bool
look_at_child(struct agent *a, struct blocked *b, bool search)
{
	autofree char *why = NULL;

	if (has_ended(a, b->on))
		why = mem_printf("its child %s has ended", b->on);
	else if (search && is_gone(a, b->on))
		why = mem_printf("its child %s is no more", b->on);
	return why && unblock(a, b, why);
}

/* The child it waits for; "" if the record names none. */
static const char *
child_of(const struct record *rec)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;

	return rec->reason == BLOCK_CHILD &&
	                       name_split_ref(rec->on, &agent, &id) == 0 ?
	               rec->on :
	               "";
}

/* When it may go on, by the boot clock: at once if the record makes no sense.
 */
static int64_t
due_of(const struct agent *a, const struct record *rec)
{
	int64_t now = clock_boot_ns(), left, longest;

	if (rec->reason == BLOCK_CHILD)
		return *child_of(rec) ? DUES_NEVER : now;
	if (rec->reason == BLOCK_QUESTION && !rec->until_ms)
		return rec->call ? DUES_NEVER : now;
	left = record_wait_left(rec, a->boot, now, clock_wall_ms());
	if (rec->reason != BLOCK_QUESTION && rec->reason != BLOCK_SLEEP) {
		longest = verdict_longest_ms(&a->role->retry, rec->reason) *
		          CLOCK_NS_PER_MS;
		/* A wall clock that was set back must not make it longer. */
		if (left > longest)
			left = longest;
	}
	return now + left;
}

void
blocked_add(struct agent *a, const struct entry *e, const struct record *rec,
            bool fresh)
{
	struct blocked *b = blocklist_add(&a->blocked, e, rec->reason,
	                                  rec->call, child_of(rec));
	char *const refs[] = { b->on, NULL };

	/* Watch before looking: what comes in between is seen. */
	if (b->on)
		foreign_know(a, refs);
	if (b->on && look_at_child(a, b, fresh))
		return;
	blocklist_due(&a->blocked, b, due_of(a, rec));
	if ((rec->reason == BLOCK_QUESTION || rec->reason == BLOCK_SLEEP) &&
	    strcmp(rec->boot, a->boot) != 0)
		b->until_ms = rec->until_ms;
	arm(a);
}

bool
blocked_unblock(struct agent *a, const char *id, const char *why)
{
	struct blocked *b = blocklist_find(&a->blocked, id);
	bool done = b && unblock(a, b, why);

	if (b && !done)
		unblock_later(a, b);
	arm(a);
	return done;
}

void
blocked_result_of(struct agent *a, const char *other, const char *name)
{
	autofree char *dropped = find_drop_id(name);
	autofree char *ref = mem_printf("%s/%s", other, name);
	autofree char *rejected = mem_printf("%s/%s", other, dropped);
	struct blocked *b = blocklist_on(&a->blocked, ref);

	if (!b)
		b = blocklist_on(&a->blocked, rejected);
	if (b && look_at_child(a, b, true))
		arm(a);
}

/* A wait over a reboot is measured by the wall clock, which may be set. */
static void
mind_clock(struct agent *a)
{
	int64_t boot = clock_boot_ns(), wall = clock_wall_ms();
	struct blocked *b;
	size_t at = 0;

	while ((b = blocklist_next(&a->blocked, &at))) {
		int64_t due = boot + (b->until_ms - wall) * CLOCK_NS_PER_MS;

		if (b->until_ms && llabs(due - b->due.when_ns) > CLOCK_SLIP_NS)
			blocklist_due(&a->blocked, b, due);
	}
}

/* All children whose result may be there, and some that may be gone. */
static void
look_at_children(struct agent *a, bool all)
{
	size_t n = 0, cap = 0, at = 0, searches = 0;
	autofree struct blocked **found = NULL;
	struct blocked *b;

	while (all && (b = blocklist_next(&a->blocked, &at))) {
		if (!b->on || !has_ended(a, b->on))
			continue;
		mem_room(&found, n, &cap, sizeof(struct blocked *));
		found[n++] = b;
	}
	for (size_t i = 0; i < n; i++)
		(void)look_at_child(a, found[i], false);
	while (searches < SEARCHES &&
	       (b = blocklist_next(&a->blocked, &a->next_child))) {
		if (!b->on)
			continue;
		searches++;
		if (look_at_child(a, b, true))
			return; /* the order is another now: go on next time */
	}
	if (searches < SEARCHES)
		a->next_child = 0;
}

void
blocked_recheck(struct agent *a, bool all)
{
	if (!blocklist_count(&a->blocked))
		return;
	mind_clock(a);
	look_at_children(a, all);
	arm(a);
}

bool
blocked_find(const struct agent *a, const char *id, struct entry *e)
{
	const struct blocked *b = blocklist_find(&a->blocked, id);

	if (b)
		blocklist_entry(b, e);
	return b != NULL;
}

void
blocked_forget(struct agent *a, const char *id)
{
	struct blocked *b = blocklist_find(&a->blocked, id);

	if (!b)
		return;
	if (b->reason == BLOCK_QUESTION)
		(void)question_withdraw(a->desk, id);
	blocklist_remove(&a->blocked, b);
	arm(a);
}

void
blocked_done(struct agent *a)
{
	blocklist_done(&a->blocked);
}

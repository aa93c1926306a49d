/*
 * BLOCKED tasks: when what they wait for is there, they become READY.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/mem.h"

static void on_blocked_due(void *agent);

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
blocked_add(struct agent *a, const struct entry *e, int64_t due_ns)
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

	if (!waits_make_ready(a, PLACE_BLOCKED, &e, why))
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
blocked_unblock(struct agent *a, const char *id, const char *why)
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
blocked_find(const struct agent *a, const char *id, struct entry *e)
{
	for (size_t i = 0; i < a->nblocked; i++) {
		if (strcmp(a->blocked[i].entry.id, id) != 0)
			continue;
		*e = a->blocked[i].entry;
		return true;
	}
	return false;
}

void
blocked_forget(struct agent *a, const char *id)
{
	for (size_t i = 0; i < a->nblocked; i++)
		if (strcmp(a->blocked[i].entry.id, id) == 0)
			a->blocked[i] = a->blocked[--a->nblocked];
	arm_blocked(a);
}

void
blocked_done(struct agent *a)
{
	free(a->blocked);
}

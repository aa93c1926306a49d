#include "spool/state.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* A cell left out is TASK_NONE: the event is refused in that state. */
static const unsigned char moves[TASK_NSTATES][EV_NEVENTS] = {
	[TASK_PENDING] = {
		[EV_INPUTS] = TASK_READY,
	},
	[TASK_READY] = {
		[EV_START] = TASK_RUNNING,
	},
	[TASK_RUNNING] = {
		[EV_WAIT] = TASK_BLOCKED,
		[EV_DONE] = TASK_COMPLETED,
		[EV_FAIL] = TASK_FAILED,
	},
	[TASK_BLOCKED] = {
		[EV_ARRIVE] = TASK_READY,
	},
};

static const char *const state_names[] = {
	[TASK_NONE] = "NONE",       [TASK_PENDING] = "PENDING",
	[TASK_READY] = "READY",     [TASK_RUNNING] = "RUNNING",
	[TASK_BLOCKED] = "BLOCKED", [TASK_COMPLETED] = "COMPLETED",
	[TASK_FAILED] = "FAILED",
};
_Static_assert(countof(state_names) == TASK_NSTATES, "name every state");

static const char *const reason_names[] = {
	[BLOCK_NONE] = "none",
	[BLOCK_RETRY] = "retry",
	[BLOCK_RATE_LIMIT] = "rate_limit",
	[BLOCK_CRASHED] = "crashed",
	[BLOCK_QUESTION] = "question",
	[BLOCK_CHILD] = "child",
	[BLOCK_SLEEP] = "sleep",
};
_Static_assert(countof(reason_names) == BLOCK_NREASONS, "name every reason");

static const char *const outcome_names[] = {
	[OUT_NONE] = "NONE",
	[OUT_COMPLETED] = "COMPLETED",
	[OUT_FAILED] = "FAILED",
	[OUT_WITHDRAWN] = "WITHDRAWN",
};
_Static_assert(countof(outcome_names) == OUT_N, "name every outcome");

enum task_state
state_after(enum task_state s, enum task_event ev)
{
	return (enum task_state)moves[s][ev];
}

bool
state_may_move(enum task_state from, enum task_state to)
{
	if (to == TASK_NONE)
		return false;
	for (int ev = EV_NONE; ev < EV_NEVENTS; ev++)
		if (moves[from][ev] == to)
			return true;
	return false;
}

bool
state_may_withdraw(enum task_state s)
{
	return s == TASK_PENDING || s == TASK_READY || s == TASK_BLOCKED;
}

/* The index of `name` in `names`, 0 if it is not there. */
static int
lookup(const char *const *names, int n, const char *name)
{
	for (int i = 1; name && i < n; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return 0;
}

const char *
state_name(enum task_state s)
{
	return state_names[s];
}

enum task_state
state_parse(const char *name)
{
	return (enum task_state)lookup(state_names, TASK_NSTATES, name);
}

const char *
state_reason_name(enum block_reason r)
{
	return reason_names[r];
}

enum block_reason
state_reason_parse(const char *name)
{
	return (enum block_reason)lookup(reason_names, BLOCK_NREASONS, name);
}

const char *
state_outcome_name(enum outcome o)
{
	return outcome_names[o];
}

enum outcome
state_outcome_parse(const char *name)
{
	return (enum outcome)lookup(outcome_names, OUT_N, name);
}

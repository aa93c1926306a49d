/*
 * state.h - the six states of a task and the six moves between them.
 *
 *              inputs            start             done
 *   PENDING ----------> READY ----------> RUNNING -------> COMPLETED
 *                         ^                |   |
 *                  arrive |           wait |   | fail
 *                         |                v   '---------> FAILED
 *                         '------------ BLOCKED
 *
 * Nothing else moves.  A task that is cancelled, or whose dependency failed,
 * while it is PENDING, READY or BLOCKED leaves the machine: it is WITHDRAWN,
 * which is an outcome and no state.  Starting, working, saving and verifying
 * are phases of RUNNING.
 *
 * The table is pure; move.h performs a move.
 */
#ifndef SPOOL_STATE_H
#define SPOOL_STATE_H

#include <stdbool.h>

enum task_state {
	TASK_NONE,
	TASK_PENDING,
	TASK_READY,
	TASK_RUNNING,
	TASK_BLOCKED,
	TASK_COMPLETED,
	TASK_FAILED,
	TASK_NSTATES,
};

enum task_event {
	EV_NONE,
	EV_INPUTS, /* every input is there */
	EV_START,  /* the agent starts it */
	EV_WAIT,   /* it waits for something: see block_reason */
	EV_ARRIVE, /* what it waited for has come */
	EV_DONE,   /* its result is published */
	EV_FAIL,   /* it failed for good */
	EV_NEVENTS,
};

/* Why a task is BLOCKED. */
enum block_reason {
	BLOCK_NONE,
	BLOCK_RETRY,      /* an attempt failed or asked for later */
	BLOCK_RATE_LIMIT, /* what it works with wants a pause */
	BLOCK_CRASHED,    /* its worker, agent or machine died under it */
	BLOCK_QUESTION,   /* somebody has to answer */
	BLOCK_CHILD,      /* a task that it called has to end */
	BLOCK_SLEEP,      /* it wants to go on later */
	BLOCK_NREASONS,
};

/* How a task ended; COMPLETED and FAILED are states, WITHDRAWN is not. */
enum outcome { OUT_NONE, OUT_COMPLETED, OUT_FAILED, OUT_WITHDRAWN, OUT_N };

/* The state after `ev`; TASK_NONE: refused. */
enum task_state state_after(enum task_state s, enum task_event ev);

/* Is there a move from one to the other? */
bool state_may_move(enum task_state from, enum task_state to);

/* May a task in this state leave the machine as WITHDRAWN? */
bool state_may_withdraw(enum task_state s);

/* "READY"; state_parse() takes any case and gives TASK_NONE for nonsense. */
const char *state_name(enum task_state s);
enum task_state state_parse(const char *name);

const char *state_reason_name(enum block_reason r);
enum block_reason state_reason_parse(const char *name);

const char *state_outcome_name(enum outcome o);
enum outcome state_outcome_parse(const char *name);

#endif

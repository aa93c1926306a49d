/*
 * waiting.h - wait for tasks to end, by the files that say so.
 *
 * Nothing runs for it and nobody is asked: a task has COMPLETED when its
 * result is in outbox/, and FAILED or was WITHDRAWN when it is in failed/.
 *
 * The caller: waiting_init(), waiting_add() for each task, waiting_run(),
 * waiting_done().
 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strset.h"
#include "cli/verb.h"
#include "spool/desk.h"
#include "spool/state.h"

struct waiting_task {
	char *id;
	struct desk *desk;    /* the wait's */
	enum outcome outcome; /* OUT_NONE while it goes on */
	char *drop;  /* what it was called in the inbox, if it was seen there */
	bool missed; /* the last search did not find it */
	bool gone;   /* it was rejected, or removed: it will never end */
	char *blocked; /* what was said of its being BLOCKED */
};

/* Hears of each task as it ends, once. */
typedef void waiting_fn(void *arg, const struct waiting_task *t);

struct waiting {
	struct context *cx;
	struct desk **desks;
	size_t ndesks;
	struct waiting_task *tasks;
	size_t ntasks, cap;
	struct strset known; /* the refs of the tasks */
	size_t left;         /* that have neither ended nor gone */
	size_t next_check;   /* see check_some() */
	int status;          /* the worst that was met: EXIT_FINE, 1, 3, 65 */
	bool any;            /* one is enough */
	bool no_block;       /* set by the caller: a question ends it, too */
	bool over;           /* enough have ended */
	struct looking *looking;
	waiting_fn *fn;
	void *arg;
};

#define autowaiting scoped(waiting_done) struct waiting

void waiting_init(struct waiting *w, struct context *cx);
void waiting_done(struct waiting *w);

/*
 * Giving one twice is giving it once.  0, or EXIT_NOT_FOUND and the like
 * after having said so.
 */
int waiting_add(struct waiting *w, const char *agent, const char *id);

/*
 * Wait until all tasks (with `any`: one) have ended.  0 all COMPLETED, 1 one
 * FAILED or was WITHDRAWN, EXIT_TIMED_OUT at `deadline_ns` of the boot clock
 * (INT64_MAX: never), EXIT_BAD_DATA when one was rejected; all but the first
 * two after having said so.  With `any` it is the one that counts.  With
 * `no_block` it is EXIT_QUESTION, having said which, when one asks.  What
 * keeps them from going on, and each new reason of a BLOCKED one, is said.
 */
int waiting_run(struct waiting *w, bool any, int64_t deadline_ns,
                waiting_fn *fn, void *arg);

#endif

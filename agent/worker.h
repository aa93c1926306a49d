/*
 * worker.h - one attempt of one task, as a tree of processes.
 *
 * worker_start() gives the program of the role its whole world: directory,
 * descriptors, environment.  From then on the tree below it is this attempt;
 * worker_stop() ends it (SIGTERM, grace, SIGKILL), and `ended` is called
 * once, when the worker and everything it ever started are seen dead.  The
 * agent is their subreaper, so nothing can leave the tree, by setsid() or by
 * double fork; and every process of it inherits the lock on work/ID/alive,
 * by which a later agent knows that something of it still lives.
 *
 * The same serves for the `verify` command, the second process of an attempt.
 */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/loop.h"
#include "spool/desk.h"

struct worker;

struct worker_spec {
	struct desk *desk;
	const char *id;
	const char *const *argv;
	const char *const *envp;
	int stdin_fd;       /* -1: /dev/null */
	int progress_fd;    /* becomes TASK_FD = 3; -1: none */
	bool fresh_output;  /* begin stdout and stderr anew, else append */
	int64_t timeout_ms; /* 0: none */
	int64_t grace_ms;
};

typedef void worker_ended_fn(void *arg, const struct child_end *end,
                             bool timed_out);

#define WORKER_TASK_FD 3

/*
 * Start it.  -EBUSY: something of an earlier attempt still holds the alive
 * lock.  The descriptors of `spec` stay the caller's.
 */
int worker_start(struct loop *loop, const struct worker_spec *spec,
                 worker_ended_fn *ended, void *arg, struct worker **out,
                 struct err *err);

/* Ask the whole tree to end; a second call does not wait for the grace. */
void worker_stop(struct worker *w);

/* Call on every SIGCHLD: reaps, and notices the end. */
void worker_on_child(struct worker *w);

/* After `ended` was called. */
void worker_free(struct worker *w);

/*
 * Kill what is left of the attempt whose work/ID this is, by whoever holds
 * `alive`, and see it dead.  For recovery.  -ETIMEDOUT with the pid in `err`.
 */
int worker_bury(struct desk *d, const char *id, int64_t deadline_ns,
                struct err *err);

#endif

/*
 * worker.h - one attempt of one task, as a tree of processes.
 *
 * worker_start() gives the program of the role its whole world: directory,
 * descriptors, environment.  From then on the tree below it is this attempt;
 * worker_stop() ends it (SIGTERM, grace, SIGKILL), and `ended` is called
 * once, when the worker and everything it ever started are seen dead.  They
 * die by the cgroup of the desk where it has one (containment.h), else one by
 * one, until none is left.  The agent is their subreaper, so nothing can leave
 * the tree, by setsid() or by double fork; and every process of it inherits
 * the lock on work/ID/alive, by which a later agent knows that something of it
 * still lives.
 *
 * The same serves for the `verify` command, the second process of an attempt,
 * and for a stream worker, which outlives attempts: it is given the pipes of
 * warm.h and a folder of its own, and is the subreaper of what it starts, so
 * that its tree can be told from that of a `verify` beside it.
 */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/containment.h"
#include "base/child.h"
#include "base/loop.h"
#include "spool/desk.h"

struct worker;

struct worker_spec {
	struct desk *desk;
	struct containment *containment; /* may be NULL */
	const char *id; /* its folder is work/ID; NULL: DESK_WARM */
	const char *const *argv;
	const char *const *envp;
	const int *streams; /* become 0, 1 and 2; NULL: stdin_fd, and files */
	int stdin_fd;       /* -1: /dev/null */
	int progress_fd;    /* becomes TASK_FD = 3; -1: none */
	int lane_fd;        /* kept open by all of the tree; 0, -1: none */
	bool fresh_output;  /* begin stdout and stderr anew, else append */
	int64_t timeout_ms; /* 0: none */
	int64_t grace_ms;
	/* Another one that lives on meanwhile, and is none of this tree. */
	struct worker *beside;
};

typedef void worker_ended_fn(void *arg, const struct child_end *end,
                             bool timed_out);

#define WORKER_TASK_FD 3
#define WORKER_ALIVE   "alive" /* the file of that lock */

/* The variable by which a stream worker is known, also to itself. */
#define WORKER_STREAM "SPOOLHAND_STREAM"

/*
 * Start it.  -EBUSY: something of an earlier attempt still holds the alive
 * lock.  The descriptors of `spec` stay the caller's.
 */
int worker_start(struct loop *loop, const struct worker_spec *spec,
                 worker_ended_fn *ended, void *arg, struct worker **out,
                 struct err *err);

/* Ask the whole tree to end; a second call does not wait for the grace. */
void worker_stop(struct worker *w);

/* Has that been asked, or has its time run out? */
bool worker_stopping(const struct worker *w);

/* Has that been asked, whatever it died of? */
bool worker_was_stopped(const struct worker *w);

/* Is it dying, or dead: is there no sense in telling it anything? */
bool worker_is_ending(const struct worker *w);

/* From now on it may take so long; 0: as long as it likes. */
void worker_limit(struct worker *w, int64_t timeout_ms);

/*
 * Call on every SIGCHLD with all workers there are, or NULL: reaps, and
 * notices the end.  `w` may have been started beside the second one.
 */
void worker_on_child(struct worker *w, struct worker *beside);

/* After `ended` was called. */
void worker_free(struct worker *w);

#endif

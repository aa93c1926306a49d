/*
 * warm.h - the stream worker of a desk: one process for many tasks.
 *
 * It is started when the agent is ready, is given a task at a time (stream.h
 * has the protocol), and is started again when it has died.  A task goes
 * through the same states, folders and checks as in `mode: exec`: attempt.c
 * begins it and judges it, and only what lies in between is done here.
 *
 *     none --start--> idle --give--> busy --"done"--> idle
 *      ^                |              |
 *      +---- it died ---+--------------+  (busy: the attempt has crashed)
 *
 * One that dies without having done any task since its start is started again
 * only after a pause, which is doubled each time; no task is begun meanwhile.
 * To end the worker its standard input is closed; then, after `grace`, its
 * whole tree gets SIGTERM, and after as long again SIGKILL.  A cancel or a
 * timeout ends it at once: what it was doing can be stopped in no other way.
 *
 * While it is busy `agent.run.worker` is its process, so that whoever stops
 * that stops this.  All functions take NULL, which is `mode: exec`.
 */
#ifndef AGENT_WARM_H
#define AGENT_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/chatter.h"
#include "agent/worker.h"
#include "base/err.h"
#include "base/lines.h"
#include "base/loop.h"

struct agent;

struct warm {
	struct agent *a;
	struct worker *worker; /* NULL: none */
	int in, out, errors;   /* our ends of its pipes; -1: closed */
	bool served;           /* it has done a task since its start */
	bool dismissed;        /* the agent wants none any more */
	bool untold;           /* its task could not be written to it */
	char wrong[256];       /* what it has done wrong; "": nothing */
	int64_t deaths;        /* without having served, in a row */
	int64_t next_start_ns;
	struct loop_timer start_timer, end_timer, deaf_timer;
	/* hearing.c */
	struct lines lines;
	struct chatter chatter;   /* what it says when it has no task */
	bool busy;                /* with the task of a->run */
	int stdout_fd, stderr_fd; /* of that task; else -1 */
	int unsaved;              /* its output could not be kept: -errno */
	unsigned noise;           /* lines that are no part of the protocol */
};

/* For a desk in `mode: stream`; the first worker is started by the loop. */
struct warm *warm_new(struct agent *a);

/* Can it be given a task?  If not, the loop comes round when it can. */
bool warm_ready(struct warm *w);

/*
 * Give it the task of a->run, whose folder is prepared; `timeout_ms` 0: none.
 * The attempt ends by attempt_ended(), later.
 */
int warm_give(struct warm *w, int64_t timeout_ms, struct err *err);

/* For SIGCHLD and for what runs beside it; NULL while there is none. */
struct worker *warm_worker(const struct warm *w);

/* End it, `now` or by and by, for good: false if there is none any more. */
bool warm_dismiss(struct warm *w, bool now);

/*
 * It cannot be trusted any more and is ended, at once or when nothing runs
 * beside it; whatever it is busy with has crashed.
 */
void warm_distrust(struct warm *w, const char *what);

/* It has done its task: all is well with it. */
void warm_served(struct warm *w);

/* No more tasks for this one; it has `grace` to end by itself. */
void warm_send_away(struct warm *w);

void warm_free(struct warm *w);

#endif

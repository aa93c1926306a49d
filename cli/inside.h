/*
 * inside.h - the running task that a helper is called in.
 *
 * The agent tells the worker who it is by its environment; what the
 * environment says is believed only if that task runs, in that attempt.
 *
 * inside_open(), the call itself by spool/calling.h, inside_done().
 */
#ifndef CLI_INSIDE_H
#define CLI_INSIDE_H

#include "cli/verb.h"
#include "spool/calling.h"
#include "spool/entry.h"

#define INSIDE_STEP "SPOOLHAND_STEP" /* the step whose CMD this runs in */

struct inside {
	struct context *cx;
	struct desk *desk;
	struct entry entry;
	char name[ENTRY_NAME_MAX]; /* of the entry in running/ */
	struct calling calling;
};

#define autoinside scoped(inside_done) struct inside
#define INSIDE_INIT                     \
	{                               \
		.calling = CALLING_INIT \
	}

/* 0, or EXIT_USAGE and the like after having said what is wrong. */
int inside_open(struct inside *in, struct context *cx, const char *verb);
void inside_done(struct inside *in);

/* calling_begin(), with what it means for the script as an exit status. */
int inside_begin(struct inside *in, enum call_kind kind, const char *what);

/* The exit status for an error of calling.h, which is said. */
int inside_fail(int code, const struct err *err);

/*
 * The task has to wait: written down and said.  EXIT_BLOCKED, or another
 * status after having said what is wrong.
 */
int inside_wait(struct inside *in, const struct calls_wait *wait);

/* Until when, by both clocks, from now on. */
int inside_until(int64_t ms, int64_t *until_ms, int64_t *until_boot_ns,
                 char *boot);

#endif

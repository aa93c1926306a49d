/*
 * submitting.h - from operands and options to tasks on disk.
 *
 * What `submit` and `run` share: AGENT, then FILEs, standard input or --body;
 * each is read and checked before the first is dropped, options overrule and
 * add to the header of a file, and an id that is there already with the same
 * content is not dropped again.
 */
#ifndef CLI_SUBMITTING_H
#define CLI_SUBMITTING_H

#include "cli/verb.h"
#include "spool/desk.h"

struct submitting_task {
	char *id;
	bool chosen;     /* the id was given, not made up */
	bool known;      /* it was there already: nothing was dropped */
	char digest[65]; /* if the id was given, else "" */
};

struct submitting {
	struct desk *desk;
	struct submitting_task *tasks;
	size_t n;    /* how many were meant */
	size_t done; /* how many of them are on disk, in order */
};

#define autosubmitting scoped(submitting_done) struct submitting

/*
 * Do it all.  0, or the exit status after having said what is wrong; then
 * the first `done` tasks are on disk nevertheless.  submitting_done() in any
 * case.
 */
int submitting_drop(struct context *cx, const struct args *a,
                    struct submitting *out);
void submitting_done(struct submitting *s);

#endif

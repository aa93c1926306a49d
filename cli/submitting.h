/*
 * submitting.h - from operands and options to tasks on disk.
 *
 * What `submit`, `run` and `call` share: AGENT, then FILEs, standard input or --body;
 * each is read and checked before the first is dropped, options overrule and
 * add to the header of a file, and an id that is there already with the same
 * content is not dropped again.
 */
#ifndef CLI_SUBMITTING_H
#define CLI_SUBMITTING_H

#include "cli/source.h"
#include "cli/verb.h"
#include "spool/desk.h"

struct submitting_task {
	char *id;
	bool chosen;     /* the id was given, not made up */
	bool known;      /* it was there already: nothing was dropped */
	char digest[65]; /* if the id was given, else "" */
};

/* Of a task that is submitted by a task, where it has no say: `call`. */
struct submitting_as {
	const char *id, *parent;
	const char *user, *device; /* unless its header says who; may be NULL */
};

struct submitting {
	struct desk *desk;
	struct source *sources;
	struct submitting_task *tasks;
	size_t n;         /* how many were meant */
	size_t done;      /* how many of them are on disk, in order */
	int64_t begun_ms; /* what "+2h" counts from: wall clock */
};

#define autosubmitting scoped(submitting_done) struct submitting

/*
 * Do it all.  0, or the exit status after having said what is wrong; then
 * the first `done` tasks are on disk nevertheless.  submitting_done() in any
 * case.
 */
int submitting_drop(struct context *cx, const struct args *a,
                    struct submitting *out);

/*
 * The same in two: read and check, which gives ids and digests, and drop.
 * `as` is NULL, or that of the one task.
 */
int submitting_prepare(struct context *cx, const struct args *a,
                       const struct submitting_as *as, struct submitting *out);
int submitting_commit(struct context *cx, const struct args *a,
                      const struct submitting_as *as, struct submitting *out);

/* The digest of the one task that is given, without a look at any desk. */
int submitting_digest(struct context *cx, const struct args *a, char *digest);
void submitting_done(struct submitting *s);

#endif

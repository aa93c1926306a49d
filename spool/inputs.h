/*
 * inputs.h - what a PENDING task waits for, at other desks and outside.
 *
 * `after: [pm/brief]` waits for that task to be COMPLETED; `inputs:
 * [pm/brief/plan.md]` does, and then the artifact is put at in/plan.md.  Only
 * published results are looked at, so what is there is whole and will not
 * change.  `inputs: [file:/data/x.csv]` waits for a file; see fileinput.h.
 */
#ifndef SPOOL_INPUTS_H
#define SPOOL_INPUTS_H

#include <stdint.h>

#include "spool/desk.h"
#include "spool/settle.h"
#include "spool/task.h"

/* One look at all that a task waits for. */
struct inputs {
	/* set before it */
	int64_t now_ns; /* boot clock */
	int64_t settle_ns;
	struct settle *files; /* one an input, kept; NULL: as at first sight */
	/* found out */
	size_t waiting, failed; /* not there yet; will not come by themselves */
	struct str wait;        /* the first: "waits for pm/brief" */
	struct str fail;        /* the first: "pm/brief did not complete" */
	int64_t failed_ms;  /* wall clock: when the latest of those failed */
	int64_t recheck_ns; /* look at files again; 0: not before an event */
};

#define autoinputs scoped(inputs_done) struct inputs

/* -errno if it could not be found out. */
int inputs_look(const struct spool *s, const struct task *t,
                struct inputs *look);
void inputs_done(struct inputs *look);

/*
 * Copy inputs and attachments into work/ID/in/.  With `missing`, what is not
 * there is left out, and added to it, one a line, as it is named in the task:
 * refs to wait for as well.
 */
int inputs_fetch(const struct spool *s, struct desk *d, const char *id,
                 int entry_dirfd, const struct task *t, struct str *missing,
                 struct err *err);

/* The refs a task waits for, without artifacts, NULL-ended, to free. */
char **inputs_refs(const struct task *t);

#endif

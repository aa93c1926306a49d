/*
 * inputs.h - what a PENDING task waits for, at other desks.
 *
 * `after: [pm/brief]` waits for that task to be COMPLETED; `inputs:
 * [pm/brief/plan.md]` does, and then the artifact is put at in/plan.md.  Only
 * published results are looked at, so what is there is whole and will not
 * change.
 */
#ifndef SPOOL_INPUTS_H
#define SPOOL_INPUTS_H

#include "spool/desk.h"
#include "spool/task.h"

enum inputs_verdict {
	INPUTS_READY = 1,
	INPUTS_WAIT,   /* `why`: "waits for pm/brief" */
	INPUTS_FAILED, /* `why`: "pm/brief FAILED", "… has no artifact x" */
};

/* `why` is appended to; -errno if it could not be found out. */
int inputs_check(const struct spool *s, const struct task *t, struct str *why);

/* Copy inputs and attachments into work/ID/in/. */
int inputs_fetch(const struct spool *s, struct desk *d, const char *id,
                 int entry_dirfd, const struct task *t, struct err *err);

/* The refs a task waits for, without artifacts, NULL-ended, to free. */
char **inputs_refs(const struct task *t);

#endif

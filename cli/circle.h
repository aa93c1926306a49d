/*
 * circle.h - tasks that wait for each other in a circle, for people.
 */
#ifndef CLI_CIRCLE_H
#define CLI_CIRCLE_H

#include "base/str.h"
#include "cli/verb.h"
#include "spool/spool.h"
#include "spool/task.h"

/*
 * Would `t`, which is not there yet, at the desk of `agent`, wait for itself
 * in the end?  EXIT_BAD_DATA after having said so; `from` is where it was
 * read.
 */
int circle_check(struct spool *s, const char *agent, const struct task *t,
                 const char *from);

/*
 * If the task AGENT/ID, PENDING or BLOCKED(child), waits in a circle, add
 * "; it waits in a circle: ..." with the command that breaks it.  True if so.
 */
bool circle_add(struct spool *s, const char *agent, const char *id,
                struct str *out);

#endif

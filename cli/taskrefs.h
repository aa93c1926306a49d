/*
 * taskrefs.h - can what a task that is submitted waits for ever come?
 */
#ifndef CLI_TASKREFS_H
#define CLI_TASKREFS_H

#include "cli/verb.h"
#include "spool/task.h"

/*
 * Check what the task that is submitted to `agent` waits for: tasks of agents
 * that are known, and not in the end itself.  An agent of the configuration that
 * has had no task yet gets its desk here.  `file` is what the task was read
 * from.  EXIT_BAD_DATA and the like after having said what is wrong.
 */
int taskrefs_check(struct context *cx, const struct args *a, const char *file,
                   const char *agent, const struct task *t);

#endif

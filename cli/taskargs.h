/*
 * taskargs.h - the options that say what a task is, and what they set in it.
 */
#ifndef CLI_TASKARGS_H
#define CLI_TASKARGS_H

#include "cli/verb.h"
#include "spool/task.h"

/* The options of submit and run; the rows of run alone are the last. */
enum { TASKARGS_NSUBMIT = 13, TASKARGS_NRUN = 15 };
extern const struct arg_option taskargs_options[TASKARGS_NRUN];

/*
 * Overrule and add to what the header of a file has set, and carry on the
 * trace of the task that this is called in.  A time "+D" is that long after
 * `now_ms`.  EXIT_USAGE, having said why.
 */
int taskargs_apply(const struct args *a, int64_t now_ms, struct task *t);

#endif

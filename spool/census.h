/*
 * census.h - every task of a desk and its state, by the tree alone.
 */
#ifndef SPOOL_CENSUS_H
#define SPOOL_CENSUS_H

#include "base/strset.h"
#include "spool/desk.h"

/* The ids in live places, each tagged with its enum task_state. */
int census_take(const struct desk *d, struct strset *live);

/*
 * The state of a task by such a census and the result places; TASK_FAILED
 * stands for WITHDRAWN, too; TASK_NONE: there is no such task.
 */
enum task_state census_state(const struct desk *d, const struct strset *live,
                             const char *id);

#endif

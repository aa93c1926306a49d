/*
 * needs.h - which results do tasks that are not over still need?
 *
 * Those that they wait for or take inputs from, those of tasks that they have
 * called, at whatever desk; by all tasks in live places and all drops.
 */
#ifndef SPOOL_NEEDS_H
#define SPOOL_NEEDS_H

#include "base/err.h"
#include "base/strset.h"
#include "spool/spool.h"

/* Add their refs.  On an error some are missing: nothing may go by them. */
int needs_take(struct spool *s, struct strset *refs, struct err *err);

#endif

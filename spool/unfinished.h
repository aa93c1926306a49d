/*
 * unfinished.h - does somebody still write to what a task has put out?
 *
 * A worker that has ended has no file open, nor has anything that it started.
 * One that lives on may have, and what is published must not change: so its
 * stdout and all below out/ are looked at when it says that a task is done.
 * Where no lease can be had that cannot be told, and nothing is found.
 */
#ifndef SPOOL_UNFINISHED_H
#define SPOOL_UNFINISHED_H

#include "spool/desk.h"

/* 1 and the path of one in work/ID, to free; 0: none that is known of. */
int unfinished_find(const struct desk *d, const char *id, char **path);

#endif

/*
 * waitgraph.h - who waits for whom, over all desks, and is it a circle?
 *
 * A PENDING task waits for the tasks of its `after` and `inputs`, one that is
 * BLOCKED(child) for its child; anything else will go on by itself, or waits
 * for something that is no task.  Tasks that wait for each other in a circle
 * wait for ever.
 *
 * Read-only, and a picture of one moment: a desk is listed when the way first
 * leads there, and a task is opened once.  Make a new graph for a new look.
 */
#ifndef SPOOL_WAITGRAPH_H
#define SPOOL_WAITGRAPH_H

#include "base/cleanup.h"
#include "base/str.h"
#include "spool/spool.h"

struct waitgraph;

#define autowaitgraph scoped(waitgraph_freep) struct waitgraph

struct waitgraph *waitgraph_new(struct spool *s);
void waitgraph_free(struct waitgraph *g);
void waitgraph_freep(struct waitgraph **g);

/*
 * 1 and in `path` "pm/a -> qa/b -> pm/a" if `ref` waits, in the end, for
 * itself; 0 if not.  `refs` (NULL-ended) is what a task that is not there yet
 * would wait for; NULL: what the one that is there waits for.
 *
 * Asking one graph about many tasks costs no more than looking at each task
 * of the spool once, unless there are circles.
 */
int waitgraph_circle(struct waitgraph *g, const char *ref, char *const *refs,
                     struct str *path);

#endif

/*
 * drop.h - put a task into an inbox, durably, or not at all.
 *
 * For submitters: nothing of the agent's is touched.  The order of drops by
 * one process is kept by the agent: their names sort by time.
 *
 *   1 write a private (dot) file in inbox/   2 fsync it
 *   3 rename it, never replacing             4 fsync inbox/
 *
 * drop_begin(), drop_add() for each task, drop_commit(): the directory is
 * synced once for all.  Only after drop_commit() returned 0 is any of them
 * promised; an error or a crash before that leaves at most unpromised drops.
 */
#ifndef SPOOL_DROP_H
#define SPOOL_DROP_H

#include "spool/desk.h"
#include "spool/task.h"

struct drop_batch {
	struct desk *desk;
	unsigned count;
};

void drop_begin(struct drop_batch *b, struct desk *d);

/*
 * Drop one task: header `t` (its id is set) and the body from `body_fd` from
 * its present position on.  `max` bounds the size (-EFBIG).
 */
int drop_add(struct drop_batch *b, const struct task *t, int body_fd,
             int64_t max, struct err *err);

int drop_commit(struct drop_batch *b, struct err *err);

/* An id nobody has: from `stem` and the time, e.g. "brief-gk3v9x1m0a-4f2-0". */
char *drop_new_id(const char *stem, int64_t wall_ns, unsigned n);

#endif

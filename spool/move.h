/*
 * move.h - the one function that changes the state of a task.
 *
 * A move is: its line in the journal, then one rename.  No sync: a move that
 * a power cut undoes is made again by recovery.
 */
#ifndef SPOOL_MOVE_H
#define SPOOL_MOVE_H

#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/journal.h"

struct move {
	enum place from, to; /* both live places */
	bool count_attempt;  /* READY -> RUNNING: A goes up by one */
	const char *reason;  /* BLOCKED: why, by name */
	const char *why;     /* the decision, in words */
	int64_t until_ms;    /* BLOCKED: wall clock, or 0 */
};

/*
 * Perform it; on success `e` is the entry as it is named now.  -EPROTO: the
 * table does not allow it; -ENOENT, -EEXIST: the tree is not as thought;
 * -ENOSPC: it stays where it is.
 */
int move_task(struct desk *d, struct journal *j, const struct move *m,
              struct entry *e, int64_t now_ms);

#endif

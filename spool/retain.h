/*
 * retain.h - results are kept for so long, or so many of them, and then go.
 *
 * The results are the memory by which an id is known, so how long they are
 * kept is how long the same id means the same task.  What a task that is not
 * over may still need is never removed: results it waits for, takes inputs
 * from, or has called, at any desk.
 *
 * The owner of the desk: retain_update(), needs_take(), and for each that may go retain_take_out(); then retain_sweep() once.  A result leaves
 * by one rename into the private admit/, as "+ID", and is deleted there, so
 * that nobody ever sees half of one; a crash leaves at most such names, which
 * admit_recover() removes.
 */
#ifndef SPOOL_RETAIN_H
#define SPOOL_RETAIN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/strset.h"
#include "spool/desk.h"
#include "spool/journal.h"

#define RETAIN_MARK '+' /* admit/+ID: a result that is being removed */

struct retained {
	char *id;
	enum place place;
	ino_t inode;      /* another one is another result of this id */
	int64_t ended_ms; /* wall clock */
};

struct retain_list {
	struct retained *all; /* the oldest first, then by id */
	size_t n, cap;
};

/*
 * Bring the list up to what lies in outbox/ and failed/.  Only results that
 * are not in it yet are opened.
 */
int retain_update(const struct desk *d, struct retain_list *list);

/* Forget one that has been taken out. */
void retain_list_remove(struct retain_list *list, size_t i);
void retain_list_done(struct retain_list *list);

/*
 * When a result ended: as it says, else when it was made.  -ENOENT: it is not
 * there.
 */
int64_t retain_ended_ms(const struct desk *d, enum place p, const char *id);

/* Is it as old as that?  `keep_for_ms` 0: nothing ever is. */
bool retain_expired(int64_t ended_ms, int64_t keep_for_ms, int64_t now_ms);

/* Out of sight: the journal's line, and the rename. */
int retain_take_out(struct desk *d, struct journal *j, enum place p,
                    const char *id, const char *why, int64_t now_ms);

/* Make that durable, and delete what was taken out. */
int retain_sweep(struct desk *d);

#endif

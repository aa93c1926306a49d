/*
 * room.h - how full a desk is, and one submitter at a time where that counts.
 *
 * Whether an id is there already, and whether there is room, is asked before
 * a drop is made.  Two who ask at the same moment would both be told what is
 * true no longer when both have dropped.  So whoever gives an id, or drops at
 * a desk with a limit, does it with room_lock() held; who does neither need
 * not know of it, and drops by hand are judged at admission.
 *
 * The lock is the file ROOM_LOCK in inbox/: those who may write there may
 * take it, and nobody else.  It is held for the time of a look and a sync.
 */
#ifndef SPOOL_ROOM_H
#define SPOOL_ROOM_H

#include "spool/desk.h"

#define ROOM_LOCK    ".lock"
#define ROOM_WAIT_MS 10000 /* somebody else's submit, at its longest */

/*
 * Take it within this time: the descriptor, to be closed; -EAGAIN: somebody
 * keeps it, `err` says so.  SIGALRM is used, see base/lock.h.
 */
int room_lock(struct desk *d, int64_t timeout_ms, struct err *err);

/*
 * How many wait: in inbox/, admit/, pending/ and ready/.  Never too few (but
 * for a user who may not look into admit/, and one claim); one that moves
 * meanwhile may be counted twice.
 */
int64_t room_waiting(const struct desk *d);

/*
 * Is there room for `more` below `max`?  1, or 0 with the number that wait in
 * `waiting`: counted again until nothing moved meanwhile.
 */
int room_for(const struct desk *d, int64_t more, int64_t max, int64_t *waiting);

#endif

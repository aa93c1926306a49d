/*
 * seat.h - one orchestrator a spool.
 *
 * The seat is the lock on gm/lock.  The kernel gives it up with the process
 * that has it, so a seat is never taken by one who is dead.
 */
#ifndef ORCHESTRATOR_SEAT_H
#define ORCHESTRATOR_SEAT_H

#include "base/err.h"
#include "spool/spool.h"

struct seat {
	int gm_fd;   /* ROOT/gm */
	int lock_fd; /* the lock, for as long as it is open */
};

#define SEAT_INIT                          \
	{                                  \
		.gm_fd = -1, .lock_fd = -1 \
	}

/*
 * Take it and write who has it into the file.  -EAGAIN: it is taken, and
 * `err` says by whom.
 */
int seat_take(struct seat *s, const struct spool *spool, struct err *err);

void seat_leave(struct seat *s);

#endif

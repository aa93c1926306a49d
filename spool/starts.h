/*
 * starts.h - when tasks of a lane were begun, in the last minute.
 *
 * A file of a line with the boot, then one for each start, "BOOT_NS WALL_MS".
 * Times are measured on the boot clock; after a reboot the wall clock tells
 * how long ago they were, at most a minute.  Whoever reads to write holds the
 * lock of the lane.
 */
#ifndef SPOOL_STARTS_H
#define SPOOL_STARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "spool/lane.h"

#define STARTS_FILE "starts"

struct starts {
	int64_t *boot_ns; /* in order; of this boot, converted if need be */
	size_t n, cap;
};

#define autostarts scoped(starts_done) struct starts

/* Those of the last minute.  A file that makes no sense is an empty one. */
int starts_read(int dfd, const struct lane_now *now, struct starts *out);

/*
 * When may another begin, by a limit of so many in a minute?  0: now, else on
 * the boot clock.
 */
int64_t starts_next(const struct starts *s, int64_t per_minute);

/* Add one, now, and write all of them. */
int starts_add(int dfd, const struct lane_now *now, struct starts *s);

void starts_done(struct starts *s);

#endif

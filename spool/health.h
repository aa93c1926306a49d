/*
 * health.h - how the last attempts at a desk went: health.json.
 *
 * The counter of failures in a row, and the pause that it has led to.  It is
 * there only for agents with `pause_after`, and only when not all is well; a
 * file that is missing or cannot be read means that all is.  The agent writes
 * it when it changed, everybody may read it.
 */
#ifndef SPOOL_HEALTH_H
#define SPOOL_HEALTH_H

#include <stdint.h>

#include "base/proc.h"
#include "spool/desk.h"

#define HEALTH_FILE "health.json"

struct health {
	int64_t failures;      /* in a row */
	int64_t pause_ms;      /* the present or last pause; 0: not paused */
	int64_t until_ms;      /* of the next probe, wall clock */
	int64_t until_boot_ns; /* the same on the boot clock of `boot` */
	char boot[PROC_BOOT_MAX];
};

/* Always fills `h`. */
void health_read(const struct desk *d, struct health *h);

/* All well: the file goes. */
int health_write(struct desk *d, const struct health *h);

/* Until the next probe, in ns; 0: now, or not paused. */
int64_t health_wait_left(const struct health *h, const char *boot,
                         int64_t now_boot_ns, int64_t now_wall_ms);

#endif

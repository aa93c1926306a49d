/*
 * stall.h - has the attempt that runs been silent for too long?
 *
 * Signs of life are lines on TASK_FD, and growth of stdout and stderr.  The
 * first are told (stall_sign()); the others are looked for only when the time
 * has run out, by the times of the files: one timer, armed for the last sign
 * plus `stall`, and nothing else is ever woken up.
 *
 * stall_begin() for each process of an attempt, stall_end() when it has
 * ended.  Both do nothing where `stall` is off.
 */
#ifndef AGENT_STALL_H
#define AGENT_STALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"

struct agent;

/* What an output file looked like. */
struct stall_file {
	off_t size;
	int64_t mtime_ns; /* wall clock */
};

/* One look at all, on both clocks. */
struct stall_look {
	struct stall_file out, errors;
	int64_t wall_ns, boot_ns;
};

struct stall {
	struct loop_timer timer;
	struct stall_look look;
	int64_t sign_ns; /* of life, the last; boot clock */
	bool told;
	bool stopped; /* the attempt is ended for it */
};

/*
 * Pure: when (boot clock) was the last sign of life between two looks?  0 if
 * there was none.
 */
int64_t stall_written_ns(const struct stall_look *before,
                         const struct stall_look *now);

void stall_begin(struct agent *a);
void stall_sign(struct agent *a);
void stall_end(struct agent *a);

#endif

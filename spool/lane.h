/*
 * lane.h - limits over several agents: so many run, so many start a minute.
 *
 *   ROOT/lanes/NAME/  slot.K      locked for each task of the lane that runs
 *                     starts      when tasks were begun in the last minute
 *                     wait.AGENT  locked by each agent that waits for a turn
 *                     lock        held while any of this is decided
 *
 * A slot is owned as a desk is: by a lock that the kernel drops with its last
 * holder, which is the agent and every process of the attempt.  No agent talks
 * to another, none keeps a count, and none that dies leaves anything behind.
 * The files say for people what the locks mean.
 *
 * An agent: lane_open() once; lane_take() before each start; if that is not
 * LANE_TAKEN, again when something happened below lane_fd(), or at the time
 * that it gave; lane_release() when the attempt is over; lane_leave() when it
 * has nothing to start any more.  Those who wait are served in the order in
 * which they came.
 */
#ifndef SPOOL_LANE_H
#define SPOOL_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "spool/spool.h"

#define LANE_WINDOW_MS     60000
#define LANE_RUNNING_MAX   1000
#define LANE_STARTS_MAX    10000
#define LANE_SLOT_PREFIX   "slot."
#define LANE_TICKET_PREFIX "wait."

struct lane_limits {
	int64_t running;    /* tasks at once; 0: no limit */
	int64_t per_minute; /* starts in any 60 s; 0: no limit */
};

/* The two clocks and the boot that the first belongs to. */
struct lane_now {
	int64_t boot_ns, wall_ms;
	const char *boot;
};

enum lane_verdict {
	LANE_NONE,
	LANE_TAKEN,
	LANE_FULL, /* as many run as may */
	LANE_RATE, /* as many have begun as may; `next_ns` says when */
	LANE_TURN, /* there is room, but others came first */
	LANE_BUSY, /* somebody is deciding at this moment */
};

struct lane;

#define autolane scoped(lane_closep) struct lane

/* For the agent of this name; makes what is missing. */
int lane_open(struct spool *s, const char *name, const char *agent,
              struct lane **out, struct err *err);
void lane_close(struct lane *l);
void lane_closep(struct lane **l);

/* The directory, to be watched. */
int lane_fd(const struct lane *l);

/*
 * Take room for the task `ref`, and note its start: an enum lane_verdict, or
 * -errno when nothing could be decided.  With `impatient` it does not matter
 * who came first: those seem not to want it.  `next_ns` (boot clock) is set
 * with LANE_RATE.
 */
int lane_take(struct lane *l, const struct lane_limits *limits, const char *ref,
              const struct lane_now *now, bool impatient, int64_t *next_ns);

/* The descriptor of the slot, for the worker to inherit; -1: there is none. */
int lane_slot(const struct lane *l);

void lane_release(struct lane *l);
void lane_leave(struct lane *l);

/* What is in a lane, for people. */
struct lane_view {
	char **held;     /* refs of the tasks that run, NULL-ended */
	int64_t begun;   /* starts in the last minute */
	int64_t next_ms; /* wall clock: when another may start; 0: now */
};

/* Reads only; a lane that nobody has used yet is empty. */
int lane_look(const struct spool *s, const char *name,
              const struct lane_limits *limits, const struct lane_now *now,
              struct lane_view *out);
void lane_view_done(struct lane_view *v);

#endif

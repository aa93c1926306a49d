/*
 * containment.h - what holds the processes of a desk, so that all of them die.
 *
 * In a cgroup of the desk's own where that can be had (base/cgroup.h); the
 * way that always works is worker.h's: the agent is the subreaper of all that
 * it starts.  Which of the two is in use is said once, in the log, and seen
 * by others in the note at the desk (spool/enclosure.h).
 *
 * The owner of the desk, before it starts anything: containment_begin().
 * All functions take NULL, which is a desk without a cgroup.
 */
#ifndef AGENT_CONTAINMENT_H
#define AGENT_CONTAINMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "spool/desk.h"

struct containment;

/*
 * End what an earlier agent's cgroup still holds, until `deadline_ns` on the
 * boot clock, and go into one of our own.  `out` is NULL if that cannot be
 * done and need not be; an error if something old does not die, or if
 * `wanted` is CONFIG_CGROUP.
 */
int containment_begin(struct desk *d, int wanted, int64_t deadline_ns,
                      struct containment **out, struct err *err);

/*
 * Kill everything in it but the agent, at once; false if it could not be, and
 * another way has to be gone.  They are dying then, not dead.
 */
bool containment_kill(struct containment *c);

/* Go out of it and remove it, and what is still in it. */
void containment_end(struct containment *c);

#endif

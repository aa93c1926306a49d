/*
 * supervise.h - all agents of one orchestrator together.
 *
 * The caller:
 *   1. supervise_init(), which finds out who is in quarantine and starts
 *      nothing;
 *   2. supervise_begin();
 *   3. tells of children that ended with supervise_reap(), and of time going
 *      by with supervise_rescan();
 *   4. supervise_stop(), perhaps supervise_stop_now(), and runs the loop
 *      until supervise_alive() is 0;
 *   5. supervise_done(), at any time: agents that run go on.
 *
 * No error of an agent is an error here: it is logged, and costs the others
 * nothing.
 */
#ifndef ORCHESTRATOR_SUPERVISE_H
#define ORCHESTRATOR_SUPERVISE_H

#include "config/config.h"
#include "orchestrator/ward.h"

struct supervise {
	struct ward_ground ground;
	struct ward *wards;
	size_t nwards;
	struct loop_timer kill_timer;
};

/* `ground` is complete but for the rules, which `config` gives. */
void supervise_init(struct supervise *s, const struct ward_ground *ground,
                    const struct config *config);
void supervise_done(struct supervise *s);

void supervise_begin(struct supervise *s);

/* Reap every child that has ended. */
void supervise_reap(struct supervise *s);

/* Look for quarantines that were lifted by hand. */
void supervise_rescan(struct supervise *s);

/* One that runs is left as it is. */
void supervise_resume(struct supervise *s, const char *name);

/* Tell every agent to end when its task has; nothing is started any more. */
void supervise_stop(struct supervise *s);

/* Tell every agent to end at once; ten seconds later what is left is killed. */
void supervise_stop_now(struct supervise *s);

/* How many agents have a process. */
size_t supervise_alive(const struct supervise *s);

#endif

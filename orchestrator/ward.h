/*
 * ward.h - one agent and its process: start or adopt, watch, restart.
 *
 * One rule: the process that owns the desk is the agent.  If there is one it
 * is adopted, whoever started it; if there is none it is started.  So an
 * orchestrator can be killed and started again at any time, and the agents
 * never notice.
 *
 * roster.h decides, here it is done.  Errors are the agent's own: they are
 * logged, and followed by another try or by quarantine.
 *
 * The caller: ward_init(); ward_attend() once, which from then on sees to
 * itself by timers; ward_ended() for each child that was reaped;
 * ward_done(), which leaves the process as it is.
 */
#ifndef ORCHESTRATOR_WARD_H
#define ORCHESTRATOR_WARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "orchestrator/fdlimit.h"
#include "orchestrator/roster.h"
#include "spool/spool.h"

/* What all wards of one orchestrator have in common; nothing is owned. */
struct ward_ground {
	struct loop *loop;
	struct spool *spool;
	const char *program;
	int quarantine_fd;
	struct fdlimit fds;
	struct roster_rules rules;
};

struct ward {
	struct roster_agent agent;
	const struct ward_ground *ground;
	pid_t pid;
	int pidfd;    /* -1: no process */
	bool adopted; /* not our child: its end is seen by the pidfd alone */
	bool unknown; /* told already that a stranger has the desk */
	struct loop_timer timer; /* the next look */
};

/* An agent that is found in quarantine is in quarantine. */
void ward_init(struct ward *w, const struct ward_ground *ground,
               const char *name);
void ward_done(struct ward *w);

/* Start or adopt it, if it is DUE. */
void ward_attend(struct ward *w);

/* Its process, a child, was reaped. */
void ward_ended(struct ward *w, const struct roster_end *end);

/* Out of quarantine, or out of the pause before its restart. */
void ward_resume(struct ward *w);

/* Has somebody removed the file that holds it in quarantine? */
void ward_look_at_quarantine(struct ward *w);

/* Nothing is started any more; a process is told to end after its task. */
void ward_stop(struct ward *w);

/* Signal its process, if there is one. */
void ward_signal(struct ward *w, int signo);

#endif

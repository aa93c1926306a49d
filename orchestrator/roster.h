/*
 * roster.h - what is to become of an agent whose process has ended.
 *
 * The rules of restart, backoff and quarantine, and nothing else: times and
 * ends are handed in, nothing is started, signalled or written here.
 *
 *            RUNS          STOP              ENDS
 *    DUE -----------> UP ---------> STOPPING ------> DOWN
 *     ^ ^              |                              ^
 *     | +-----ENDS-----+                              |
 *     |                | CONDEMN                      |
 *     |                v               STOP           |
 *     +--RESUME-- QUARANTINED -------------------->---+
 *
 * DUE agents may be condemned and stopped, too.  A state is entered only by
 * roster_move(); the other functions call it.
 *
 * The caller: roster_init(), then tells what happened and does what it is
 * answered; roster_done().
 */
#ifndef ORCHESTRATOR_ROSTER_H
#define ORCHESTRATOR_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum roster_state {
	ROSTER_NONE,
	ROSTER_DUE,         /* to be started when its time has come */
	ROSTER_UP,          /* its process lives */
	ROSTER_STOPPING,    /* it lives and was told to stop */
	ROSTER_QUARANTINED, /* it is not started again until it is resumed */
	ROSTER_DOWN,        /* it has ended for good */
	ROSTER_NSTATES,
};

enum roster_event {
	ROSTER_RUNS,
	ROSTER_ENDS,
	ROSTER_CONDEMN,
	ROSTER_RESUME,
	ROSTER_STOP,
	ROSTER_NEVENTS,
};

/* All times in nanoseconds of the boot clock. */
struct roster_rules {
	int64_t backoff_ns, backoff_max_ns; /* doubled from one to the other */
	int64_t window_ns;                  /* in which deaths are counted */
	size_t after; /* so many of them are too many; at least 1 */
};

struct roster_agent {
	char *name;
	enum roster_state state;
	int64_t up_since_ns;
	unsigned streak; /* ends since it last ran for longer than the window */
	int64_t *deaths; /* times of the last ones, oldest first */
	size_t ndeaths, deaths_cap;
};

/* How a process ended; all zero when nobody could see it. */
struct roster_end {
	bool seen;
	int exit;   /* exit status, or -1 */
	int signal; /* the signal that killed it, or 0 */
};

enum roster_verdict {
	ROSTER_RESTART = 1, /* it is DUE, after a pause */
	ROSTER_LOOK,        /* the same, but another may run: look for it */
	ROSTER_GIVE_UP,     /* it is QUARANTINED */
	ROSTER_LET_GO,      /* it is DOWN, as it was told */
};

void roster_init(struct roster_agent *a, const char *name);
void roster_done(struct roster_agent *a);

/* The state after an event; ROSTER_NONE: refused. */
enum roster_state roster_after(enum roster_state s, enum roster_event ev);

/* False if that event is refused in the agent's state, which is kept. */
bool roster_move(struct roster_agent *a, enum roster_event ev, int64_t now_ns);

const char *roster_state_name(enum roster_state s);

/*
 * Its process ended.  `pause_ns` is set for ROSTER_RESTART and ROSTER_LOOK,
 * `why` is added to for ROSTER_GIVE_UP: one line, with the remedy.
 */
enum roster_verdict roster_ended(struct roster_agent *a,
                                 const struct roster_rules *rules,
                                 const struct roster_end *end, int64_t now_ns,
                                 int64_t *pause_ns, struct str *why);

/* It could not be started for now, and that is not its fault: the pause. */
int64_t roster_put_off(struct roster_agent *a,
                       const struct roster_rules *rules);

/* It can never be started, for that reason; `why` is added to as above. */
void roster_condemn(struct roster_agent *a, const char *reason, int64_t now_ns,
                    struct str *why);

/* The pause before the start that follows `streak` ends in a row. */
int64_t roster_pause(const struct roster_rules *rules, unsigned streak);

/* "exit status 1", "signal 9 (Killed)", … */
void roster_describe(const struct roster_end *end, struct str *out);

#endif

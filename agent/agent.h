/*
 * agent.h - the runtime of one desk.
 *
 * One event loop, one worker at a time.  What comes in (drops, requests,
 * results of others, the worker's end, timers) changes the desk through
 * spool/, and before each wait of the loop the next READY task is started if
 * none runs.  The state in memory is only an index of the tree: it can be
 * thrown away at any instant, and is, when the process is killed.
 *
 *   intake.c   inbox -> pending          asked.c   requests/
 *   waits.c    pending -> ready          blocked.c blocked -> ready
 *   attempt.c  ready -> running          closing.c running -> its end
 *   foreign.c  results of other desks    startup.c the desk taken and indexed
 *   agent.c    the loop, signals, watches
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/channel.h"
#include "agent/queue.h"
#include "agent/verdict.h"
#include "agent/worker.h"
#include "base/loop.h"
#include "base/strset.h"
#include "base/watch.h"
#include "config/config.h"
#include "spool/admit.h"
#include "spool/desk.h"
#include "spool/inbox.h"
#include "spool/journal.h"
#include "spool/record.h"
#include "spool/task.h"

/* Tokens of watched directories. */
enum agent_token {
	AGENT_TOKEN_INBOX = 1,
	AGENT_TOKEN_REQUESTS,
	AGENT_TOKEN_DESK,
	AGENT_TOKEN_FOREIGN = 1000, /* + index in agent.foreign */
};

/* A PENDING task and the refs it waits for. */
struct waiting {
	struct entry entry;
	char **refs;
};

/* A BLOCKED task and when it may go on (boot clock). */
struct blocked {
	struct entry entry;
	int64_t due_ns;
};

/* The task in running/ or saving/, of which there is at most one. */
struct attempt {
	bool active;
	struct entry entry;
	struct task task;
	struct worker *worker;
	struct channel channel;
	struct record record;
	struct ending_facts {
		int64_t admitted_ms, started_ms, started_boot_ns;
		int64_t uid;
		struct child_end end;
	} facts;
	bool verifying; /* the second process: the verify command */
	bool cancelled, timed_out;
	enum verdict closing_verdict; /* while it is being saved */
	char closing_message[512];
	bool progress_due; /* changed since it was written */
	struct loop_timer progress_timer;
};

struct agent {
	const struct config *config;
	const struct config_agent *role;
	struct spool *spool;
	struct desk *desk;
	struct journal journal;
	struct loop *loop;
	struct watch *watch; /* NULL: polling */
	int lock_fd;
	char boot[PROC_BOOT_MAX];

	struct queue ready;
	struct waiting *waiting;
	size_t nwaiting, waiting_cap;
	bool unsettled; /* a move of one of them failed: look at all again */
	struct blocked *blocked;
	size_t nblocked, blocked_cap;
	struct strset ids; /* of every live task */
	uint64_t next_seq, next_claim;

	struct drop *drops; /* seen in inbox/, in order of arrival */
	size_t first_drop, ndrops, drops_cap; /* dealt with: name is NULL */
	struct strset drop_names;
	bool full_disk; /* admit nothing */
	bool crowded;   /* drops wait for max_pending */

	int64_t hold_until_ns; /* start nothing before */
	struct foreign {       /* desks whose results are waited for */
		char *name;
		int64_t seen_ns; /* latest change of outbox/ and failed/ */
	} * foreign;
	size_t nforeign, foreign_cap;
	struct attempt run;
	bool requests_kept; /* for drops that are no tasks yet */
	bool paused, draining, stop_now, failed;
	struct loop_timer rescan_timer, drops_timer, blocked_timer, save_timer,
		hold_timer;
};

/* Run the agent until it is told to stop: 0, or -errno with `err`. */
int agent_run(struct spool *spool, const struct config *config,
              const struct config_agent *role, struct err *err);

/* The world failed in a way the agent cannot go on from; stop, and say so. */
void agent_fail(struct agent *a, int code, const struct err *err);

/* startup.c, in this order */
int startup_take_desk(struct agent *a, struct err *err);
int startup_recover(struct agent *a, struct err *err);
int startup_load(struct agent *a, struct err *err);

/* Index what is in pending/ otherwise than by admit(): see again.c. */
int startup_adopt(struct agent *a, struct err *err);

/* A line of the agent's own in the journal: "start", "stop". */
int startup_mark(struct agent *a, const char *ev);

/* intake.c */
void intake_seen(struct agent *a, const char *name);
void intake_scan(struct agent *a);
void intake_leftovers(struct agent *a, char **claimed);
void intake_run(void *agent);

/* Is there room again for drops that max_pending has kept out? */
void intake_room(struct agent *a);
void intake_done(struct agent *a);

/* waits.c */
void waits_add_pending(struct agent *a, const struct entry *e,
                       const struct task *t);
void waits_result_of(struct agent *a, const char *other, const char *id);
void waits_recheck(struct agent *a, bool all);
/* To READY, by whichever of the two ways; true if it left `from`. */
bool waits_make_ready(struct agent *a, enum place from, struct entry *e,
                      const char *why);

/* One that is PENDING, BLOCKED or READY. */
bool waits_find(const struct agent *a, const char *id, struct entry *e,
                enum place *place);
void waits_forget(struct agent *a, const char *id);

/* Somebody removed the entry of a waiting task by hand: told, not repaired. */
void waits_vanished(struct agent *a, const struct entry *e);
void waits_done(struct agent *a);

/* blocked.c */
void blocked_add(struct agent *a, const struct entry *e, int64_t due_ns);
bool blocked_unblock(struct agent *a, const char *id, const char *why);
bool blocked_find(const struct agent *a, const char *id, struct entry *e);
void blocked_forget(struct agent *a, const char *id);
void blocked_done(struct agent *a);

/* foreign.c: be told of results at the desks of these refs */
void foreign_know(struct agent *a, char *const *refs);

/* Has any of them published something since the last time this was asked? */
bool foreign_anything_new(struct agent *a);
void foreign_done(struct agent *a);

/* asked.c */
void asked_scan(struct agent *a);

/* attempt.c */
void attempt_begin(struct agent *a, const struct entry *e);
void attempt_cancel(struct agent *a);

/* closing.c */
void closing_after_worker(struct agent *a, enum verdict v, const char *message);
int closing_withdraw(struct agent *a, enum place from, const struct entry *e,
                     const char *reason, const char *message);
int closing_policy(void *agent, const struct entry *e, struct record *rec);

#endif

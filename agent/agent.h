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
 *   waits.c    pending -> ready; see waiting.h
 *   blocked.c  blocked -> ready          answers.c  answers/; see answers.h
 *   attempt.c  ready -> running          closing.c running -> its end
 *   saving.c   a result, published
 *   crowding.c how many may wait         lanes.c   how many run, with others
 *   keeping.c  how long results are kept
 *   foreign.c  results of other desks    startup.c the desk taken and indexed
 *   stall.c    silent for too long       containment.c  what holds them all
 *   warm.c     the stream worker         hearing.c what that one says
 *   agent.c    the loop, signals, watches
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/blocklist.h"
#include "agent/breaker.h"
#include "agent/channel.h"
#include "agent/containment.h"
#include "agent/queue.h"
#include "agent/stall.h"
#include "agent/verdict.h"
#include "agent/waiting.h"
#include "agent/warm.h"
#include "agent/worker.h"
#include "base/loop.h"
#include "base/strset.h"
#include "base/watch.h"
#include "config/config.h"
#include "spool/admit.h"
#include "spool/desk.h"
#include "spool/inbox.h"
#include "spool/journal.h"
#include "spool/lane.h"
#include "spool/record.h"
#include "spool/retain.h"
#include "spool/task.h"

/* Tokens of watched directories. */
enum agent_token {
	AGENT_TOKEN_INBOX = 1,
	AGENT_TOKEN_REQUESTS,
	AGENT_TOKEN_ANSWERS,
	AGENT_TOKEN_DESK,
	AGENT_TOKEN_LANE = 900,
	AGENT_TOKEN_FOREIGN = 1000, /* + index in agent.foreign */
};

/* The limits that this agent shares with others; see lanes.c. */
struct lane_use {
	struct lane *lane; /* NULL: it shares none */
	struct lane_limits limits;
	struct stat file;         /* spoolhand.yaml when it was last read */
	enum lane_verdict waits;  /* why nothing starts; LANE_NONE: try */
	unsigned looks;           /* since it was told of something */
	int64_t patient_until_ns; /* with those who came first; 0: not yet */
	struct loop_timer timer;
};

/* One in answers/, and which question was open when it came. */
struct answer_seen {
	struct drop drop;
	ino_t file;
	int64_t open; /* as in answers.c */
};

/* The results of this desk, where they are not kept for ever. */
struct keeping {
	struct retain_list list;
	bool again, stay, failing; /* more to do; some had to stay */
	int64_t not_before_ns;     /* so that it takes no more than its share */
	struct loop_timer timer;
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
	char *missing;  /* inputs that it runs without, one a line; or NULL */
	bool verifying; /* the second process: the verify command */
	off_t verify_from; /* where its words begin in stderr */
	bool cancelled, timed_out;
	char crashed[512]; /* a stream worker died: how; "": none did */
	struct stall stall;
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
	struct watch *watch;             /* NULL: polling */
	struct containment *containment; /* NULL: a session is all there is */
	int lock_fd;
	char boot[PROC_BOOT_MAX];

	struct queue ready;
	struct waiting **waiting;
	size_t nwaiting, waiting_cap;
	struct dues waiting_dues;
	struct folders folders;
	struct circles circles;
	bool unsettled; /* a move of one of them failed: look at all again */
	struct blocklist blocked;
	size_t next_child; /* where to look for children that are gone */
	struct strset ids; /* of every live task */
	uint64_t next_seq, next_claim;

	struct drop *drops; /* seen in inbox/, in order of arrival */
	size_t first_drop, ndrops, drops_cap; /* dealt with: name is NULL */
	struct strset drop_names;
	struct answer_seen *answers; /* in answers/, in order of arrival */
	size_t nanswers, answers_cap;
	struct strset answer_names;
	bool answers_kept; /* claimed ones that could not be recorded */
	bool full_disk;    /* admit nothing */
	bool crowded;      /* drops wait for max_pending */

	int64_t hold_until_ns;  /* start nothing before */
	struct breaker breaker; /* nor while too many have failed */
	struct foreign {        /* desks whose results are waited for */
		char *name;
		int64_t seen_ns; /* latest change of what foreign.c watches */
	} * foreign;
	size_t nforeign, foreign_cap;
	struct attempt run;
	struct warm *warm; /* `mode: stream`, else NULL */
	struct lane_use lane;
	struct keeping keeping;
	bool requests_kept; /* for drops that are no tasks yet */
	bool paused, draining, stop_now, failed;
	struct loop_timer waits_timer;
	struct loop_timer rescan_timer, drops_timer, blocked_timer, save_timer,
		hold_timer, answers_timer;
};

/* Run the agent until it is told to stop: 0, or -errno with `err`. */
int agent_run(struct spool *spool, const struct config *config,
              const struct config_agent *role, struct err *err);

/* The world failed in a way the agent cannot go on from; stop, and say so. */
void agent_fail(struct agent *a, int code, const struct err *err);

/* startup.c, in this order */
int startup_take_desk(struct agent *a, struct err *err);
int startup_contain(struct agent *a, struct err *err);
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

/* crowding.c: is the desk full, and so that nothing can come in? */
bool crowding_full(const struct agent *a);
bool crowding_shut(const struct agent *a);

/* For a task that is about to enter; see struct admit_rules. */
int crowding_make_room(void *agent, const struct task *t, struct err *err);

/* lanes.c: may this one start?  If so, its room is taken. */
int lanes_begin(struct agent *a, struct err *err);
bool lanes_let(struct agent *a, const struct entry *e);

/* Nothing runs any more; `wanted`: something is to start. */
void lanes_settle(struct agent *a, bool wanted);
void lanes_event(struct agent *a, const char *name);
void lanes_recheck(struct agent *a);

/* What the worker inherits, so that its room is taken while it lives; -1. */
int lanes_fd(const struct agent *a);
void lanes_done(struct agent *a);

/* keeping.c */
void keeping_begin(struct agent *a);
void keeping_ended(struct agent *a); /* there is one more result */
void keeping_recheck(struct agent *a);
bool keeping_forget(void *agent, const char *id,
                    bool promised); /* see struct admit_rules */
void keeping_done(struct agent *a);

/* waits.c */
void waits_add_pending(struct agent *a, const struct entry *e,
                       const struct task *t);
void waits_result_of(struct agent *a, const char *other, const char *id);
void waits_recheck(struct agent *a, bool all);
/* To READY, by whichever of the two ways; true if it left `from`. */
bool waits_make_ready(struct agent *a, enum place from, struct entry *e,
                      const char *why);

/* Look at one; it may be gone then, and others that it supersedes, too. */
void waits_look(struct agent *a, struct waiting *w);

/*
 * Somebody answered what was asked about a PENDING task: "run", "wait" or
 * "fail".  -ENOENT: it asks nothing; -errno: it cannot be recorded now.
 */
int waits_answered(struct agent *a, const char *id, const char *answer);

/* One that is PENDING, BLOCKED or READY. */
bool waits_find(const struct agent *a, const char *id, struct entry *e,
                enum place *place);
void waits_forget(struct agent *a, const char *id);

/* Somebody removed the entry of a waiting task by hand: told, not repaired. */
void waits_vanished(struct agent *a, const struct entry *e);
void waits_done(struct agent *a);

/*
 * blocked.c: one that is BLOCKED for what its record says; `fresh`: it has
 * just become so.  It may be READY at once.
 */
void blocked_add(struct agent *a, const struct entry *e,
                 const struct record *rec, bool fresh);
void blocked_result_of(struct agent *a, const char *other, const char *name);
void blocked_recheck(struct agent *a, bool all);
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

/* What it has reported is to be written down, soon. */
void attempt_show_progress(struct agent *a);

/* Its worker, which is forgotten by now, has ended or has answered. */
void attempt_ended(struct agent *a, const struct child_end *end,
                   bool timed_out);

/* pausing.c: attempts that fail one after the other pause the agent */
void pausing_load(struct agent *a);
bool pausing_lets(const struct agent *a);
int64_t pausing_until_ns(const struct agent *a);
void pausing_begin(struct agent *a, const struct entry *e);
void pausing_note(struct agent *a, enum verdict_sign sign);
void pausing_resume(struct agent *a);

/*
 * told.c: what a failure says of itself.  May change the verdict, adds to
 * the sentence in `text`, keeps the words of the verify command; -errno if
 * these cannot be kept.
 */
int told_judge(struct agent *a, enum verdict *v, struct str *text);

/* saving.c: all of saving/; it may be made again after a failure */
int saving_publish(struct agent *a, struct err *err);

/* Show the phase, for tasks that report, in its band. */
void saving_show(struct agent *a, enum phase phase);

/* closing.c */
/* The worker has ended and said what it waits for: true if it is BLOCKED. */
bool closing_waits(struct agent *a);
void closing_after_worker(struct agent *a, enum verdict v, const char *message);
int closing_withdraw(struct agent *a, enum place from, const struct entry *e,
                     const char *reason, const char *message);
int closing_policy(void *agent, const struct entry *e, struct record *rec);

#endif

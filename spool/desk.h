/*
 * desk.h - the directory of one agent, and its places.
 *
 * A task's state is the place its entry is in.  desk_make() lays a desk out
 * (anyone may, it changes nothing that is there); desk_open() takes the
 * descriptors that all other functions of this room work on.  Queries open a
 * desk, too: nothing here needs the agent to run.
 *
 * Ownership: whoever holds desk_own() is the only one who may move entries.
 */
#ifndef SPOOL_DESK_H
#define SPOOL_DESK_H

#include "base/err.h"
#include "base/proc.h"
#include "spool/spool.h"
#include "spool/state.h"

enum place {
	PLACE_NONE,
	PLACE_INBOX, /* drops */
	PLACE_ADMIT, /* private: drops that are being admitted */
	PLACE_PENDING,
	PLACE_READY,
	PLACE_RUNNING,
	PLACE_SAVING, /* RUNNING, too: the worker has ended */
	PLACE_BLOCKED,
	PLACE_OUTBOX, /* COMPLETED */
	PLACE_FAILED, /* FAILED or WITHDRAWN */
	PLACE_REJECTED,
	PLACE_QUESTIONS,
	PLACE_ANSWERS,
	PLACE_REQUESTS,
	PLACE_WORK,
	PLACE_N,
};

#define DESK_LOCK    "lock"
#define DESK_JOURNAL "journal.jsonl"
#define DESK_WARM    "warm" /* the folder of a stream worker */

struct desk {
	struct spool *spool; /* borrowed */
	char *name;
	int fd;
	int at[PLACE_N]; /* descriptors of the places; at[0] is -1 */
};

#define autodesk scoped(desk_closep) struct desk

const char *desk_place_name(enum place p);

/* The state of an entry in this place; TASK_NONE for the others. */
enum task_state desk_place_state(enum place p);

/* Is this one of pending, ready, running, saving, blocked? */
bool desk_place_live(enum place p);

int desk_make(struct spool *s, const char *name, struct err *err);

/* -ENOENT: there is no such desk; -EBADMSG: it is not whole, see fsck.h. */
int desk_open(struct spool *s, const char *name, struct desk **out,
              struct err *err);
void desk_close(struct desk *d);
void desk_closep(struct desk **d);

/* Names of all desks, sorted, NULL-ended; keys_free_list() frees. */
int desk_list(const struct spool *s, char ***names);

/*
 * Become the owner: the descriptor of the lock, in which our identity is
 * written; -EAGAIN with "agent 'pm' is already run by pid 4711" in `err`.
 */
int desk_own(struct desk *d, struct err *err);

/* 1 and the owner if there is one, 0 if not. */
int desk_owner(const struct desk *d, struct proc_id *owner);

/* Has ROOT/agents/NAME/<place> been moved or replaced under us? */
bool desk_place_replaced(const struct desk *d, enum place p);

/* Open the place anew, making it if it is gone. */
int desk_reopen_place(struct desk *d, enum place p, struct err *err);

#endif

/*
 * record.h - what a live task's name cannot say: work/ID/record.json.
 *
 * It is written before the move it explains (RUNNING -> BLOCKED) and at
 * admission when the submitter is not the agent's own user.  A record that is
 * missing or unreadable is an empty one: the task then counts as crashed and
 * becomes READY at once, which is the safe reading.
 */
#ifndef SPOOL_RECORD_H
#define SPOOL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name.h"
#include "base/proc.h"
#include "spool/desk.h"
#include "spool/entry.h"

#define RECORD_DOOM_MAX 32

struct record {
	int64_t uid;       /* of the submitter; -1: the owner of the entry */
	int64_t failures;  /* attempts that failed and were retried */
	int64_t crashes;   /* attempts that ended with worker or agent */
	int64_t deferrals; /* attempts that asked to be run later (75) */
	int64_t reviews;   /* times the verify command sent it back */
	int64_t sessions;  /* fresh sessions that it was given */
	int64_t first_started_ms; /* wall clock; 0: never */
	int64_t waits_since_ms;   /* somebody said then: wait on; 0: nobody */
	bool without_inputs; /* runs with what there is: somebody said so */
	/*
	 * Its next attempt ends before it begins, FAILED for this reason: a
	 * question nobody answered.  "": none.  `message` says it in words.
	 */
	char doom[RECORD_DOOM_MAX];
	/* while BLOCKED */
	enum block_reason reason;
	int64_t until_ms;      /* wall clock; 0: nothing to wait for */
	int64_t until_boot_ns; /* the same on the boot clock of `boot` */
	char boot[PROC_BOOT_MAX];
	char message[512]; /* of the wait, or of the doom */
	unsigned call;     /* the durable call it waits in (calls.h); 0: none */
	char on[NAME_REF_MAX]; /* BLOCK_CHILD: the ref; else "" */
};

#define RECORD_INIT       \
	{                 \
		.uid = -1 \
	}

/* Always fills `rec`; an error is an empty record. */
void record_read(const struct desk *d, const char *id, struct record *rec);
int record_write(struct desk *d, const char *id, const struct record *rec);

/*
 * Who asked for the task of this entry, and when it was admitted (wall clock,
 * ms): by the entry itself, unless the record knows better.
 */
int record_origin(const struct desk *d, enum place p, const struct entry *e,
                  const struct record *rec, int64_t *uid, int64_t *admitted_ms);

/*
 * The wait that is left at (now_boot_ns, now_wall_ms), in ns, 0 if over: by
 * the boot clock in the same boot, else by the wall clock.
 */
int64_t record_wait_left(const struct record *rec, const char *boot,
                         int64_t now_boot_ns, int64_t now_wall_ms);

#endif

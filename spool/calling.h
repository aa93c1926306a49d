/*
 * calling.h - one durable call, from the side of the helper that makes it.
 *
 * The files are those of calls.h.  The caller:
 *   1. calling_begin()    takes the lock and the next number; with `recorded`
 *                         an earlier run came to this place, with `call`
 *   2. calling_compare()  if more than kind and name must be the same
 *   3. calling_record()   if not `recorded`: `call`, filled in by then, is on
 *                         disk before anything is done for it
 *   4. what there is to do; or calling_ended(), and nothing is done again
 *   5. calling_finish()   it is done and will be replayed; or calling_wait():
 *                         the task has to wait, the worker ends with 79
 *   6. calling_close()
 * Killed at any point it leaves a call that was not begun, one that was begun
 * and is done again, or one that is done.
 *
 * What an earlier run recorded is on disk for good before a later one acts on
 * it: only the last recorded call can have been killed before its sync, so
 * that one is synced again.
 *
 * Errors, with words in `err`: -EAGAIN another helper is at work,
 * -EINPROGRESS this run waits already, -EBADMSG this is not what the earlier
 * run did here, or what it recorded is damaged; else of the file system.
 */
#ifndef SPOOL_CALLING_H
#define SPOOL_CALLING_H

#include "spool/calls.h"

struct calling {
	struct desk *desk;
	const char *id;
	int work;  /* work/ID */
	int calls; /* work/ID/calls */
	int dir;   /* work/ID/calls/NNNN, once it is recorded */
	int lock;
	bool recorded;
	struct call call;
};

#define CALLING_INIT                                           \
	{                                                      \
		.work = -1, .calls = -1, .dir = -1, .lock = -1 \
	}

/* A mark: it was done again after the calls behind it had been recorded. */
#define CALLING_AGAIN "again"

#define autocalling scoped(calling_close) struct calling

/* How a step, a call or a sleep came to its end. */
struct call_end {
	int status;       /* exit status; 128 + n: of a signal */
	bool final;       /* it is not done again whatever its status */
	unsigned attempt; /* of the task */
	int64_t begun_ms, ended_ms; /* wall clock */
	int64_t size;               /* of stdout; -1: it has none */
	char message[512];          /* of a child that failed */
};

/* `desk` and `id` are borrowed until calling_close(). */
int calling_begin(struct calling *c, struct desk *d, const char *id,
                  enum call_kind kind, const char *what, struct err *err);
void calling_close(struct calling *c);

/*
 * Keep the digest of what must not change, or compare it with what was kept;
 * `what` says for an error what has changed ("its options").
 */
int calling_compare(struct calling *c, const char *digest, const char *what,
                    struct err *err);
int calling_record(struct calling *c, struct err *err);

/*
 * 1 and how it ended if it is not to be done again, 0 if it is; then nothing
 * is left of its output.
 */
int calling_ended(struct calling *c, struct call_end *end, struct err *err);

/* Begin the recorded output anew: a descriptor to write it by. */
int calling_output(struct calling *c, struct err *err);

/*
 * Its end, for good; `out` is the whole output and is synced, -1: there is
 * none, whatever `end->size` says.
 */
int calling_finish(struct calling *c, const struct call_end *end, int out,
                   struct err *err);

/* A fact of a call ("dropped"): an empty file in its directory, for good. */
int calling_mark(struct calling *c, const char *name, struct err *err);
bool calling_marked(const struct calling *c, const char *name);

/* The words for an error: what is recorded makes no sense, or cannot be. */
int calling_damaged(const struct calling *c, const char *what, struct err *err);
int calling_broken(const struct calling *c, int code, const char *what,
                   struct err *err);

/* wait.json; the number of the call is filled in here. */
int calling_wait(struct calling *c, const struct calls_wait *wait,
                 struct err *err);

#endif

/*
 * result.h - build, verify and publish the result of a task.
 *
 *   work/ID/result/   result.json  task  stdout  stderr  out/…
 *
 * The staged directory is complete when result.json is in it: that file is
 * renamed into it last.  Publishing is one rename into outbox/ or failed/,
 * never replacing: a result is published at most once, and recovery can
 * finish what a crash interrupted.
 *
 * The agent, with the worker and all its children gone and the entry in
 * saving/ (or, for a withdrawal, where it was):
 *   1. result_stage()    gathers the files, hashes them, writes result.json
 *   2. result_sync()     makes it durable
 *   3. result_verify()   reads it back against the manifest
 *   4. result_publish()  rename, sync the directory, then the entry goes
 * Each may be called again after a crash; result_staged() tells where to go
 * on from.
 */
#ifndef SPOOL_RESULT_H
#define SPOOL_RESULT_H

#include "base/json.h"
#include "spool/cascade.h"
#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "spool/task.h"

#define RESULT_FILE   "result.json"
#define RESULT_STAGED "result"

/* What the agent knows about the end of a task. */
struct ending {
	enum outcome outcome;
	const char *reason;  /* NULL, or "exit" "timeout" "crashed" … */
	const char *failure; /* the class of the failure, or NULL */
	const char *message; /* one sentence, or NULL */
	int exit;            /* exit status; -1: did not exit */
	int signal;          /* 0: none */
	int64_t uid;         /* submitter */
	int64_t admitted_ms, started_ms, ended_ms; /* wall clock; 0 unknown */
	int64_t first_started_ms;
	int64_t user_ms, system_ms, wall_ms, max_rss_kib; /* last attempt */
	/* What a task that was cancelled has called; may be NULL. */
	const struct cascade *children;
};

/* 1 if a complete staged result is there, 0 if not. */
int result_staged(const struct desk *d, const char *id);

/*
 * Gather and hash.  -EBADMSG: something in out/ cannot be published (a link,
 * a device, a name), `err` says what; the caller then stages a FAILED ending.
 * Files under out/ go along with any outcome.  `from` is the place and `e`
 * the entry, which stays where it is.
 */
int result_stage(struct desk *d, enum place from, const struct entry *e,
                 const struct task *t, const struct ending *end, int64_t now_ms,
                 struct err *err);

/* Put what is staged of out/ aside, where it is not published. */
int result_refuse(struct desk *d, const char *id);

/*
 * The same for an ending that is no success: what cannot be published of out/
 * is put aside, and does not keep the task from ending.
 */
int result_stage_anyway(struct desk *d, enum place from, const struct entry *e,
                        const struct task *t, const struct ending *end,
                        int64_t now_ms, struct err *err);

int result_sync(struct desk *d, const char *id, struct err *err);

/* -EBADMSG: a file differs from the manifest; `err` names it. */
int result_verify(const struct desk *d, const char *id, struct err *err);

/*
 * Publish the staged result and let the entry go.  -EEXIST from the rename is
 * fine: somebody has published before.  Writes the journal's "end" line.
 */
int result_publish(struct desk *d, struct journal *j, enum place from,
                   const struct entry *e, int64_t now_ms, struct err *err);

/*
 * Only the last step, for an entry whose result a crash left published: the
 * journal's "end" line, and the entry goes.
 */
int result_finish(struct desk *d, struct journal *j, enum place from,
                  const struct entry *e, enum place published, int64_t now_ms,
                  struct err *err);

/*
 * Take work/ID back from a worker that has ended: whatever it made of the
 * directory, it is one again, with nothing staged, and with files where files
 * belong.  Before anything is written there, and before saving/.
 */
int result_reclaim(struct desk *d, const char *id);

/* Remove work/ID and everything in it. */
int result_clean(struct desk *d, const char *id);

/* Remove only the staged result: the task will run again. */
int result_discard(struct desk *d, const char *id);

/* result.json of a published result (PLACE_OUTBOX or PLACE_FAILED). */
int result_read(const struct desk *d, enum place p, const char *id,
                struct json **out, struct err *err);

/* Is there a published result, and not just something of that name? */
bool result_is_there(const struct desk *d, enum place p, const char *id);

/* Compare a published result with its manifest: -EBADMSG and what differs. */
int result_check(const struct desk *d, enum place p, const char *id,
                 struct err *err);

/* "FAILED (exit): it exited with 3": for people. */
void result_describe(const struct json *result, struct str *out);

#endif

/*
 * calls.h - the durable calls of a task: what its script has done already.
 *
 * A task may be run again from its start.  The helpers of a script (step, ask,
 * call, sleep) are numbered from 1 in the order in which a run uses them; the
 * Nth of a later run must be the same, and is answered from work/ID/calls/ if
 * it has come to its end.  Below work/ID:
 *
 *   position              the calls that this run has used, a line each; gone
 *                         before each attempt
 *   wait.json             what this run waits for, when a helper has ended
 *                         with status 79; gone before each attempt
 *   misuse                what was wrong with how this run used them: it does
 *                         nothing more then, and fails; gone before each
 *                         attempt
 *   calls/lock            held by the helper that is at work: one at a time
 *   calls/NNNN/call.json  which helper, with what, since when
 *   calls/NNNN/answer     ask: being there IS the answer, to the byte
 *   calls/NNNN/dropped    call: being there, the child is on disk
 *   calls/NNNN/stdout     step, call: what it wrote
 *   calls/NNNN/done.json  step, call, sleep: its status, its times
 *
 * A helper works by calling.h.  The agent reads calls_waits_for() when the
 * worker has ended, and puts an answer with calls_answer().  The worker can
 * write everywhere in work/ID: whatever is read back is checked.
 */
#ifndef SPOOL_CALLS_H
#define SPOOL_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/name.h"
#include "base/proc.h"
#include "base/str.h"
#include "spool/desk.h"
#include "spool/state.h"

#define CALLS_MAX        9999
#define CALLS_ANSWER_MAX 65536

#define CALLS_DIR    "calls"
#define CALLS_FILE   "call.json"
#define CALLS_ANSWER "answer"
#define CALLS_WAIT   "wait.json"
#define CALLS_MISUSE "misuse"

enum call_kind {
	CALL_NONE,
	CALL_STEP,
	CALL_ASK,
	CALL_CHILD, /* `spoolhand call` */
	CALL_SLEEP,
	CALL_NKINDS,
};

/* calls/NNNN/call.json; the strings are the call's own: calls_done(). */
struct call {
	unsigned n;
	enum call_kind kind;
	char *what;       /* the step's name, the question, AGENT, duration */
	char *digest;     /* of whatever else must not change; may be NULL */
	int64_t begun_ms; /* wall clock */
	int64_t until_ms; /* sleep, deadline of a question: wall clock; 0 */
	int64_t until_boot_ns; /* the same on the boot clock of `boot` */
	char boot[PROC_BOOT_MAX];
	/* ask */
	char **options; /* NULL-ended; NULL: any answer will do */
	char *fallback; /* --default, or NULL */
	/* child */
	char *child; /* ref */
	bool detached;
};

#define autocall scoped(calls_done) struct call

void calls_done(struct call *c);

/* The word of the command line for it: "step", "ask", "call", "sleep". */
const char *calls_kind_name(enum call_kind k);

/* call.json of it, and back: -EBADMSG with what is wrong with the text. */
void calls_print(const struct call *c, struct str *out);
int calls_parse(const char *text, size_t len, struct call *out,
                struct err *err);

/* What the run that has just ended waits for: wait.json. */
struct calls_wait {
	enum block_reason reason; /* BLOCK_QUESTION, _CHILD or _SLEEP */
	unsigned call;            /* its number */
	int64_t until_ms;         /* wall clock; 0: no end */
	int64_t until_boot_ns;    /* the same on the boot clock of `boot` */
	char boot[PROC_BOOT_MAX];
	char on[NAME_REF_MAX]; /* BLOCK_CHILD: the ref */
	char message[512];     /* for people: "asks: Which database?" */
};

/* 1 and `out`, 0 if it waits for nothing (or wait.json makes no sense). */
int calls_waits_for(const struct desk *d, const char *id,
                    struct calls_wait *out);
void calls_print_wait(const struct calls_wait *w, struct str *out);

/* 1 and what the run has done wrong, in words; 0 if nothing. */
int calls_misused(const struct desk *d, const char *id, struct str *why);

/* One recorded call.  -ENOENT: there is none; -EBADMSG: it is damaged. */
int calls_read(const struct desk *d, const char *id, unsigned n,
               struct call *out);

/*
 * The answer to an ask, durably; -EEXIST: it is answered, and keeps its
 * answer.  calls_answered() tells 1 or 0.
 */
int calls_answer(struct desk *d, const char *id, unsigned n, const char *text,
                 size_t len);
int calls_answered(const struct desk *d, const char *id, unsigned n);

/*
 * Call `fn` with every recorded call of the task that can be read, in order,
 * until it returns non-zero, which is returned.
 */
typedef int calls_fn(void *arg, const struct call *c);
int calls_each(const struct desk *d, const char *id, calls_fn *fn, void *arg);

#endif

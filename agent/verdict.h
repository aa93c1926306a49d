/*
 * verdict.h - what an attempt's end means: one table.
 *
 * Pure: how a worker ended, and how often before, gives what happens next.
 * Every end has a name, which results and journals tell, a class, which is
 * what `on` of the agent's `retry` lists, and a rule: against which count and
 * limit it is tried again.
 *
 *   rule          counted in  at most          then
 *   failure       failures    max              BLOCKED(retry)
 *   crash         crashes     crashes          BLOCKED(crashed)
 *   review        reviews     reviews          BLOCKED(retry), no pause
 *   fresh         sessions    1                BLOCKED(retry), no pause
 *   later         deferrals   within           BLOCKED(retry | rate_limit)
 *   not its fault deferrals   -                BLOCKED(retry)
 *   stopped       -           -                BLOCKED(crashed), no pause
 *   never         -           0                -
 */
#ifndef AGENT_VERDICT_H
#define AGENT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "config/config.h"
#include "spool/record.h"

/* The kinds of end; the names are the reasons in results and journals. */
enum verdict {
	VERDICT_OK,
	VERDICT_TEMPORARY,  /* exit 75: run me later */
	VERDICT_RATE_LIMIT, /* what it works with wants a pause */
	VERDICT_TIMEOUT,
	VERDICT_STALLED,       /* no output and no progress for too long */
	VERDICT_EXIT,          /* another status */
	VERDICT_SIGNAL,        /* killed by a signal that was not ours */
	VERDICT_CRASHED,       /* its agent or the machine died */
	VERDICT_NO_OUTPUT,     /* exit 0 without a declared output */
	VERDICT_VERIFY,        /* the verify command said no */
	VERDICT_REVIEW,        /* it said no with words: do it again */
	VERDICT_SESSION,       /* the session is poisoned */
	VERDICT_PERMANENT,     /* exit 64 65 77 78 100: never again */
	VERDICT_BAD_ARTIFACT,  /* something in out/ cannot be published */
	VERDICT_VERIFY_FAILED, /* read-back differs from the manifest */
	VERDICT_INPUTS,        /* an input that was there is gone */
	VERDICT_CANNOT_START,  /* no program, no memory … */
	VERDICT_CANNOT_SAVE,   /* the disk failed under the result */
	VERDICT_NO_ANSWER,     /* a question was not answered in time */
	VERDICT_CANCELLED,
	VERDICT_STOPPED, /* the agent was told to stop now */
	VERDICT_N,
};

enum verdict_action {
	ACT_COMPLETE = 1,
	ACT_FAIL,
	ACT_BLOCK, /* another attempt, after a pause */
};

/* What an end tells of the health of the agent: see breaker.h. */
enum verdict_sign { SIGN_NONE, SIGN_WELL, SIGN_ILL };

/* The circumstances of an attempt's end. */
struct verdict_case {
	const struct config_retry *retry;
	int64_t max;      /* retry->max, unless the task says otherwise */
	const char *ref;  /* with `attempt`, what the jitter is made from */
	unsigned attempt; /* that has ended */
	int64_t now_ms;   /* wall clock */
	int64_t told_ms;  /* the pause that the worker has named; 0: none */
};

struct verdict_next {
	enum verdict_action action;
	enum block_reason reason; /* ACT_BLOCK */
	int64_t wait_ms;
};

/* Of a worker that ended by itself. */
enum verdict verdict_of_exit(int exit_status, int signal);

/*
 * What to do; counts the attempt in `rec`.  `text` already says what
 * happened; the class and the count are added: " (failed, 1 of 3)".
 */
struct verdict_next verdict_decide(enum verdict v, const struct verdict_case *c,
                                   struct record *rec, struct str *text);

/* The pause before attempt n+1 after n failures of the same kind. */
int64_t verdict_pause_ms(const struct verdict_case *c, int64_t n);

/* No pause for this reason is longer. */
int64_t verdict_longest_ms(const struct config_retry *retry,
                           enum block_reason reason);

const char *verdict_name(enum verdict v);

/* "verify_failed"; NULL for an end that is no failure of a class. */
const char *verdict_class(enum verdict v);

enum verdict_sign verdict_sign(enum verdict v);

/* "it exited with status 3", one sentence for people. */
void verdict_say(enum verdict v, int exit_status, int signal, struct str *out);

#endif

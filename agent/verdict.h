/*
 * verdict.h - what an attempt's end means: one table.
 *
 * Pure: how a worker ended, and how often before, gives what happens next.
 */
#ifndef AGENT_VERDICT_H
#define AGENT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "spool/record.h"

/* The kinds of end; the names are the reasons in results and journals. */
enum verdict {
	VERDICT_OK,
	VERDICT_TEMPORARY, /* exit 75: run me later */
	VERDICT_EXIT,      /* another status */
	VERDICT_SIGNAL,    /* killed by a signal that was not ours */
	VERDICT_PERMANENT, /* exit 64 65 77 78 100: never again */
	VERDICT_TIMEOUT,
	VERDICT_NO_OUTPUT,     /* exit 0 without a declared output */
	VERDICT_VERIFY,        /* the verify command said no */
	VERDICT_BAD_ARTIFACT,  /* something in out/ cannot be published */
	VERDICT_VERIFY_FAILED, /* read-back differs from the manifest */
	VERDICT_INPUTS,        /* an input that was there is gone */
	VERDICT_CANNOT_START,  /* no program, no memory … */
	VERDICT_CANNOT_SAVE,   /* the disk failed under the result */
	VERDICT_CANCELLED,
	VERDICT_STOPPED, /* the agent was told to stop now */
	VERDICT_N,
};

enum verdict_action {
	ACT_COMPLETE = 1,
	ACT_FAIL,
	ACT_RETRY,     /* BLOCKED(retry) with backoff */
	ACT_INTERRUPT, /* BLOCKED(crashed), at once */
};

struct verdict_limits {
	int64_t retries;
	int64_t backoff_ms, backoff_max_ms;
};

/* Of a worker that ended by itself. */
enum verdict verdict_of_exit(int exit_status, int signal);

/* What to do; counts the attempt in `rec`, and sets `wait_ms` for a retry. */
enum verdict_action verdict_decide(enum verdict c,
                                   const struct verdict_limits *limits,
                                   struct record *rec, int64_t *wait_ms);

/* The pause before attempt n+1 after n failures: base, doubled, capped. */
int64_t verdict_backoff(const struct verdict_limits *limits, int64_t n);

const char *verdict_name(enum verdict c);

/* "it exited with status 3", one sentence for people. */
void verdict_say(enum verdict c, int exit_status, int signal, struct str *out);

#endif

#include "agent/verdict.h"

#include <string.h>

/* Which failures are tried again, and against which count. */
enum rule {
	RULE_DONE,    /* it is not a failure */
	RULE_LATER,   /* tried again without end, with backoff */
	RULE_RETRY,   /* tried again while `retries` allow */
	RULE_NEVER,   /* final */
	RULE_STOPPED, /* not the task's doing: it goes on at the next start */
};

static const struct row {
	const char *name;
	enum rule rule;
	const char *sentence; /* NULL: verdict_say() puts the number in */
} rows[] = {
	[VERDICT_OK] = { "ok", RULE_DONE, "it exited with status 0" },
	[VERDICT_TEMPORARY] = { "temporary", RULE_LATER,
	                        "it asked to be run later (exit 75)" },
	[VERDICT_EXIT] = { "exit", RULE_RETRY, NULL },
	[VERDICT_SIGNAL] = { "signal", RULE_RETRY, NULL },
	[VERDICT_PERMANENT] = { "permanent", RULE_NEVER, NULL },
	[VERDICT_TIMEOUT] = { "timeout", RULE_RETRY,
	                      "it ran longer than its timeout and was killed" },
	[VERDICT_NO_OUTPUT] = { "no_output", RULE_RETRY,
	                        "it exited with status 0, but a declared output "
	                        "is not there" },
	[VERDICT_VERIFY] = { "verify", RULE_RETRY,
	                     "the verify command refused its result" },
	[VERDICT_BAD_ARTIFACT] = { "bad_artifact", RULE_NEVER,
	                           "something in $TASK_OUT cannot be published" },
	[VERDICT_VERIFY_FAILED] = { "verify_failed", RULE_NEVER,
	                            "what was read back is not what was saved" },
	[VERDICT_INPUTS] = { "inputs", RULE_NEVER,
	                     "its inputs cannot be put into in/" },
	[VERDICT_CANNOT_START] = { "cannot_start", RULE_LATER,
	                           "its worker could not be started" },
	[VERDICT_CANNOT_SAVE] = { "cannot_save", RULE_LATER,
	                          "its result could not be saved" },
	[VERDICT_CANCELLED] = { "cancelled", RULE_NEVER, "it was cancelled" },
	[VERDICT_STOPPED] = { "stopped", RULE_STOPPED,
	                      "its agent was told to stop at once" },
};
_Static_assert(countof(rows) == VERDICT_N, "a row for every class");

static const int permanent[] = { 64, 65, 77, 78, 100 };

enum verdict
verdict_of_exit(int exit_status, int signal)
{
	if (signal)
		return VERDICT_SIGNAL;
	if (exit_status == 0)
		return VERDICT_OK;
	if (exit_status == 75)
		return VERDICT_TEMPORARY;
	for (size_t i = 0; i < countof(permanent); i++)
		if (exit_status == permanent[i])
			return VERDICT_PERMANENT;
	return VERDICT_EXIT;
}

int64_t
verdict_backoff(const struct verdict_limits *limits, int64_t n)
{
	int64_t wait = limits->backoff_ms;

	for (int64_t i = 1; i < n && wait < limits->backoff_max_ms; i++)
		wait *= 2;
	return wait < limits->backoff_max_ms ? wait : limits->backoff_max_ms;
}

enum verdict_action
verdict_decide(enum verdict c, const struct verdict_limits *limits,
               struct record *rec, int64_t *wait_ms)
{
	*wait_ms = 0;
	switch (rows[c].rule) {
	case RULE_DONE:
		return ACT_COMPLETE;
	case RULE_LATER:
		rec->deferrals++;
		*wait_ms = verdict_backoff(limits, rec->deferrals);
		return ACT_RETRY;
	case RULE_RETRY:
		rec->failures++;
		if (rec->failures > limits->retries)
			return ACT_FAIL;
		*wait_ms = verdict_backoff(limits, rec->failures);
		return ACT_RETRY;
	case RULE_STOPPED:
		return ACT_INTERRUPT;
	case RULE_NEVER:
		break;
	}
	return ACT_FAIL;
}

const char *
verdict_name(enum verdict c)
{
	return rows[c].name;
}

void
verdict_say(enum verdict c, int exit_status, int signal, struct str *out)
{
	const char *name;

	switch (c) {
	case VERDICT_EXIT:
		str_addf(out, "it exited with status %d", exit_status);
		break;
	case VERDICT_PERMANENT:
		str_addf(out, "it exited with status %d, which is final",
		         exit_status);
		break;
	case VERDICT_SIGNAL:
		name = sigabbrev_np(signal);
		str_addf(out, "it was killed by signal %d%s%s", signal,
		         name ? " SIG" : "", name ? name : "");
		break;
	default:
		str_adds(out, rows[c].sentence);
	}
}

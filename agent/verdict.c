#include "agent/verdict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"

/* Which ends are tried again, and against which count: see verdict.h. */
enum rule {
	RULE_DONE, /* it is not a failure */
	RULE_FAILURE,
	RULE_CRASH,
	RULE_REVIEW,
	RULE_FRESH,
	RULE_LATER,
	RULE_BLAMELESS,
	RULE_STOPPED,
	RULE_NEVER,
};

#define NO_CLASS CONFIG_NCLASSES

static const struct row {
	const char *name;
	enum rule rule;
	enum config_class class;
	enum verdict_sign sign;
	const char *sentence; /* NULL: verdict_say() puts the number in */
} rows[] = {
	[VERDICT_OK] = { "ok", RULE_DONE, NO_CLASS, SIGN_WELL,
	                 "it exited with status 0" },
	[VERDICT_TEMPORARY] = { "temporary", RULE_LATER, CONFIG_TEMPORARY,
	                        SIGN_ILL,
	                        "it asked to be run later (exit 75)" },
	[VERDICT_RATE_LIMIT] = { "rate_limit", RULE_LATER, CONFIG_RATE_LIMIT,
	                         SIGN_ILL, "it has made too many requests" },
	[VERDICT_TIMEOUT] = { "timeout", RULE_FAILURE, CONFIG_TIMEOUT, SIGN_ILL,
	                      "it ran longer than its timeout and was killed" },
	[VERDICT_STALLED] = { "stalled", RULE_FAILURE, CONFIG_STALLED, SIGN_ILL,
	                      "it neither wrote nor reported anything for too "
	                      "long and was killed" },
	[VERDICT_EXIT] = { "exit", RULE_FAILURE, CONFIG_FAILED, SIGN_ILL,
	                   NULL },
	[VERDICT_SIGNAL] = { "signal", RULE_CRASH, CONFIG_CRASHED, SIGN_ILL,
	                     NULL },
	[VERDICT_CRASHED] = { "crashed", RULE_CRASH, CONFIG_CRASHED, SIGN_NONE,
	                      "its agent died while it ran" },
	[VERDICT_NO_OUTPUT] = { "no_output", RULE_FAILURE, CONFIG_NO_OUTPUT,
	                        SIGN_ILL,
	                        "it exited with status 0, but a declared output "
	                        "is not there" },
	[VERDICT_VERIFY] = { "verify", RULE_FAILURE, CONFIG_VERIFY_FAILED,
	                     SIGN_ILL,
	                     "the verify command refused its result" },
	[VERDICT_REVIEW] = { "verify", RULE_REVIEW, CONFIG_VERIFY_FAILED,
	                     SIGN_NONE, "the verify command sent it back" },
	[VERDICT_SESSION] = { "session", RULE_FRESH, NO_CLASS, SIGN_NONE,
	                      "its session is poisoned" },
	[VERDICT_PERMANENT] = { "permanent", RULE_NEVER, NO_CLASS, SIGN_NONE,
	                        NULL },
	[VERDICT_BAD_ARTIFACT] = { "bad_artifact", RULE_NEVER, NO_CLASS,
	                           SIGN_NONE,
	                           "something in $TASK_OUT cannot be "
	                           "published" },
	[VERDICT_VERIFY_FAILED] = { "verify_failed", RULE_NEVER,
	                            CONFIG_VERIFY_FAILED, SIGN_NONE,
	                            "what was read back is not what was "
	                            "saved" },
	[VERDICT_INPUTS] = { "inputs", RULE_NEVER, NO_CLASS, SIGN_NONE,
	                     "its inputs cannot be put into in/" },
	[VERDICT_CANNOT_START] = { "cannot_start", RULE_BLAMELESS, NO_CLASS,
	                           SIGN_ILL,
	                           "its worker could not be started" },
	[VERDICT_CANNOT_SAVE] = { "cannot_save", RULE_BLAMELESS, NO_CLASS,
	                          SIGN_NONE, "its result could not be saved" },
	[VERDICT_NO_ANSWER] = { "no_answer", RULE_NEVER, NO_CLASS, SIGN_NONE,
	                        "nobody answered its question in time" },
	[VERDICT_CANCELLED] = { "cancelled", RULE_NEVER, NO_CLASS, SIGN_NONE,
	                        "it was cancelled" },
	[VERDICT_STOPPED] = { "stopped", RULE_STOPPED, NO_CLASS, SIGN_NONE,
	                      "its agent was told to stop at once" },
};
_Static_assert(countof(rows) == VERDICT_N, "a row for every end");

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

/* From -1 to 1, the same for the same attempt of the same task. */
static double
chance(const struct verdict_case *c)
{
	autofree char *seed = mem_printf("%s %u", c->ref, c->attempt);
	char hex[DIGEST_TEXT_MAX];

	digest_bytes(seed, strlen(seed), hex);
	hex[8] = '\0';
	return 2.0 * (double)strtoul(hex, NULL, 16) / UINT32_MAX - 1;
}

int64_t
verdict_pause_ms(const struct verdict_case *c, int64_t n)
{
	const struct config_retry *r = c->retry;
	double cap = (double)r->cap_ms, pause = (double)r->base_ms;

	for (int64_t i = 1; i < n && pause < cap && r->factor > 1; i++)
		pause *= r->factor;
	if (pause > cap)
		pause = cap;
	if (r->jitter > 0)
		pause *= 1 + r->jitter * chance(c);
	return (int64_t)(pause + 0.5);
}

int64_t
verdict_longest_ms(const struct config_retry *retry, enum block_reason reason)
{
	return reason == BLOCK_RATE_LIMIT && retry->within_ms > retry->cap_ms ?
	               retry->within_ms :
	               (int64_t)((double)retry->cap_ms * (1 + retry->jitter));
}

static struct verdict_next
again(enum block_reason reason, int64_t wait_ms)
{
	return (struct verdict_next){ ACT_BLOCK, reason, wait_ms };
}

static struct verdict_next
fail(void)
{
	return (struct verdict_next){ .action = ACT_FAIL };
}

/* One more of those of which there may be `limit`; true if there may. */
static bool
count(const char *what, int64_t *n, int64_t limit, struct str *text)
{
	if (++*n > limit)
		return false;
	str_addf(text, " (%s, %" PRId64 " of %" PRId64 ")", what, *n,
	         limit + 1);
	return true;
}

/* It asks for later: as often as it likes, but not for ever. */
static struct verdict_next
later(const struct row *row, const struct verdict_case *c, struct record *rec,
      struct str *text)
{
	int64_t left = c->retry->within_ms;
	int64_t wait = c->told_ms;
	char within[CLOCK_TEXT_MAX];

	(void)clock_format_duration(left, within);
	if (rec->first_started_ms > 0 && rec->first_started_ms < c->now_ms)
		left -= c->now_ms - rec->first_started_ms;
	if (left <= 0) {
		str_addf(text,
		         ", and it is longer than %s since its first start",
		         within);
		return fail();
	}
	rec->deferrals++;
	if (wait <= 0)
		wait = verdict_pause_ms(c, rec->deferrals);
	str_addf(text, " (%s, until %s after its first start)", row->name,
	         within);
	return again(row->class == CONFIG_RATE_LIMIT ? BLOCK_RATE_LIMIT :
	                                               BLOCK_RETRY,
	             wait < left ? wait : left);
}

static struct verdict_next
blameless(const struct row *row, const struct verdict_case *c,
          struct record *rec, struct str *text)
{
	rec->deferrals++;
	str_addf(text, " (%s, without a limit)", row->name);
	return again(BLOCK_RETRY, verdict_pause_ms(c, rec->deferrals));
}

struct verdict_next
verdict_decide(enum verdict v, const struct verdict_case *c, struct record *rec,
               struct str *text)
{
	const struct row *row = &rows[v];
	const char *what = verdict_class(v);

	if (row->class != NO_CLASS && !(c->retry->on >> row->class & 1))
		return fail();
	switch (row->rule) {
	case RULE_DONE:
		return (struct verdict_next){ .action = ACT_COMPLETE };
	case RULE_FAILURE:
		return count(what, &rec->failures, c->max, text) ?
		               again(BLOCK_RETRY,
		                     verdict_pause_ms(c, rec->failures)) :
		               fail();
	case RULE_CRASH:
		return count(what, &rec->crashes, c->retry->crashes, text) ?
		               again(BLOCK_CRASHED,
		                     verdict_pause_ms(c, rec->crashes)) :
		               fail();
	case RULE_REVIEW:
		return count(what, &rec->reviews, c->retry->reviews, text) ?
		               again(BLOCK_RETRY, 0) :
		               fail();
	case RULE_FRESH:
		rec->sessions++;
		str_adds(text, " (session, the only time)");
		return again(BLOCK_RETRY, 0);
	case RULE_LATER:
		return later(row, c, rec, text);
	case RULE_BLAMELESS:
		return blameless(row, c, rec, text);
	case RULE_STOPPED:
		return again(BLOCK_CRASHED, 0);
	case RULE_NEVER:
		break;
	}
	return fail();
}

const char *
verdict_name(enum verdict v)
{
	return rows[v].name;
}

const char *
verdict_class(enum verdict v)
{
	if (v == VERDICT_PERMANENT)
		return rows[v].name;
	return rows[v].class == NO_CLASS ? NULL :
	                                   config_class_name(rows[v].class);
}

enum verdict_sign
verdict_sign(enum verdict v)
{
	return rows[v].sign;
}

void
verdict_say(enum verdict v, int exit_status, int signal, struct str *out)
{
	const char *name;

	switch (v) {
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
		str_adds(out, rows[v].sentence);
	}
}

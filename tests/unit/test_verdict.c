#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/verdict.h"
#include "base/cleanup.h"
#include "tests/support/libcheck.h"

#define NOW INT64_C(1795235958123)

/* As schema.c has them, but for what the tests below change. */
static const struct config_retry usual = {
	.max = 2,
	.base_ms = 1000,
	.factor = 2,
	.cap_ms = 300000,
	.on = (1 << CONFIG_NCLASSES) - 1,
	.crashes = 3,
	.reviews = 3,
	.within_ms = 3600000,
};

static struct verdict_case
a_case(const struct config_retry *retry)
{
	return (struct verdict_case){ .retry = retry,
		                      .max = retry->max,
		                      .ref = "pm/brief",
		                      .attempt = 1,
		                      .now_ms = NOW };
}

static void
an_exit_status_has_a_verdict(void **state)
{
	static const struct {
		int exit, signal;
		enum verdict want;
	} rows[] = {
		{ 0, 0, VERDICT_OK },         { 1, 0, VERDICT_EXIT },
		{ 2, 0, VERDICT_EXIT },       { 75, 0, VERDICT_TEMPORARY },
		{ 64, 0, VERDICT_PERMANENT }, { 65, 0, VERDICT_PERMANENT },
		{ 77, 0, VERDICT_PERMANENT }, { 78, 0, VERDICT_PERMANENT },
		{ 79, 0, VERDICT_EXIT },      { 100, 0, VERDICT_PERMANENT },
		{ 255, 0, VERDICT_EXIT },     { -1, 9, VERDICT_SIGNAL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(verdict_of_exit(rows[i].exit, rows[i].signal),
		                 rows[i].want);
}

/* The whole table, written a second time. */
static const struct expected {
	enum verdict v;
	const char *name, *class;
	enum verdict_sign sign;
	enum verdict_action action;
	enum block_reason reason;
	int64_t wait_ms;
	const char *counted;
} table[] = {
	{ VERDICT_OK, "ok", NULL, SIGN_WELL, ACT_COMPLETE, BLOCK_NONE, 0, "" },
	{ VERDICT_TEMPORARY, "temporary", "temporary", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "deferral" },
	{ VERDICT_RATE_LIMIT, "rate_limit", "rate_limit", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RATE_LIMIT, 1000, "deferral" },
	{ VERDICT_TIMEOUT, "timeout", "timeout", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "failure" },
	{ VERDICT_STALLED, "stalled", "stalled", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "failure" },
	{ VERDICT_EXIT, "exit", "failed", SIGN_ILL, ACT_BLOCK, BLOCK_RETRY,
	  1000, "failure" },
	{ VERDICT_SIGNAL, "signal", "crashed", SIGN_ILL, ACT_BLOCK,
	  BLOCK_CRASHED, 1000, "crash" },
	{ VERDICT_CRASHED, "crashed", "crashed", SIGN_NONE, ACT_BLOCK,
	  BLOCK_CRASHED, 1000, "crash" },
	{ VERDICT_NO_OUTPUT, "no_output", "no_output", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "failure" },
	{ VERDICT_VERIFY, "verify", "verify_failed", SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "failure" },
	{ VERDICT_REVIEW, "verify", "verify_failed", SIGN_NONE, ACT_BLOCK,
	  BLOCK_RETRY, 0, "review" },
	{ VERDICT_SESSION, "session", NULL, SIGN_NONE, ACT_BLOCK, BLOCK_RETRY,
	  0, "session" },
	{ VERDICT_PERMANENT, "permanent", "permanent", SIGN_NONE, ACT_FAIL,
	  BLOCK_NONE, 0, "" },
	{ VERDICT_BAD_ARTIFACT, "bad_artifact", NULL, SIGN_NONE, ACT_FAIL,
	  BLOCK_NONE, 0, "" },
	{ VERDICT_VERIFY_FAILED, "verify_failed", "verify_failed", SIGN_NONE,
	  ACT_FAIL, BLOCK_NONE, 0, "" },
	{ VERDICT_INPUTS, "inputs", NULL, SIGN_NONE, ACT_FAIL, BLOCK_NONE, 0,
	  "" },
	{ VERDICT_CANNOT_START, "cannot_start", NULL, SIGN_ILL, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "deferral" },
	{ VERDICT_CANNOT_SAVE, "cannot_save", NULL, SIGN_NONE, ACT_BLOCK,
	  BLOCK_RETRY, 1000, "deferral" },
	{ VERDICT_NO_ANSWER, "no_answer", NULL, SIGN_NONE, ACT_FAIL, BLOCK_NONE,
	  0, "" },
	{ VERDICT_CANCELLED, "cancelled", NULL, SIGN_NONE, ACT_FAIL, BLOCK_NONE,
	  0, "" },
	{ VERDICT_STOPPED, "stopped", NULL, SIGN_NONE, ACT_BLOCK, BLOCK_CRASHED,
	  0, "" },
};

/* What a record counts, in one word. */
static const char *
counted(const struct record *rec)
{
	if (rec->failures)
		return "failure";
	if (rec->crashes)
		return "crash";
	if (rec->deferrals)
		return "deferral";
	if (rec->reviews)
		return "review";
	return rec->sessions ? "session" : "";
}

static void
every_end_has_its_row(void **state)
{
	bool seen[VERDICT_N] = { false };

	(void)state;
	for (size_t i = 0; i < countof(table); i++) {
		const struct expected *e = &table[i];
		struct verdict_case c = a_case(&usual);
		struct record rec = RECORD_INIT;
		autostr text = STR_INIT;
		struct verdict_next n;

		seen[e->v] = true;
		n = verdict_decide(e->v, &c, &rec, &text);
		check_text(e->name, verdict_name(e->v), e->name);
		check_text(e->name,
		           verdict_class(e->v) ? verdict_class(e->v) : "",
		           e->class ? e->class : "");
		check_number(e->name, (int)verdict_sign(e->v), (int)e->sign);
		check_number(e->name, (int)n.action, (int)e->action);
		check_number(e->name, (int)n.reason, (int)e->reason);
		check_number(e->name, n.wait_ms, e->wait_ms);
		check_text(e->name, counted(&rec), e->counted);
	}
	for (int v = 0; v < VERDICT_N; v++)
		assert_true(seen[v]);
}

static void
what_on_does_not_list_fails_at_once(void **state)
{
	static const struct {
		enum verdict v;
		enum config_class class;
	} rows[] = {
		{ VERDICT_TEMPORARY, CONFIG_TEMPORARY },
		{ VERDICT_RATE_LIMIT, CONFIG_RATE_LIMIT },
		{ VERDICT_TIMEOUT, CONFIG_TIMEOUT },
		{ VERDICT_STALLED, CONFIG_STALLED },
		{ VERDICT_EXIT, CONFIG_FAILED },
		{ VERDICT_SIGNAL, CONFIG_CRASHED },
		{ VERDICT_CRASHED, CONFIG_CRASHED },
		{ VERDICT_NO_OUTPUT, CONFIG_NO_OUTPUT },
		{ VERDICT_VERIFY, CONFIG_VERIFY_FAILED },
		{ VERDICT_REVIEW, CONFIG_VERIFY_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct config_retry retry = usual;
		struct verdict_case c = a_case(&retry);
		struct record rec = RECORD_INIT;
		autostr text = STR_INIT;

		retry.on = INT64_C(1) << rows[i].class;
		assert_int_equal(
			verdict_decide(rows[i].v, &c, &rec, &text).action,
			ACT_BLOCK);
		retry.on = ~retry.on;
		assert_int_equal(
			verdict_decide(rows[i].v, &c, &rec, &text).action,
			ACT_FAIL);
	}
	assert_string_equal(config_class_name(CONFIG_FAILED), "failed");
}

static void
each_kind_is_tried_again_up_to_its_own_limit(void **state)
{
	static const struct {
		enum verdict v;
		int again;
		const char *first;
	} rows[] = {
		{ VERDICT_EXIT, 2, "x (failed, 1 of 3)" },
		{ VERDICT_TIMEOUT, 2, "x (timeout, 1 of 3)" },
		{ VERDICT_STALLED, 2, "x (stalled, 1 of 3)" },
		{ VERDICT_VERIFY, 2, "x (verify_failed, 1 of 3)" },
		{ VERDICT_NO_OUTPUT, 2, "x (no_output, 1 of 3)" },
		{ VERDICT_SIGNAL, 3, "x (crashed, 1 of 4)" },
		{ VERDICT_CRASHED, 3, "x (crashed, 1 of 4)" },
		{ VERDICT_REVIEW, 3, "x (verify_failed, 1 of 4)" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct verdict_case c = a_case(&usual);
		struct record rec = RECORD_INIT;
		int again = 0;

		for (;; again++) {
			autostr text = STR_INIT;

			str_addc(&text, 'x');
			if (verdict_decide(rows[i].v, &c, &rec, &text).action ==
			    ACT_FAIL)
				break;
			if (!again)
				check_text(verdict_name(rows[i].v),
				           str_text(&text), rows[i].first);
		}
		check_number(verdict_name(rows[i].v), again, rows[i].again);
	}
}

static void
failures_of_all_classes_share_one_count(void **state)
{
	struct verdict_case c = a_case(&usual);
	struct record rec = RECORD_INIT;
	autostr text = STR_INIT;

	(void)state;
	assert_int_equal(verdict_decide(VERDICT_EXIT, &c, &rec, &text).action,
	                 ACT_BLOCK);
	assert_int_equal(
		verdict_decide(VERDICT_TIMEOUT, &c, &rec, &text).action,
		ACT_BLOCK);
	/* None of these counts there. */
	assert_int_equal(verdict_decide(VERDICT_SIGNAL, &c, &rec, &text).action,
	                 ACT_BLOCK);
	assert_int_equal(
		verdict_decide(VERDICT_TEMPORARY, &c, &rec, &text).action,
		ACT_BLOCK);
	assert_int_equal(
		verdict_decide(VERDICT_CANNOT_START, &c, &rec, &text).action,
		ACT_BLOCK);
	assert_int_equal(verdict_decide(VERDICT_VERIFY, &c, &rec, &text).action,
	                 ACT_FAIL);
}

static void
what_asks_for_later_has_a_time_and_no_count(void **state)
{
	struct verdict_case c = a_case(&usual);
	struct record rec = RECORD_INIT;
	autostr text = STR_INIT, last = STR_INIT;
	struct verdict_next n;

	(void)state;
	rec.first_started_ms = NOW;
	for (int i = 0; i < 100; i++) {
		n = verdict_decide(VERDICT_TEMPORARY, &c, &rec, &text);
		assert_int_equal(n.action, ACT_BLOCK);
	}
	assert_int_equal(n.wait_ms, 300000);
	/* The last pause ends with the time, so that it has one more try. */
	c.now_ms = NOW + 3600000 - 5;
	n = verdict_decide(VERDICT_RATE_LIMIT, &c, &rec, &text);
	assert_int_equal(n.wait_ms, 5);
	assert_int_equal(n.reason, BLOCK_RATE_LIMIT);
	c.now_ms = NOW + 3600000;
	str_addc(&last, 'x');
	n = verdict_decide(VERDICT_RATE_LIMIT, &c, &rec, &last);
	assert_int_equal(n.action, ACT_FAIL);
	assert_string_equal(
		str_text(&last),
		"x, and it is longer than 1h00m since its first start");
	/* What is not its fault has no limit. */
	c.now_ms = NOW + 999999999999;
	assert_int_equal(
		verdict_decide(VERDICT_CANNOT_START, &c, &rec, &text).action,
		ACT_BLOCK);
	/* A clock that was set back gives no more than the whole time. */
	c.now_ms = 5;
	rec.deferrals = 0;
	n = verdict_decide(VERDICT_TEMPORARY, &c, &rec, &text);
	assert_int_equal(n.wait_ms, 1000);
}

static void
a_pause_that_was_named_is_kept(void **state)
{
	struct verdict_case c = a_case(&usual);
	struct record rec = RECORD_INIT;
	autostr text = STR_INIT;

	(void)state;
	c.told_ms = 61234;
	assert_int_equal(
		verdict_decide(VERDICT_RATE_LIMIT, &c, &rec, &text).wait_ms,
		61234);
	/* But no longer than it may be tried at all. */
	c.told_ms = 86400000;
	assert_int_equal(
		verdict_decide(VERDICT_RATE_LIMIT, &c, &rec, &text).wait_ms,
		3600000);
}

/* E14: min(cap, base * factor^(n-1)), for rows worked out by hand. */
static void
pauses_are_as_the_formula_says(void **state)
{
	static const struct {
		int64_t base_ms, cap_ms;
		double factor;
		int64_t n, want;
	} rows[] = {
		{ 1000, 300000, 2, 1, 1000 },
		{ 1000, 300000, 2, 2, 2000 },
		{ 1000, 300000, 2, 3, 4000 },
		{ 1000, 300000, 2, 9, 256000 },
		{ 1000, 300000, 2, 10, 300000 },
		{ 1000, 300000, 2, 1000000, 300000 },
		{ 1000, 300000, 1, 1, 1000 },
		{ 1000, 300000, 1, 999999, 1000 },
		{ 100, 10000, 1.5, 2, 150 },
		{ 100, 10000, 1.5, 3, 225 },
		{ 100, 10000, 1.5, 4, 338 },
		{ 100, 10000, 3, 5, 8100 },
		{ 100, 10000, 3, 6, 10000 },
		{ 10, 10, 1000, 1, 10 },
		{ 10, 2592000000, 1000, 3, 10000000 },
		{ 10, 2592000000, 1000, 9, 2592000000 },
		{ 500, 1000, 2, 0, 500 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct config_retry retry = { .base_ms = rows[i].base_ms,
			                            .cap_ms = rows[i].cap_ms,
			                            .factor = rows[i].factor };
		struct verdict_case c = a_case(&retry);

		assert_int_equal(verdict_pause_ms(&c, rows[i].n), rows[i].want);
	}
}

/* The first 8 digits of the SHA-256 of "pm/brief 1", "pm/brief 2" … */
static void
jitter_is_the_same_for_the_same_attempt(void **state)
{
	static const struct {
		const char *ref;
		unsigned attempt;
		uint32_t chance;
	} rows[] = {
		{ "pm/brief", 1, 0xe8ecb9b2 },
		{ "pm/brief", 2, 0x39f7ebb1 },
		{ "pm/brief", 3, 0x2f89716e },
		{ "build/a", 1, 0xa8f6c266 },
		{ "build/a", 999999, 0x21094170 },
	};
	struct config_retry retry = usual;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct verdict_case c = a_case(&retry);
		double u = 2.0 * rows[i].chance / UINT32_MAX - 1;

		c.ref = rows[i].ref;
		c.attempt = rows[i].attempt;
		retry.jitter = 0.5;
		check_number(rows[i].ref, verdict_pause_ms(&c, 3),
		             (int64_t)(4000 * (1 + 0.5 * u) + 0.5));
		/* It goes over the cap, too: not all come back at once. */
		retry.jitter = 1;
		check_number(rows[i].ref, verdict_pause_ms(&c, 100),
		             (int64_t)(300000 * (1 + u) + 0.5));
		retry.jitter = 0;
		check_number(rows[i].ref, verdict_pause_ms(&c, 3), 4000);
	}
}

static void
jitter_stays_within_its_part(void **state)
{
	struct config_retry retry = usual;
	struct verdict_case c = a_case(&retry);
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	retry.jitter = 0.25;
	for (c.attempt = 1; c.attempt <= 2000; c.attempt++) {
		int64_t ms = verdict_pause_ms(&c, 1);

		assert_true(ms >= 750 && ms <= 1250);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_true(least < 770 && most > 1230);
	assert_int_equal(verdict_longest_ms(&retry, BLOCK_RETRY), 375000);
	assert_int_equal(verdict_longest_ms(&retry, BLOCK_RATE_LIMIT), 3600000);
}

static void
an_end_is_told_in_a_sentence(void **state)
{
	static const struct {
		enum verdict v;
		int exit, signal;
		const char *want;
	} rows[] = {
		{ VERDICT_EXIT, 3, 0, "it exited with status 3" },
		{ VERDICT_PERMANENT, 65, 0,
		  "it exited with status 65, which is final" },
		{ VERDICT_SIGNAL, -1, 11,
		  "it was killed by signal 11 SIGSEGV" },
		{ VERDICT_OK, 0, 0, "it exited with status 0" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr text = STR_INIT;

		verdict_say(rows[i].v, rows[i].exit, rows[i].signal, &text);
		check_text(rows[i].want, str_text(&text), rows[i].want);
	}
	for (int v = 0; v < VERDICT_N; v++) {
		autostr text = STR_INIT;

		verdict_say((enum verdict)v, 1, 1, &text);
		assert_true(text.len > 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_status_has_a_verdict),
		cmocka_unit_test(every_end_has_its_row),
		cmocka_unit_test(what_on_does_not_list_fails_at_once),
		cmocka_unit_test(each_kind_is_tried_again_up_to_its_own_limit),
		cmocka_unit_test(failures_of_all_classes_share_one_count),
		cmocka_unit_test(what_asks_for_later_has_a_time_and_no_count),
		cmocka_unit_test(a_pause_that_was_named_is_kept),
		cmocka_unit_test(pauses_are_as_the_formula_says),
		cmocka_unit_test(jitter_is_the_same_for_the_same_attempt),
		cmocka_unit_test(jitter_stays_within_its_part),
		cmocka_unit_test(an_end_is_told_in_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

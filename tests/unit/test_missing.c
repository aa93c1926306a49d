#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/waiting.h"
#include "base/cleanup.h"
#include "tests/support/libcheck.h"

#define SINCE 1000000
#define LIMIT 60000 /* of input_timeout */
#define EARLY (SINCE + LIMIT - 1)
#define LATE  (SINCE + LIMIT)

static void
each_policy_has_its_end(void **state)
{
	static const struct {
		const char *what;
		int on_failure, on_timeout;
		size_t waiting, failed;
		int64_t timeout_ms, now_ms;
		enum missing_act act;
	} rows[] = {
		{ "all there", DEP_SKIP, LATE_FAIL, 0, 0, LIMIT, LATE,
		  MISSING_GO },
		{ "no limit", DEP_SKIP, LATE_FAIL, 1, 0, 0, LATE,
		  MISSING_WAIT },
		{ "in time", DEP_SKIP, LATE_FAIL, 1, 0, LIMIT, EARLY,
		  MISSING_WAIT },
		{ "late", DEP_SKIP, LATE_FAIL, 1, 0, LIMIT, LATE,
		  MISSING_LATE },
		{ "late, run", DEP_SKIP, LATE_RUN, 2, 0, LIMIT, LATE,
		  MISSING_WITHOUT },
		{ "late, ask", DEP_SKIP, LATE_ASK, 1, 0, LIMIT, LATE,
		  MISSING_ASK },
		{ "skip", DEP_SKIP, LATE_RUN, 1, 1, LIMIT, EARLY,
		  MISSING_FAILED },
		{ "skip goes first", DEP_SKIP, LATE_RUN, 0, 1, LIMIT, LATE,
		  MISSING_FAILED },
		{ "block", DEP_BLOCK, LATE_FAIL, 0, 1, 0, LATE, MISSING_WAIT },
		{ "block, in time", DEP_BLOCK, LATE_FAIL, 0, 1, LIMIT, EARLY,
		  MISSING_WAIT },
		{ "block, late", DEP_BLOCK, LATE_FAIL, 0, 1, LIMIT, LATE,
		  MISSING_LATE },
		{ "fallback", DEP_FALLBACK, LATE_FAIL, 0, 2, 0, LATE,
		  MISSING_WITHOUT },
		{ "fallback waits for the rest", DEP_FALLBACK, LATE_FAIL, 1, 1,
		  LIMIT, EARLY, MISSING_WAIT },
		{ "but not too long", DEP_FALLBACK, LATE_RUN, 1, 1, LIMIT, LATE,
		  MISSING_WITHOUT },
		{ "ask", DEP_ASK, LATE_FAIL, 1, 1, LIMIT, EARLY, MISSING_ASK },
		{ "ask, and nobody answers", DEP_ASK, LATE_FAIL, 1, 1, LIMIT,
		  LATE, MISSING_LATE },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct waiting w = { .since_ms = SINCE };
		const struct inputs look = { .waiting = rows[i].waiting,
			                     .failed = rows[i].failed,
			                     .failed_ms = SINCE };
		const struct task t = {
			.on_dependency_failure = rows[i].on_failure,
			.on_input_timeout = rows[i].on_timeout,
			.input_timeout_ms = rows[i].timeout_ms,
		};
		int64_t until_ms;

		check_number(rows[i].what,
		             missing_decide(&w, &t, &look, rows[i].now_ms,
		                            &until_ms),
		             rows[i].act);
		if (rows[i].act == MISSING_WAIT)
			check_number(rows[i].what, until_ms,
			             rows[i].timeout_ms ? LATE : 0);
	}
}

static void
an_answer_holds_for_what_was_known_then(void **state)
{
	struct waiting w = { .since_ms = SINCE, .answered_ms = SINCE };
	struct inputs look = { .failed = 1, .failed_ms = SINCE - 1 };
	const struct task t = { .on_dependency_failure = DEP_ASK };
	int64_t until_ms;

	(void)state;
	assert_int_equal(missing_decide(&w, &t, &look, LATE, &until_ms),
	                 MISSING_WAIT);
	look.failed_ms = SINCE + 1;
	assert_int_equal(missing_decide(&w, &t, &look, LATE, &until_ms),
	                 MISSING_ASK);
	w.without = true;
	assert_int_equal(missing_decide(&w, &t, &look, LATE, &until_ms),
	                 MISSING_GO);
}

static void
the_first_of_many_is_named(void **state)
{
	struct inputs look = { .waiting = 1 };
	autofree char *one = NULL;
	autofree char *more = NULL;

	(void)state;
	str_adds(&look.wait, "waits for pm/a");
	str_adds(&look.fail, "pm/b did not complete");
	one = missing_words(&look);
	assert_string_equal(one, "waits for pm/a");
	look.failed = 2;
	more = missing_words(&look);
	assert_string_equal(more, "pm/b did not complete, and 2 more");
	inputs_done(&look);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_policy_has_its_end),
		cmocka_unit_test(an_answer_holds_for_what_was_known_then),
		cmocka_unit_test(the_first_of_many_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

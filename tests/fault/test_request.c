#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "spool/request.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static void
prepare_none(struct fixture *f)
{
	(void)f;
}

static int
cancel(struct fixture *f)
{
	const struct request rq = { REQUEST_CANCEL, "a" };

	return request_drop(f->desk, &rq, NULL);
}

static void
check_cancel(struct fixture *f, const char *row, int result)
{
	if (result >= 0 && !fixture_has(f, PLACE_REQUESTS, "cancel.a"))
		fail_msg("%s: success was told", row);
}

static int
resume_cancel(struct fixture *f, bool died)
{
	(void)died;
	return cancel(f);
}

static void
after_cancel(struct fixture *f, const char *row)
{
	if (!fixture_has(f, PLACE_REQUESTS, "cancel.a"))
		fail_msg("%s: the request is not there", row);
}

static void
a_request_is_there_or_was_not_promised(void **state)
{
	static const struct fault_case c = { prepare_none, cancel, check_cancel,
		                             resume_cancel, after_cancel };

	(void)state;
	fault_run(&c);
}

static void
prepare_resume(struct fixture *f)
{
	fixture_put(f, PLACE_REQUESTS, "pause", "");
	fixture_put(f, PLACE_REQUESTS, "resume", "");
}

static int
pause_again(struct fixture *f)
{
	const struct request rq = { REQUEST_PAUSE, "" };

	return request_drop(f->desk, &rq, NULL);
}

static void
check_pause(struct fixture *f, const char *row, int result)
{
	if (!request_paused(f->desk))
		fail_msg("%s: the pause is gone", row);
	if (result >= 0 && fixture_has(f, PLACE_REQUESTS, "resume"))
		fail_msg("%s: success was told", row);
}

static int
resume_pause(struct fixture *f, bool died)
{
	(void)died;
	return pause_again(f);
}

static void
after_pause(struct fixture *f, const char *row)
{
	check_pause(f, row, 0);
}

static void
a_pause_overrules_a_resume_or_says_that_it_did_not(void **state)
{
	static const struct fault_case c = { prepare_resume, pause_again,
		                             check_pause, resume_pause,
		                             after_pause };

	(void)state;
	fault_run(&c);
}

static void
a_request_is_synced_before_it_is_promised(void **state)
{
	struct fixture *f = *state;
	autofree char *first = NULL;
	autofree char *second = NULL;

	f->spool->durable = true;
	first = fault_trace(f, cancel);
	assert_string_equal(first, "create:.cancel.a.tmp fsync:.cancel.a.tmp "
	                           "rename:cancel.a fsync:requests ");
	/* Who finds it there does not know that it was synced. */
	second = fault_trace(f, cancel);
	assert_true(str_ends(second, "fsync:requests "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_there_or_was_not_promised),
		cmocka_unit_test(
			a_pause_overrules_a_resume_or_says_that_it_did_not),
		cmocka_unit_test_setup_teardown(
			a_request_is_synced_before_it_is_promised,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

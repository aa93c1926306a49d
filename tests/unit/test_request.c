#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/request.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
requests_are_told_by_their_names(void **state)
{
	static const struct {
		const char *name;
		enum request_verb verb;
		const char *id;
	} rows[] = {
		{ "cancel.brief", REQUEST_CANCEL, "brief" },
		{ "retry.brief.v2", REQUEST_RETRY, "brief.v2" },
		{ "pause", REQUEST_PAUSE, "" },
		{ "resume", REQUEST_RESUME, "" },
		{ "cancel.pause", REQUEST_CANCEL, "pause" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct request rq = { REQUEST_NONE, "left over" };

		check_number(rows[i].name,
		             request_parse(rows[i].name, &rq, NULL), 0);
		check_number(rows[i].name, rq.verb, rows[i].verb);
		check_text(rows[i].name, rq.id, rows[i].id);
	}
}

static void
anything_else_is_refused_with_a_remedy(void **state)
{
	static const char *const rows[] = {
		"",           "cancel",  "cancel.", "cancel..", "cancel.-",
		"cancel.a b", "canc",    "p",       "pause.a",  "pause.",
		"resume.x",   "pausex",  "Pause",   "retry",    "retry./etc",
		"stop",       "cancelx",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct request rq;
		struct err err = { "" };

		check_number(rows[i], request_parse(rows[i], &rq, &err),
		             -EBADMSG);
		check_contains(rows[i], err.text, "cancel.ID");
	}
}

static void
an_id_that_is_too_long_is_refused(void **state)
{
	autofree char *id = mem_new(1, NAME_LONGEST + 2);
	autofree char *name = NULL;
	struct request rq;

	(void)state;
	memset(id, 'x', NAME_LONGEST + 1);
	name = mem_printf("cancel.%s", id);
	assert_int_equal(request_parse(name, &rq, NULL), -EBADMSG);
}

static void
a_dropped_request_is_read_back_from_its_name(void **state)
{
	static const struct request rows[] = {
		{ REQUEST_CANCEL, "brief" },
		{ REQUEST_RETRY, "brief" },
		{ REQUEST_PAUSE, "" },
		{ REQUEST_RESUME, "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		autofree char *name = NULL;
		struct request back;

		for (int again = 0; again < 2; again++)
			assert_int_equal(request_drop(f->desk, &rows[i], NULL),
			                 0);
		name = scratch_list(f->desk->at[PLACE_REQUESTS], ".");
		assert_int_equal(request_parse(name, &back, NULL), 0);
		assert_int_equal(back.verb, rows[i].verb);
		assert_string_equal(back.id, rows[i].id);
		fixture_free(f);
	}
}

static void
a_request_by_hand_is_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct request rq = { REQUEST_CANCEL, "a" };
	autofree char *text = NULL;

	fixture_put(f, PLACE_REQUESTS, "cancel.a", "by hand");
	assert_int_equal(request_drop(f->desk, &rq, NULL), 0);
	text = fixture_read(f, PLACE_REQUESTS, "cancel.a");
	assert_string_equal(text, "by hand");
}

static void
a_desk_is_paused_while_the_file_is_there(void **state)
{
	struct fixture *f = *state;
	struct request pause = { REQUEST_PAUSE, "" };
	struct request resume = { REQUEST_RESUME, "" };

	assert_false(request_paused(f->desk));
	assert_int_equal(request_drop(f->desk, &pause, NULL), 0);
	assert_true(request_paused(f->desk));
	assert_int_equal(request_drop(f->desk, &resume, NULL), 0);
	/* That is for the agent to honour. */
	assert_true(request_paused(f->desk));
}

static void
a_pause_overrules_a_resume_that_nobody_has_read(void **state)
{
	struct fixture *f = *state;
	struct request pause = { REQUEST_PAUSE, "" };
	struct request resume = { REQUEST_RESUME, "" };
	autofree char *names = NULL;

	assert_int_equal(request_drop(f->desk, &pause, NULL), 0);
	assert_int_equal(request_drop(f->desk, &resume, NULL), 0);
	assert_int_equal(request_drop(f->desk, &pause, NULL), 0);
	names = scratch_list(f->desk->at[PLACE_REQUESTS], ".");
	assert_string_equal(names, "pause");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_told_by_their_names),
		cmocka_unit_test(anything_else_is_refused_with_a_remedy),
		cmocka_unit_test(an_id_that_is_too_long_is_refused),
		cmocka_unit_test(a_dropped_request_is_read_back_from_its_name),
		TEST(a_request_by_hand_is_left_as_it_is),
		TEST(a_desk_is_paused_while_the_file_is_there),
		TEST(a_pause_overrules_a_resume_that_nobody_has_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

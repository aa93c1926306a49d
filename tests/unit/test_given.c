#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/given.h"
#include "tests/support/libcheck.h"

static const char line[] =
	"{\"task\":{\"id\":\"brief\",\"ref\":\"pm/brief\",\"agent\":\"pm\","
	"\"attempt\":2,\"file\":\"/f\",\"in\":\"/i\",\"out\":\"/o\","
	"\"work\":\"/w\",\"body_file\":\"/b\",\"body_at\":17,"
	"\"body\":\"hello\\n\",\"env\":{\"TASK_ID\":\"brief\",\"NUMBER\":1},"
	"\"later\":[]}}";

static void
a_line_gives_a_task(void **state)
{
	autogiven t = { 0 };
	struct err err = { "" };
	const char *body;
	size_t len;

	(void)state;
	assert_int_equal(given_by_line(&t, line, strlen(line), &err), 0);
	assert_string_equal(t.id, "brief");
	assert_string_equal(t.ref, "pm/brief");
	assert_string_equal(t.agent, "pm");
	assert_int_equal(t.attempt, 2);
	assert_string_equal(t.file, "/f");
	assert_string_equal(t.in, "/i");
	assert_string_equal(t.out, "/o");
	assert_string_equal(t.work, "/w");
	assert_string_equal(t.body_file, "/b");
	assert_int_equal(t.body_at, 17);
	assert_int_equal(given_body(&t, &body, &len), 0);
	assert_string_equal(body, "hello\n");
	assert_int_equal(len, 6);
	assert_int_equal(unsetenv("NUMBER"), 0);
	given_export(&t);
	assert_string_equal(getenv("TASK_ID"), "brief");
	assert_null(getenv("NUMBER"));
}

static void
what_is_no_task_is_refused(void **state)
{
	static const struct {
		const char *text, *err;
	} rows[] = {
		{ "", "no JSON" },
		{ "hello", "no JSON" },
		{ "[]", "no \"id\"" },
		{ "{}", "no \"id\"" },
		{ "{\"task\":{\"id\":1}}", "no \"id\"" },
		{ "{\"task\":{\"id\":\"x\"}}", "no \"ref\"" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autogiven t = { 0 };
		struct err err = { "" };

		check_number(rows[i].text,
		             given_by_line(&t, rows[i].text,
		                           strlen(rows[i].text), &err),
		             -EBADMSG);
		check_contains(rows[i].text, err.text, rows[i].err);
	}
}

static void
the_environment_gives_one(void **state)
{
	static const char *const names[] = { "TASK_ID",      "TASK_REF",
		                             "TASK_AGENT",   "TASK_IN",
		                             "TASK_OUT",     "TASK_WORK",
		                             "TASK_ATTEMPT", "TASK_FILE" };
	struct err err = { "" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		assert_int_equal(setenv(names[i], "7", 1), 0);
	assert_int_equal(setenv("TASK_FD", "3", 1), 0);
	for (size_t i = 0; i < countof(names); i++) {
		autogiven t = { 0 };

		assert_int_equal(unsetenv(names[i]), 0);
		assert_int_equal(given_by_env(&t, &err), -ENOENT);
		check_contains(names[i], err.text, names[i]);
		assert_int_equal(setenv(names[i], names[i], 1), 0);
		assert_int_equal(given_by_env(&t, &err), 0);
		assert_int_equal(t.progress_fd, 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_gives_a_task),
		cmocka_unit_test(what_is_no_task_is_refused),
		cmocka_unit_test(the_environment_gives_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

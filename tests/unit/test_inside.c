#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/clock.h"
#include "base/mem.h"
#include "cli/inside.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static const char *const names[] = { "SPOOLHAND_ROOT", "TASK_REF",
	                             "TASK_ATTEMPT", "TASK_WORK", INSIDE_STEP };

static int
setup(void **state)
{
	struct fixture *f = fixture_new();
	autofree char *work =
		mem_printf("%s/agents/pm/work/t", f->scratch->path);

	(void)fixture_task(f, PLACE_RUNNING, 3, "t", "body\n");
	scratch_mkdir(f->desk->at[PLACE_WORK], "t");
	scratch_mkdir(f->desk->at[PLACE_WORK], "other");
	(void)setenv("SPOOLHAND_ROOT", f->scratch->path, 1);
	(void)setenv("TASK_REF", "pm/t", 1);
	(void)setenv("TASK_ATTEMPT", "0", 1);
	(void)setenv("TASK_WORK", work, 1);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	for (size_t i = 0; i < countof(names); i++)
		(void)unsetenv(names[i]);
	return fixture_teardown(state);
}

static int
try_to_open(void)
{
	struct context cx = { 0 };
	struct inside in;
	int r = inside_open(&in, &cx, "step");

	inside_done(&in);
	context_done(&cx);
	return r;
}

static void
the_task_that_runs_is_found(void **state)
{
	struct context cx = { 0 };
	struct inside in;

	(void)state;
	assert_int_equal(inside_open(&in, &cx, "step"), EXIT_FINE);
	assert_string_equal(in.desk->name, "pm");
	assert_string_equal(in.entry.id, "t");
	assert_int_equal(in.entry.seq, 3);
	assert_string_equal(in.name, "5.000000000003.0.t");
	/* No configuration that can be read: the most is done. */
	assert_true(cx.spool->durable);
	inside_done(&in);
	context_done(&cx);
}

static void
durability_is_as_configured(void **state)
{
	struct fixture *f = *state;
	struct context cx = { 0 };
	struct inside in;

	scratch_write(f->scratch->fd, "spoolhand.yaml",
	              "durability: process\nagents:\n  pm: {shell: cat}\n");
	assert_int_equal(inside_open(&in, &cx, "step"), EXIT_FINE);
	assert_false(cx.spool->durable);
	inside_done(&in);
	context_done(&cx);
}

static void
nothing_else_is_inside_of_a_task(void **state)
{
	static const struct {
		const char *name, *value; /* NULL: not set */
	} rows[] = {
		{ "SPOOLHAND_ROOT", NULL }, { "TASK_REF", NULL },
		{ "TASK_REF", "" },         { "TASK_REF", "pm" },
		{ "TASK_REF", "pm/other" }, { "TASK_REF", "../pm/t" },
		{ "TASK_REF", "nobody/t" }, { "TASK_ATTEMPT", NULL },
		{ "TASK_ATTEMPT", "1" },    { "TASK_ATTEMPT", "00" },
		{ "TASK_ATTEMPT", "x" },    { "TASK_WORK", NULL },
		{ "TASK_WORK", "/" },       { "TASK_WORK", "/no/such/folder" },
		{ INSIDE_STEP, "outer" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *row =
			mem_printf("%s=%s", rows[i].name,
		                   rows[i].value ? rows[i].value : "");
		autofree char *was = NULL;
		const char *old = getenv(rows[i].name);

		was = old ? mem_dup(old) : NULL;
		if (rows[i].value)
			(void)setenv(rows[i].name, rows[i].value, 1);
		else
			(void)unsetenv(rows[i].name);
		check_number(row, try_to_open(), EXIT_USAGE);
		if (was)
			(void)setenv(rows[i].name, was, 1);
		else
			(void)unsetenv(rows[i].name);
	}
	assert_int_equal(try_to_open(), EXIT_FINE);
	(void)state;
}

static void
a_task_that_is_only_saved_is_not_at_work(void **state)
{
	struct fixture *f = *state;

	scratch_rename(f->desk->fd, "running/5.000000000003.0.t",
	               "saving/5.000000000003.0.t");
	assert_int_equal(try_to_open(), EXIT_USAGE);
}

static void
errors_of_a_call_have_their_statuses(void **state)
{
	static const struct {
		int code, status;
	} rows[] = {
		{ -EAGAIN, EXIT_USAGE },       { -EINPROGRESS, EXIT_BLOCKED },
		{ -EBADMSG, EXIT_BAD_DATA },   { -ENOSPC, EXIT_TRY_LATER },
		{ -EACCES, EXIT_NOT_ALLOWED }, { -EIO, EXIT_IO },
		{ -EDQUOT, EXIT_TRY_LATER },
	};
	const struct err err = { "a sentence" };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(inside_fail(rows[i].code, &err),
		                 rows[i].status);
}

static void
an_end_is_noted_by_both_clocks(void **state)
{
	int64_t before_ms = clock_wall_ms(), before_ns = clock_boot_ns();
	int64_t until_ms, until_ns;
	char boot[PROC_BOOT_MAX];

	(void)state;
	assert_int_equal(inside_until(5000, &until_ms, &until_ns, boot), 0);
	assert_in_range(until_ms, before_ms + 5000, clock_wall_ms() + 5000);
	assert_in_range(until_ns, before_ns + 5000 * CLOCK_NS_PER_MS,
	                clock_boot_ns() + 5000 * CLOCK_NS_PER_MS);
	assert_int_equal(strlen(boot), 36);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_task_that_runs_is_found),
		TEST(durability_is_as_configured),
		TEST(nothing_else_is_inside_of_a_task),
		TEST(a_task_that_is_only_saved_is_not_at_work),
		cmocka_unit_test(errors_of_a_call_have_their_statuses),
		cmocka_unit_test(an_end_is_noted_by_both_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

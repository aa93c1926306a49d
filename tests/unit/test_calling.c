#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/calling.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define ID   "t"
#define STEP CALL_STEP

static void
begin_run(struct fixture *f)
{
	int work = f->desk->at[PLACE_WORK];

	if (!scratch_has(work, ID))
		scratch_mkdir(work, ID);
	assert_int_equal(sys_remove_tree(work, ID "/position"), 0);
	assert_int_equal(sys_remove_tree(work, ID "/wait.json"), 0);
}

static int
begin(struct fixture *f, struct calling *c, enum call_kind kind,
      const char *what, struct err *err)
{
	return calling_begin(c, f->desk, ID, kind, what, err);
}

/* A whole step that writes `output` and exits with `status`. */
static void
step(struct fixture *f, const char *name, const char *output, int status,
     bool final)
{
	struct call_end end = { .status = status,
		                .final = final,
		                .attempt = 1,
		                .size = (int64_t)strlen(output) };
	autocalling c = CALLING_INIT;
	autoclose int out = -1;

	assert_int_equal(begin(f, &c, STEP, name, NULL), 0);
	if (!c.recorded)
		assert_int_equal(calling_record(&c, NULL), 0);
	out = calling_output(&c, NULL);
	assert_true(out >= 0);
	assert_int_equal(sys_write_all(out, output, strlen(output)), 0);
	assert_int_equal(calling_finish(&c, &end, out, NULL), 0);
}

/* What a run finds at its next place; its status if it is not done again. */
static int
ended(struct fixture *f, const char *name)
{
	autocalling c = CALLING_INIT;
	struct call_end end = { .status = -1 };
	struct err err = { "" };
	int r = begin(f, &c, STEP, name, &err);

	if (r == 0)
		r = calling_ended(&c, &end, &err);
	if (r < 0)
		fail_msg("%s: %s", name, err.text);
	return r ? end.status : -1;
}

static void
calls_are_numbered_and_found_again(void **state)
{
	struct fixture *f = *state;

	begin_run(f);
	step(f, "a", "out of a", 0, false);
	step(f, "b", "", 0, false);
	begin_run(f);
	assert_int_equal(ended(f, "a"), 0);
	assert_int_equal(ended(f, "b"), 0);
	assert_int_equal(ended(f, "c"), -1);
}

static void
a_failure_is_done_again_unless_it_is_final(void **state)
{
	struct fixture *f = *state;

	begin_run(f);
	step(f, "a", "x", 3, false);
	step(f, "b", "x", 4, true);
	begin_run(f);
	assert_int_equal(ended(f, "a"), -1);
	assert_int_equal(ended(f, "b"), 4);
}

static void
what_was_begun_is_done_again(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;
	autoclose int out = -1;

	begin_run(f);
	assert_int_equal(begin(f, &c, STEP, "a", NULL), 0);
	assert_int_equal(calling_record(&c, NULL), 0);
	out = calling_output(&c, NULL);
	assert_int_equal(sys_write_all(out, "half", 4), 0);
	calling_close(&c);
	begin_run(f);
	assert_int_equal(ended(f, "a"), -1);
	begin_run(f);
	step(f, "a", "whole", 0, false);
	begin_run(f);
	assert_int_equal(ended(f, "a"), 0);
}

/* Each row: what the earlier run did first, what this one does. */
static void
another_call_in_its_place_is_refused(void **state)
{
	static const struct {
		enum call_kind was, now;
		const char *was_what, *now_what, *text;
	} rows[] = {
		{ STEP, STEP, "a", "b",
		  "call 1 of this task was step 'a', now it is step 'b': the "
		  "order may not change between runs" },
		{ CALL_ASK, STEP, "a", "a", "was ask 'a', now it is step 'a'" },
		{ CALL_ASK, CALL_ASK, "0123456789",
		  "0123456789012345678901234567890123456789"
		  "012345678901234567\xc3\xa4\xc3\xa4",
		  "now it is ask '0123456789012345678901234567890123456789"
		  "012345678901234567\xc3\xa4...'" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct err err = { "" };
		autocalling c = CALLING_INIT;

		begin_run(f);
		assert_int_equal(
			begin(f, &c, rows[i].was, rows[i].was_what, NULL), 0);
		assert_int_equal(calling_record(&c, NULL), 0);
		calling_close(&c);
		begin_run(f);
		check_number(rows[i].text,
		             begin(f, &c, rows[i].now, rows[i].now_what, &err),
		             -EBADMSG);
		check_contains("error", err.text, rows[i].text);
		calling_close(&c);
		fixture_free(f);
	}
}

static void
a_name_is_used_once_in_a_run(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;
	struct err err = { "" };

	begin_run(f);
	step(f, "a", "", 0, false);
	step(f, "a b", "", 0, false);
	step(f, "b", "", 0, false);
	assert_int_equal(begin(f, &c, STEP, "a", &err), -EBADMSG);
	assert_non_null(strstr(err.text, "step 'a' was used before"));
	calling_close(&c);
	/* Whoever passes over that gets no further. */
	assert_int_equal(begin(f, &c, STEP, "c", &err), -EBADMSG);
	assert_non_null(strstr(err.text, "step 'a' was used before"));
	calling_close(&c);
	scratch_unlink(f->desk->at[PLACE_WORK], ID "/" CALLS_MISUSE);
	/* A question may be asked twice. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(begin(f, &c, CALL_ASK, "a", NULL), 0);
		calling_close(&c);
	}
}

static void
a_second_helper_at_the_same_time_is_refused(void **state)
{
	struct fixture *f = *state;
	autocalling one = CALLING_INIT, two = CALLING_INIT;
	struct err err = { "" };

	begin_run(f);
	assert_int_equal(begin(f, &one, STEP, "a", NULL), 0);
	assert_int_equal(begin(f, &two, STEP, "b", &err), -EAGAIN);
	assert_non_null(strstr(err.text, "one after another"));
	calling_close(&two);
	calling_close(&one);
	assert_int_equal(begin(f, &two, STEP, "b", NULL), 0);
	/* The refused one has not taken a place. */
	assert_int_equal(two.call.n, 2);
}

static void
a_run_that_waits_makes_no_further_call(void **state)
{
	struct calls_wait w = { .reason = BLOCK_QUESTION,
		                .message = "asks: why?" };
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;
	struct calls_wait back;
	struct err err = { "" };

	begin_run(f);
	step(f, "a", "", 0, false);
	assert_int_equal(begin(f, &c, CALL_ASK, "why?", NULL), 0);
	assert_int_equal(calling_record(&c, NULL), 0);
	assert_int_equal(calling_wait(&c, &w, NULL), 0);
	calling_close(&c);
	assert_int_equal(calls_waits_for(f->desk, ID, &back), 1);
	assert_int_equal(back.call, 2);
	assert_int_equal(begin(f, &c, STEP, "b", &err), -EINPROGRESS);
	assert_non_null(strstr(err.text, "this run asks: why?"));
	calling_close(&c);
	begin_run(f);
	assert_int_equal(ended(f, "a"), 0);
}

static void
what_else_must_be_the_same_is_compared(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;
	struct err err = { "" };

	begin_run(f);
	assert_int_equal(begin(f, &c, CALL_ASK, "q", NULL), 0);
	assert_int_equal(calling_compare(&c, "aaa", "its options", NULL), 0);
	assert_int_equal(calling_record(&c, NULL), 0);
	calling_close(&c);
	begin_run(f);
	assert_int_equal(begin(f, &c, CALL_ASK, "q", NULL), 0);
	assert_true(c.recorded);
	assert_int_equal(calling_compare(&c, "aaa", "its options", NULL), 0);
	assert_int_equal(calling_compare(&c, "bbb", "its options", &err),
	                 -EBADMSG);
	assert_non_null(strstr(err.text, "call 1 of this task, ask 'q', is "
	                                 "not as in the run before: its "
	                                 "options changed"));
}

static void
a_mark_stays(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;

	begin_run(f);
	assert_int_equal(begin(f, &c, STEP, "a", NULL), 0);
	assert_int_equal(calling_record(&c, NULL), 0);
	assert_false(calling_marked(&c, "dropped"));
	assert_int_equal(calling_mark(&c, "dropped", NULL), 0);
	calling_close(&c);
	begin_run(f);
	assert_int_equal(begin(f, &c, STEP, "a", NULL), 0);
	assert_true(calling_marked(&c, "dropped"));
}

/* One thing that a worker can do to what is recorded. */
static void
damage(struct fixture *f, const char *path, const char *text)
{
	int work = f->desk->at[PLACE_WORK];
	autofree char *whole = mem_printf(ID "/%s", path);

	assert_int_equal(sys_remove_tree(work, whole), 0);
	if (strcmp(text, "fifo") == 0)
		scratch_fifo(work, whole);
	else if (strcmp(text, "link") == 0)
		scratch_symlink(work, "/etc/passwd", whole);
	else if (strcmp(text, "directory") == 0)
		scratch_mkdir(work, whole);
	else if (strcmp(text, "gone") != 0)
		scratch_write(work, whole, text);
}

static void
damage_is_told_and_nothing_is_done_twice_by_it(void **state)
{
	static const struct {
		const char *path, *with;
	} rows[] = {
		{ "calls", "a file" },
		{ "calls", "link" },
		{ "calls", "fifo" },
		{ "calls/lock", "fifo" },
		{ "calls/lock", "directory" },
		{ "calls/lock", "link" },
		{ "position", "fifo" },
		{ "position", "directory" },
		{ "position", "link" },
		{ "calls/0001", "a file" },
		{ "calls/0001", "link" },
		{ "calls/0001/call.json", "" },
		{ "calls/0001/call.json", "{}" },
		{ "calls/0001/call.json", "fifo" },
		{ "calls/0001/call.json", "directory" },
		{ "calls/0001/done.json", "" },
		{ "calls/0001/done.json", "{}" },
		{ "calls/0001/done.json", "[1" },
		{ "calls/0001/done.json", "{\"status\":256,\"size\":3}" },
		{ "calls/0001/done.json", "{\"status\":\"0\",\"size\":3}" },
		{ "calls/0001/done.json", "fifo" },
		{ "calls/0001/done.json", "directory" },
		{ "calls/0001/done.json", "link" },
		{ "calls/0001/stdout", "gone" },
		{ "calls/0001/stdout", "longer" },
		{ "calls/0001/stdout", "link" },
		{ "calls/0001/stdout", "directory" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		autofree char *row =
			mem_printf("%s: %s", rows[i].path, rows[i].with);
		autocalling c = CALLING_INIT;
		struct call_end end;
		struct err err = { "" };
		int r;

		begin_run(f);
		step(f, "a", "abc", 0, false);
		begin_run(f);
		damage(f, rows[i].path, rows[i].with);
		r = begin(f, &c, STEP, "a", &err);
		if (r == 0)
			r = calling_ended(&c, &end, &err);
		if (r >= 0)
			fail_msg("%s: it was not noticed", row);
		if (!err.text[0])
			fail_msg("%s: nothing was said", row);
		calling_close(&c);
		fixture_free(f);
	}
}

/* Torn by a full disk, say: no line is lost, and none is made of two. */
static void
a_line_without_an_end_counts(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;

	begin_run(f);
	fixture_put(f, PLACE_WORK, ID "/position", "step a\nstep b");
	assert_int_equal(begin(f, &c, STEP, "c", NULL), 0);
	assert_int_equal(c.call.n, 3);
	calling_close(&c);
	assert_int_equal(begin(f, &c, STEP, "d", NULL), 0);
	assert_int_equal(c.call.n, 4);
}

static void
there_is_an_end_to_the_calls_of_a_task(void **state)
{
	struct fixture *f = *state;
	autocalling c = CALLING_INIT;
	autostr lines = STR_INIT;
	struct err err = { "" };

	begin_run(f);
	for (int i = 0; i < CALLS_MAX; i++)
		str_adds(&lines, "ask\n");
	fixture_put(f, PLACE_WORK, ID "/position", str_text(&lines));
	assert_int_equal(begin(f, &c, STEP, "c", &err), -EBADMSG);
	assert_non_null(strstr(err.text, "9999"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_numbered_and_found_again),
		TEST(a_failure_is_done_again_unless_it_is_final),
		TEST(what_was_begun_is_done_again),
		TEST(another_call_in_its_place_is_refused),
		TEST(a_name_is_used_once_in_a_run),
		TEST(a_second_helper_at_the_same_time_is_refused),
		TEST(a_run_that_waits_makes_no_further_call),
		TEST(what_else_must_be_the_same_is_compared),
		TEST(a_mark_stays),
		TEST(damage_is_told_and_nothing_is_done_twice_by_it),
		TEST(a_line_without_an_end_counts),
		TEST(there_is_an_end_to_the_calls_of_a_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A durable call that is cut short leaves nothing, a call that was begun, or
 * one that is done: whichever change fails or is the last.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "spool/calling.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define ID     "t"
#define OUTPUT "what the step wrote"

static void
prepare(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_WORK], ID);
}

static int
do_step(struct calling *c)
{
	struct call_end end = { .attempt = 1, .size = strlen(OUTPUT) };
	autoclose int out = -1;
	int r = c->recorded ? 0 : calling_record(c, NULL);

	if (r == 0)
		r = out = calling_output(c, NULL);
	if (r >= 0)
		r = sys_write_all(out, OUTPUT, strlen(OUTPUT));
	return r < 0 ? r : calling_finish(c, &end, out, NULL);
}

/* What a run of the helper does; 1: it was done already. */
static int
step(struct fixture *f)
{
	autocalling c = CALLING_INIT;
	struct call_end end;
	int r = calling_begin(&c, f->desk, ID, CALL_STEP, "one", NULL);

	if (r == 0)
		r = calling_ended(&c, &end, NULL);
	return r ? r : do_step(&c);
}

/* A new run begins: the agent removes these. */
static void
begin_run(struct fixture *f)
{
	int work = f->desk->at[PLACE_WORK];

	assert_int_equal(sys_remove_tree(work, ID "/position"), 0);
	assert_int_equal(sys_remove_tree(work, ID "/" CALLS_WAIT), 0);
}

/* Looks as a run would, and changes no record. */
static int
is_done(struct fixture *f, const char *row)
{
	autocalling c = CALLING_INIT;
	struct call_end end;
	struct err err = { "" };
	int r;

	begin_run(f);
	r = calling_begin(&c, f->desk, ID, CALL_STEP, "one", &err);
	if (r == 0)
		r = calling_ended(&c, &end, &err);
	if (r < 0)
		fail_msg("%s: %s", row, err.text);
	return r;
}

static void
check_output(struct fixture *f, const char *row)
{
	autofree char *text =
		fixture_read(f, PLACE_WORK, ID "/calls/0001/stdout");

	check_text(row, text, OUTPUT);
}

static void
check(struct fixture *f, const char *row, int result)
{
	int done = is_done(f, row);

	if (result >= 0 && !done)
		fail_msg("%s: success was told", row);
	if (done)
		check_output(f, row);
}

static int
resume(struct fixture *f, bool died)
{
	(void)died;
	begin_run(f);
	return step(f);
}

static void
after(struct fixture *f, const char *row)
{
	check_number(row, is_done(f, row), 1);
	check_output(f, row);
}

static void
a_step_is_not_begun_begun_or_done(void **state)
{
	static const struct fault_case c = { prepare, step, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

/* An earlier run ended with a failure, which counts for nothing. */
static void
prepare_failed(struct fixture *f)
{
	struct call_end end = { .status = 3, .attempt = 1, .size = 4 };
	autocalling c = CALLING_INIT;
	autoclose int out = -1;

	prepare(f);
	assert_int_equal(calling_begin(&c, f->desk, ID, CALL_STEP, "one", NULL),
	                 0);
	assert_int_equal(calling_record(&c, NULL), 0);
	out = calling_output(&c, NULL);
	assert_true(out >= 0);
	assert_int_equal(sys_write_all(out, "half", 4), 0);
	assert_int_equal(calling_finish(&c, &end, out, NULL), 0);
	begin_run(f);
}

static void
a_step_that_is_done_again_is_never_half_of_each(void **state)
{
	static const struct fault_case c = { prepare_failed, step, check,
		                             resume, after };

	(void)state;
	fault_run(&c);
}

static void
prepare_asked(struct fixture *f)
{
	autocalling c = CALLING_INIT;

	prepare(f);
	assert_int_equal(calling_begin(&c, f->desk, ID, CALL_ASK, "Q?", NULL),
	                 0);
	assert_int_equal(calling_record(&c, NULL), 0);
}

static int
answer(struct fixture *f)
{
	int r = calls_answer(f->desk, ID, 1, OUTPUT, strlen(OUTPUT));

	return r == -EEXIST ? 0 : r;
}

static void
check_answer(struct fixture *f, const char *row, int result)
{
	int there = calls_answered(f->desk, ID, 1);
	autofree char *text = NULL;

	if (result >= 0 && !there)
		fail_msg("%s: success was told", row);
	if (!there)
		return;
	text = fixture_read(f, PLACE_WORK, ID "/calls/0001/answer");
	check_text(row, text, OUTPUT);
}

static int
answer_again(struct fixture *f, bool died)
{
	(void)died;
	return answer(f);
}

static void
after_answer(struct fixture *f, const char *row)
{
	check_answer(f, row, 0);
}

static void
an_answer_is_whole_or_not_there(void **state)
{
	static const struct fault_case c = { prepare_asked, answer,
		                             check_answer, answer_again,
		                             after_answer };

	(void)state;
	fault_run(&c);
}

/* The second call of a run, which has to wait. */
static int
wait_for_child(struct fixture *f)
{
	struct calls_wait w = { .reason = BLOCK_CHILD,
		                .on = "pm/child",
		                .message = "waits for pm/child" };
	autocalling c = CALLING_INIT;
	int r = calling_begin(&c, f->desk, ID, CALL_CHILD, "pm", NULL);

	if (r == 0 && !c.recorded) {
		c.call.child = strdup("pm/child");
		r = calling_record(&c, NULL);
	}
	if (r == 0)
		r = calling_mark(&c, "dropped", NULL);
	return r < 0 ? r : calling_wait(&c, &w, NULL);
}

static void
check_child(struct fixture *f, const char *row, int result)
{
	struct calls_wait w;
	autocall c = { 0 };
	int r = calls_read(f->desk, ID, 1, &c);

	if (r == 0)
		check_text(row, c.child, "pm/child");
	else
		check_number(row, r, -ENOENT);
	if (result >= 0 && !calls_waits_for(f->desk, ID, &w))
		fail_msg("%s: success was told", row);
	/* It waits for what is recorded, or not at all. */
	if (calls_waits_for(f->desk, ID, &w))
		check_number(row, r, 0);
	if (fixture_has(f, PLACE_WORK, ID "/calls/0001/dropped"))
		check_number(row, r, 0);
}

static int
resume_child(struct fixture *f, bool died)
{
	(void)died;
	begin_run(f);
	return wait_for_child(f);
}

static void
after_child(struct fixture *f, const char *row)
{
	check_child(f, row, 0);
}

static void
a_task_waits_only_for_what_is_recorded(void **state)
{
	static const struct fault_case c = { prepare, wait_for_child,
		                             check_child, resume_child,
		                             after_child };

	(void)state;
	fault_run(&c);
}

static void
each_thing_is_on_disk_before_the_next_is_done(void **state)
{
	static const char *const order[] = {
		"mkdir:calls",          "fsync:t",
		"fsync:work",           "create:lock",
		"write:position",       "write:.call.json.tmp",
		"fsync:.call.json.tmp", "rename:call.json",
		"fsync:.0001",          "rename:0001",
		"fsync:calls",          "create:stdout",
		"write:stdout",         "fsync:stdout",
		"write:.done.json.tmp", "fsync:.done.json.tmp",
		"replace:done.json",    "fsync:0001",
	};
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, step);
	for (size_t i = 1; i < countof(order); i++)
		fault_in_order(trace, order[i - 1], order[i]);
}

/* Its run may have been killed before its last sync. */
static void
the_last_call_is_synced_before_it_is_replayed(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	assert_int_equal(step(f), 0);
	begin_run(f);
	trace = fault_trace(f, step);
	fault_in_order(trace, "fsync:0001", "fsync:calls");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_not_begun_begun_or_done),
		cmocka_unit_test(
			a_step_that_is_done_again_is_never_half_of_each),
		cmocka_unit_test(an_answer_is_whole_or_not_there),
		cmocka_unit_test(a_task_waits_only_for_what_is_recorded),
		TEST(each_thing_is_on_disk_before_the_next_is_done),
		TEST(the_last_call_is_synced_before_it_is_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

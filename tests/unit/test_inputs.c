#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inputs.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

enum verdict { READY, WAITS, FAILED };

/* A task with these lines in its header. */
static struct task
task_of(const char *header)
{
	autofree char *text = mem_printf("---\n%s\n---\n", header);
	struct err err = { "" };
	struct task t;
	int64_t at;

	task_default(&t);
	if (task_parse(text, strlen(text), "a.md", &t, &at, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

/* Published results of "pm": "done" with artifacts, "bad" without. */
static int
setup(void **state)
{
	struct fixture *f = fixture_new();
	int outbox = f->desk->at[PLACE_OUTBOX];

	scratch_mkdir(outbox, "done");
	scratch_mkdir(outbox, "done/out");
	scratch_mkdir(outbox, "done/out/sub");
	scratch_write(outbox, "done/out/plan.md", "plan");
	scratch_write(outbox, "done/out/sub/data", "data");
	scratch_mkdir(outbox, "empty");
	scratch_mkdir(f->desk->at[PLACE_FAILED], "bad");
	*state = f;
	return 0;
}

/* One look; `why` is what fails, or else is waited for. */
static enum verdict
look_at(const struct fixture *f, const struct task *t, struct str *why)
{
	autoinputs look = { .now_ns = clock_boot_ns() };

	assert_int_equal(inputs_look(f->spool, t, &look), 0);
	str_adds(why, str_text(look.failed ? &look.fail : &look.wait));
	return look.failed ? FAILED : look.waiting ? WAITS : READY;
}

static void
a_task_waits_until_all_it_asks_for_is_there(void **state)
{
	static const struct {
		const char *header;
		enum verdict verdict;
		const char *why;
	} rows[] = {
		{ "title: none", READY, "" },
		{ "after: [pm/done]", READY, "" },
		{ "after: [pm/done, pm/empty]", READY, "" },
		{ "after: [pm/later]", WAITS, "waits for pm/later" },
		{ "after: [pm/done, pm/later, pm/x]", WAITS,
		  "waits for pm/later" },
		{ "after: [other/x]", WAITS, "waits for other/x" },
		{ "after: [pm/bad]", FAILED, "pm/bad" },
		{ "after: [pm/later, pm/bad]", FAILED, "pm/bad" },
		{ "inputs: [pm/done/plan.md]", READY, "" },
		{ "inputs: [pm/done/sub]", READY, "" },
		{ "inputs: [pm/done/sub/data]", READY, "" },
		{ "inputs: [pm/done/nothing]", FAILED,
		  "pm/done has no artifact 'nothing'" },
		{ "inputs: [pm/done/plan.md/x]", FAILED,
		  "has no artifact 'plan.md/x'" },
		{ "inputs: [pm/empty/x]", FAILED, "no artifact" },
		{ "inputs: [pm/later/x]", WAITS, "waits for pm/later" },
		{ "inputs: [pm/bad/x]", FAILED, "pm/bad" },
		{ "inputs: ['file:/nowhere/x']", WAITS,
		  "waits for /nowhere/x: there is no folder /nowhere" },
		{ "inputs: ['file:/nowhere/x', pm/bad/y]", FAILED, "pm/bad" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		struct task t = task_of(rows[i].header);
		autostr why = STR_INIT;

		check_number(rows[i].header, look_at(f, &t, &why),
		             rows[i].verdict);
		check_contains(rows[i].header, str_text(&why), rows[i].why);
		if (rows[i].verdict == READY)
			assert_int_equal(why.len, 0);
		task_done(&t);
	}
}

static void
all_that_is_missing_is_counted(void **state)
{
	struct fixture *f = *state;
	struct task t = task_of("after: [pm/later, pm/bad, pm/done]\n"
	                        "inputs: [pm/x/y, pm/empty/z]");
	autoinputs look = { .now_ns = clock_boot_ns() };

	/* Twice: a look begins anew. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(inputs_look(f->spool, &t, &look), 0);
		assert_int_equal(look.waiting, 2);
		assert_int_equal(look.failed, 2);
		check_text("first", str_text(&look.wait), "waits for pm/later");
		check_text("failed", str_text(&look.fail),
		           "pm/bad did not complete");
	}
	assert_true(look.failed_ms > 0);
	assert_true(look.failed_ms <= clock_wall_ms());
	task_done(&t);
}

static void
a_live_task_of_the_same_id_is_no_result(void **state)
{
	struct fixture *f = *state;
	struct task t = task_of("after: [pm/busy]");
	autostr why = STR_INIT;

	(void)fixture_task(f, PLACE_SAVING, 1, "busy", "");
	scratch_mkdir(f->desk->at[PLACE_WORK], "busy");
	scratch_mkdir(f->desk->at[PLACE_WORK], "busy/result");
	assert_int_equal(look_at(f, &t, &why), WAITS);
	task_done(&t);
}

/* A task with a file: input in the scratch folder, and work/a/in for it. */
static struct task
task_of_file(struct fixture *f, const char *name)
{
	autofree char *header =
		mem_printf("inputs: ['file:%s/%s']", f->scratch->path, name);

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a/in");
	return task_of(header);
}

static void
a_file_that_is_written_to_is_looked_at_again(void **state)
{
	struct fixture *f = *state;
	struct task t = task_of_file(f, "x.csv");
	struct settle settle = { 0 };
	autoinputs look = { .now_ns = clock_boot_ns(),
		            .settle_ns = CLOCK_NS_PER_S,
		            .files = &settle };
	int fd = sys_create(f->scratch->fd, "x.csv", 0644);

	assert_true(fd >= 0);
	assert_int_equal(sys_write_all(fd, "a", 1), 0);
	assert_int_equal(inputs_look(f->spool, &t, &look), 0);
	assert_int_equal(look.waiting, 1);
	assert_true(look.recheck_ns > look.now_ns);
	check_contains("why", str_text(&look.wait),
	               "x.csv is being written to");
	close(fd);
	assert_int_equal(inputs_look(f->spool, &t, &look), 0);
	assert_int_equal(look.waiting, 0);
	assert_int_equal(look.recheck_ns, 0);
	task_done(&t);
}

static void
all_files_that_match_are_put_there(void **state)
{
	struct fixture *f = *state;
	struct task t = task_of_file(f, "*.csv");
	autofree char *names = NULL;
	struct err err = { "" };

	scratch_write(f->scratch->fd, "b.csv", "b");
	scratch_write(f->scratch->fd, "a.csv", "a");
	scratch_write(f->scratch->fd, "c.txt", "c");
	scratch_write(f->scratch->fd, ".d.csv", "d");
	scratch_mkdir(f->scratch->fd, "e.csv");
	if (inputs_fetch(f->spool, f->desk, "a", -1, &t, NULL, &err) < 0)
		fail_msg("%s", err.text);
	names = scratch_list(f->desk->at[PLACE_WORK], "a/in");
	assert_string_equal(names, "a.csv b.csv");
	/* Again, into the same folder: nothing is written over. */
	assert_int_equal(
		inputs_fetch(f->spool, f->desk, "a", -1, &t, NULL, &err),
		-EBADMSG);
	check_contains("both", err.text, "two inputs would be at in/a.csv");
	task_done(&t);
}

static void
what_is_missing_is_told_where_it_may_be(void **state)
{
	struct fixture *f = *state;
	struct task t = task_of("after: [pm/bad, pm/done]\n"
	                        "inputs: [pm/done/plan.md, pm/later/x/y, "
	                        "'file:/nowhere/z']");
	autofree char *names = NULL;
	autostr missing = STR_INIT;
	struct err err = { "" };

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a/in");
	if (inputs_fetch(f->spool, f->desk, "a", -1, &t, &missing, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(str_text(&missing),
	                    "pm/bad\npm/later/x/y\nfile:/nowhere/z\n");
	names = scratch_list(f->desk->at[PLACE_WORK], "a/in");
	assert_string_equal(names, "plan.md");
	scratch_unlink(f->desk->at[PLACE_WORK], "a/in/plan.md");
	assert_int_equal(
		inputs_fetch(f->spool, f->desk, "a", -1, &t, NULL, &err),
		-ENOENT);
	task_done(&t);
}

static void
inputs_are_put_where_they_are_asked_for(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	struct task t = task_of("inputs: [pm/done/plan.md, pm/done/sub]");
	autofree char *plan = NULL;
	autofree char *data = NULL;
	struct err err = { "" };

	scratch_mkdir(work, "a");
	scratch_mkdir(work, "a/in");
	if (inputs_fetch(f->spool, f->desk, "a", -1, &t, NULL, &err) < 0)
		fail_msg("%s", err.text);
	plan = scratch_read(work, "a/in/plan.md");
	assert_string_equal(plan, "plan");
	data = scratch_read(work, "a/in/sub/data");
	assert_string_equal(data, "data");
	/* A copy: the worker may write to it. */
	scratch_write(work, "a/in/plan.md", "changed");
	free(plan);
	plan = fixture_read(f, PLACE_OUTBOX, "done/out/plan.md");
	assert_string_equal(plan, "plan");
	task_done(&t);
}

static void
attachments_are_put_beside_them(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	int ready = f->desk->at[PLACE_READY];
	autoclose int dir = -1;
	autofree char *names = NULL;
	autotask t = TASK_INIT;
	struct err err = { "" };

	scratch_mkdir(ready, "5.000000000001.0.a");
	dir = sys_opendir(ready, "5.000000000001.0.a");
	scratch_write(dir, "task.md", "---\ninputs: [pm/done/plan.md]\n---\n");
	scratch_write(dir, "data", "x");
	scratch_mkdir(dir, "more");
	scratch_write(dir, "more/data", "y");
	assert_int_equal(task_open(ready, "5.000000000001.0.a", &t, NULL), 0);
	scratch_mkdir(work, "a");
	scratch_mkdir(work, "a/in");
	if (inputs_fetch(f->spool, f->desk, "a", dir, &t, NULL, &err) < 0)
		fail_msg("%s", err.text);
	names = scratch_list(work, "a/in");
	assert_string_equal(names, "data more plan.md");
	assert_true(scratch_has(work, "a/in/more/data"));
}

static void
two_inputs_in_one_place_are_told(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	static const char header[] =
		"---\ninputs: [pm/done/plan.md, pm/two/plan.md]\n---\n";
	struct task t = task_of("inputs: [pm/done/plan.md, pm/two/p.md]");
	autotask never = TASK_INIT;
	struct err err = { "" };
	int64_t body_at;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "two");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "two/out");
	fixture_put(f, PLACE_OUTBOX, "two/out/plan.md", "other");
	scratch_mkdir(work, "a");
	scratch_mkdir(work, "a/in");
	/* When it is read, with its place … */
	task_default(&never);
	assert_int_equal(task_parse(header, strlen(header), "t.md", &never,
	                            &body_at, &err),
	                 -EBADMSG);
	check_contains("place", err.text, "t.md:2:27: inputs: ");
	check_contains("both", err.text,
	               "'pm/done/plan.md' and 'pm/two/plan.md' would both be "
	               "at in/plan.md");
	/* … and whatever stands in in/ is not written over. */
	free(t.inputs[1]);
	t.inputs[1] = mem_dup("pm/two/plan.md");
	assert_int_equal(
		inputs_fetch(f->spool, f->desk, "a", -1, &t, NULL, &err),
		-EBADMSG);
	check_contains("both", err.text, "two inputs would be at in/plan.md");
	task_done(&t);
}

static void
the_refs_of_a_task_are_known(void **state)
{
	struct task t = task_of("after: [pm/a, qa/b]\n"
	                        "inputs: [pm/c/x/y, 'file:/x/y', pm/a/z]");
	char **refs = inputs_refs(&t);

	(void)state;
	assert_int_equal(keys_count(refs), 4);
	assert_string_equal(refs[0], "pm/a");
	assert_string_equal(refs[1], "qa/b");
	assert_string_equal(refs[2], "pm/c");
	assert_string_equal(refs[3], "pm/a");
	keys_free_list(refs);
	task_done(&t);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_waits_until_all_it_asks_for_is_there),
		TEST(all_that_is_missing_is_counted),
		TEST(a_file_that_is_written_to_is_looked_at_again),
		TEST(all_files_that_match_are_put_there),
		TEST(what_is_missing_is_told_where_it_may_be),
		TEST(a_live_task_of_the_same_id_is_no_result),
		TEST(inputs_are_put_where_they_are_asked_for),
		TEST(attachments_are_put_beside_them),
		TEST(two_inputs_in_one_place_are_told),
		TEST(the_refs_of_a_task_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/census.h"
#include "spool/correct.h"
#include "spool/inbox.h"
#include "spool/record.h"
#include "spool/recover.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

/*
 * What a dead agent may leave: one that ran, one that crashed too often, one
 * whose result is staged, one whose result is half staged, one that is
 * published and still here, one whose move was announced and not made, junk,
 * and scratch of nobody.
 */
static const char *const all_ids[] = { "ran",  "worn",  "staged",
	                               "half", "ended", "announced" };

static void
tell(struct fixture *f, const char *id, const char *to)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "move";
	line.id = id;
	line.to = to;
	assert_int_equal(journal_write(&f->journal, 1, &line), 0);
}

static void
stage(struct fixture *f, const char *name)
{
	const struct ending end = { .outcome = OUT_COMPLETED, .uid = 1 };
	autotask t = TASK_INIT;
	struct entry e;

	assert_int_equal(entry_parse(name, &e), 0);
	assert_int_equal(task_open(f->desk->at[PLACE_SAVING], name, &t, NULL),
	                 0);
	assert_int_equal(result_stage(f->desk, PLACE_SAVING, &e, &t, &end,
	                              FIXTURE_NOW, NULL),
	                 0);
}

static void
prepare(struct fixture *f)
{
	int work = f->desk->at[PLACE_WORK];

	fixture_put(f, PLACE_RUNNING, "5.000000000001.1.ran", "ran");
	fixture_put(f, PLACE_RUNNING, "5.000000000002.9.worn", "worn");
	scratch_mkdir(work, "worn");
	scratch_mkdir(work, "worn/out");
	scratch_write(work, "worn/out/data", "data");
	fixture_put(f, PLACE_SAVING, "5.000000000003.1.staged", "staged");
	stage(f, "5.000000000003.1.staged");
	fixture_put(f, PLACE_SAVING, "5.000000000004.1.half", "half");
	scratch_mkdir(work, "half");
	scratch_mkdir(work, "half/result");
	scratch_write(work, "half/result/stdout", "x");
	fixture_put(f, PLACE_SAVING, "5.000000000005.1.ended", "ended");
	stage(f, "5.000000000005.1.ended");
	assert_int_equal(sys_rename(work, "ended/result",
	                            f->desk->at[PLACE_OUTBOX], "ended"),
	                 0);
	fixture_put(f, PLACE_PENDING, "5.000000000006.0.announced", "a");
	fixture_put(f, PLACE_READY, "junk", "mine");
	scratch_mkdir(work, "nobody");
	scratch_write(work, "nobody/x", "x");
	tell(f, "ran", "RUNNING");
	tell(f, "announced", "READY");
}

static int
policy(void *arg, const struct entry *e, struct record *rec)
{
	(void)arg;
	rec->reason = BLOCK_CRASHED;
	(void)snprintf(rec->message, sizeof(rec->message), "it crashed");
	return e->attempts > 5;
}

static int
recover(struct fixture *f)
{
	struct recover_count n;

	return recover_desk(f->desk, &f->journal, FIXTURE_NOW, policy, NULL, &n,
	                    NULL);
}

/* Private leftovers go when they are an hour old. */
static int
resume(struct fixture *f, bool died)
{
	int r = recover(f);

	(void)died;
	return r < 0 ? r : inbox_sweep(f->desk, clock_wall_ms() + 7200 * 1000);
}

/* Entry and result may stand side by side for a moment; nothing is lost. */
static void
check(struct fixture *f, const char *row, int result)
{
	(void)result;
	for (size_t i = 0; i < countof(all_ids); i++) {
		int n = fixture_copies(f, all_ids[i]);

		if (n < 1 || n > 2)
			fail_msg("%s: there are %d of %s", row, n, all_ids[i]);
	}
	if (!fixture_has(f, PLACE_READY, "junk") &&
	    !fixture_has(f, PLACE_REJECTED, "junk"))
		fail_msg("%s: the junk is lost", row);
}

static void
check_journal(struct fixture *f, const char *row)
{
	autostrset memory = STRSET_INIT;
	autostrset live = STRSET_INIT;
	const char *id;
	size_t at = 0;

	assert_int_equal(correct_memory(f->desk, &memory), 0);
	assert_int_equal(census_take(f->desk, &live), 0);
	while ((id = strset_next(&memory, &at)))
		if (!correct_agrees(strset_get(&memory, id),
		                    census_state(f->desk, &live, id)))
			fail_msg("%s: the journal is wrong about %s", row, id);
}

static void
after(struct fixture *f, const char *row)
{
	static const char want[] = "pending/5.000000000006.0.announced "
				   "blocked/5.000000000001.1.ran "
				   "blocked/5.000000000004.1.half "
				   "outbox/ended outbox/staged failed/worn "
				   "rejected/junk rejected/junk.why ";
	autofree char *places = fixture_places(f);
	autofree char *private = fixture_private(f);
	autofree char *work = scratch_list(f->desk->at[PLACE_WORK], ".");
	struct err err = { "" };

	check_text(row, places, want);
	check_text(row, work, "half ran");
	/* What a crash left in the scratch of a task goes with the task. */
	for (const char *p = private; *p; p = strchr(p, ' ') + 1)
		if (!str_starts(p, "./work/"))
			fail_msg("%s: %s is left", row, p);
	if (result_check(f->desk, PLACE_FAILED, "worn", &err) < 0 ||
	    result_check(f->desk, PLACE_OUTBOX, "staged", &err) < 0)
		fail_msg("%s: %s", row, err.text);
	if (!fixture_has(f, PLACE_FAILED, "worn/out/data"))
		fail_msg("%s: its artifact was not kept", row);
	check_journal(f, row);
}

static void
recovery_goes_on_where_it_was_killed(void **state)
{
	static const struct fault_case c = { prepare, recover, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

static void
a_recovered_result_is_synced_before_it_is_published(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, recover);
	fault_in_order(trace, "fsync:result.json ", "rename:staged ");
	fault_in_order(trace, "rename:staged fsync:outbox ",
	               "unlink:5.000000000003.1.staged ");
	fault_in_order(trace, "rename:worn fsync:failed ",
	               "unlink:5.000000000002.9.worn ");
	fault_in_order(trace, "replace:record.json ",
	               "rename:5.000000000001.1.ran ");
}

/*
 * The rename into the outbox was seen, but the agent died before it was
 * synced: a new one must sync it before the entry, which could bring it
 * forth again, goes.
 */
static void
what_is_found_published_is_synced_before_its_entry_goes(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	fixture_put(f, PLACE_SAVING, "5.000000000005.1.ended", "ended");
	stage(f, "5.000000000005.1.ended");
	assert_int_equal(sys_rename(f->desk->at[PLACE_WORK], "ended/result",
	                            f->desk->at[PLACE_OUTBOX], "ended"),
	                 0);
	trace = fault_trace(f, recover);
	fault_in_order(trace, "fsync:outbox ",
	               "unlink:5.000000000005.1.ended ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recovery_goes_on_where_it_was_killed),
		TEST(a_recovered_result_is_synced_before_it_is_published),
		TEST(what_is_found_published_is_synced_before_its_entry_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

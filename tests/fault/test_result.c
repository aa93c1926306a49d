#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/record.h"
#include "spool/recover.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define ENTRY "5.000000000001.1.a"

static const struct entry entry = { CLASS_MEDIUM, 1, 1, "a" };

/* A worker has ended and left artifacts, one of them under two names. */
static void
prepare(struct fixture *f)
{
	int work = f->desk->at[PLACE_WORK];

	fixture_put(f, PLACE_SAVING, ENTRY, "Do it.\n");
	scratch_mkdir(work, "a");
	scratch_mkdir(work, "a/out");
	scratch_mkdir(work, "a/out/sub");
	scratch_write(work, "a/out/report.md", "report");
	scratch_write(work, "a/out/sub/data", "data");
	scratch_write(work, "a/stdout", "printed");
	assert_int_equal(sys_link(work, "a/out/report.md", work, "a/second"),
	                 0);
}

static int
stage(struct fixture *f)
{
	const struct ending end = { .outcome = OUT_COMPLETED, .uid = 1 };
	autotask t = TASK_INIT;
	int r = task_open(f->desk->at[PLACE_SAVING], ENTRY, &t, NULL);

	return r < 0 ? r :
	               result_stage(f->desk, PLACE_SAVING, &entry, &t, &end,
	                            FIXTURE_NOW, NULL);
}

static int
sync_and_publish(struct fixture *f)
{
	int r = result_sync(f->desk, "a", NULL);

	if (r == 0)
		r = result_verify(f->desk, "a", NULL);
	if (r == 0)
		r = result_publish(f->desk, &f->journal, PLACE_SAVING, &entry,
		                   FIXTURE_NOW, NULL);
	return r;
}

/* What an agent does to save a result. */
static int
save(struct fixture *f)
{
	int r = stage(f);

	return r < 0 ? r : sync_and_publish(f);
}

/* A result that can be seen is whole; before that the entry is there. */
static void
check(struct fixture *f, const char *row, int result)
{
	bool published = fixture_has(f, PLACE_OUTBOX, "a");
	bool saving = fixture_has(f, PLACE_SAVING, ENTRY);
	struct err err = { "" };

	if (published && result_check(f->desk, PLACE_OUTBOX, "a", &err) < 0)
		fail_msg("%s: published, but %s", row, err.text);
	if (!published && !saving)
		fail_msg("%s: the task is lost", row);
	if (result >= 0 && (!published || saving))
		fail_msg("%s: success was told", row);
}

static int
crash_policy(void *arg, const struct entry *e, struct record *rec)
{
	(void)arg;
	(void)e;
	rec->reason = BLOCK_CRASHED;
	return 0;
}

/*
 * A new agent recovers; a living one goes on from where it stands.  What was
 * not complete when the agent died has crashed, and runs again.
 */
static int
resume(struct fixture *f, bool died)
{
	struct recover_count n;
	int r;

	if (died) {
		r = recover_desk(f->desk, &f->journal, FIXTURE_NOW,
		                 crash_policy, NULL, &n, NULL);
		return r;
	}
	if (fixture_has(f, PLACE_OUTBOX, "a"))
		return fixture_has(f, PLACE_SAVING, ENTRY) ?
		               result_finish(f->desk, &f->journal, PLACE_SAVING,
		                             &entry, PLACE_OUTBOX, FIXTURE_NOW,
		                             NULL) :
		               0;
	return result_staged(f->desk, "a") == 1 ? sync_and_publish(f) : save(f);
}

static void
after(struct fixture *f, const char *row)
{
	autofree char *private = fixture_private(f);
	autofree char *report = NULL;
	struct err err = { "" };

	check_text(row, private, "");
	check_number(row, fixture_copies(f, "a"), 1);
	if (fixture_has(f, PLACE_BLOCKED, ENTRY))
		return; /* crashed; it will run again */
	if (result_check(f->desk, PLACE_OUTBOX, "a", &err) < 0)
		fail_msg("%s: %s", row, err.text);
	report = fixture_read(f, PLACE_OUTBOX, "a/out/report.md");
	check_text(row, report, "report");
	assert_true(fixture_has(f, PLACE_OUTBOX, "a/out/sub/data"));
	assert_true(fixture_has(f, PLACE_OUTBOX, "a/stdout"));
	assert_true(fixture_has(f, PLACE_OUTBOX, "a/task"));
}

static void
a_result_is_published_whole_and_once_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, save, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

/*
 * As an agent with a full disk does it: all steps again, in the same process,
 * wherever they stopped.
 */
static int
save_again(struct fixture *f, bool died)
{
	return died                                ? resume(f, died) :
	       fixture_has(f, PLACE_SAVING, ENTRY) ? save(f) :
	                                             0;
}

static void
after_again(struct fixture *f, const char *row)
{
	check_number(row, fixture_copies(f, "a"), 1);
	if (!fixture_has(f, PLACE_BLOCKED, ENTRY))
		assert_true(fixture_has(f, PLACE_OUTBOX, "a/out/report.md"));
}

static void
all_steps_can_be_made_again_after_a_failure(void **state)
{
	static const struct fault_case c = { prepare, save, check, save_again,
		                             after_again };

	(void)state;
	fault_run(&c);
}

static void
all_of_a_result_is_synced_before_it_can_be_seen(void **state)
{
	static const char *const synced[] = { "report.md", "data",
		                              "sub",       "out",
		                              "stdout",    "result.json",
		                              "result" };
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, save);
	for (size_t i = 0; i < countof(synced); i++) {
		autofree char *sync = mem_printf("fsync:%s ", synced[i]);

		fault_in_order(trace, "replace:result.json ", sync);
		fault_in_order(trace, sync, "rename:a ");
	}
	/* Durable since it was accepted; and nothing was ever written. */
	assert_null(strstr(trace, "fsync:task "));
	assert_null(strstr(trace, "fsync:stderr "));
}

static void
the_outbox_is_synced_before_the_entry_goes(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	const char *published;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, save);
	published = strstr(trace, "rename:a ");
	assert_non_null(published);
	assert_true(str_starts(published,
	                       "rename:a fsync:outbox write:journal.jsonl "
	                       "unlink:" ENTRY " "));
	/* Nothing of the entry was touched before. */
	assert_ptr_equal(strstr(trace, "unlink:" ENTRY),
	                 strstr(published, "unlink:" ENTRY));
}

static void
nothing_is_written_to_a_result_that_was_synced(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	char *first_sync;
	const char *published;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, save);
	first_sync = strstr(trace, "fsync:");
	published = strstr(trace, "rename:a ");
	assert_true(first_sync && published && first_sync < published);
	first_sync[published - first_sync] = '\0';
	assert_null(strstr(first_sync, "write:"));
	assert_null(strstr(first_sync, "copy:"));
	assert_null(strstr(first_sync, "create:"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_result_is_published_whole_and_once_whatever_fails),
		cmocka_unit_test(all_steps_can_be_made_again_after_a_failure),
		TEST(all_of_a_result_is_synced_before_it_can_be_seen),
		TEST(the_outbox_is_synced_before_the_entry_goes),
		TEST(nothing_is_written_to_a_result_that_was_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * admit_again() and admit_recover(): what enters pending/ without a drop.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
put_failed(struct fixture *f, const char *id, const char *text)
{
	int failed = f->desk->at[PLACE_FAILED];
	autoclose int fd = -1;

	scratch_mkdir(failed, id);
	fd = sys_opendir(failed, id);
	scratch_write(fd, "task", text);
	scratch_write(fd, "result.json",
	              "{\"state\":\"FAILED\",\"manifest\":[]}");
}

static void
a_failed_task_begins_again_with_its_old_result_kept(void **state)
{
	struct fixture *f = *state;
	struct entry e;
	autofree char *places = NULL;
	autofree char *text = NULL;
	autofree char *journal = NULL;

	put_failed(f, "a", "---\npriority: low\n---\nDo it.\n");
	assert_int_equal(admit_again(f->desk, &f->journal, "a", 9, FIXTURE_NOW,
	                             &e, NULL),
	                 0);
	assert_int_equal(e.seq, 9);
	assert_int_equal(e.attempts, 0);
	assert_string_equal(e.id, "a");
	places = fixture_places(f);
	assert_string_equal(places, "pending/9.000000000009.0.a ");
	text = fixture_read(f, PLACE_PENDING, "9.000000000009.0.a");
	assert_string_equal(text, "---\npriority: low\n---\nDo it.\n");
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-1/result.json"));
	journal = fixture_journal(f);
	assert_string_equal(journal, "admit a ->PENDING -\n");
}

static void
a_task_that_is_a_directory_begins_again(void **state)
{
	struct fixture *f = *state;
	int failed = f->desk->at[PLACE_FAILED];
	struct entry e;
	struct err err = { "" };

	scratch_mkdir(failed, "a");
	scratch_mkdir(failed, "a/task");
	scratch_mkdir(failed, "a/task/sub");
	scratch_write(failed, "a/task/task.md", "text");
	scratch_write(failed, "a/task/sub/data", "data");
	if (admit_again(f->desk, &f->journal, "a", 9, FIXTURE_NOW, &e, &err) <
	    0)
		fail_msg("%s", err.text);
	assert_true(
		fixture_has(f, PLACE_PENDING, "5.000000000009.0.a/sub/data"));
}

static void
a_task_that_has_not_failed_does_not_begin_again(void **state)
{
	struct fixture *f = *state;
	struct entry e;
	struct err err = { "" };
	autofree char *before = NULL;
	autofree char *after = NULL;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "done");
	(void)fixture_task(f, PLACE_READY, 1, "a", "text");
	before = scratch_snapshot(f->desk->fd, ".");
	assert_int_equal(admit_again(f->desk, &f->journal, "a", 9, FIXTURE_NOW,
	                             &e, &err),
	                 -ENOENT);
	check_contains("why", err.text, "'pm/a' has not failed");
	assert_int_equal(admit_again(f->desk, &f->journal, "done", 9,
	                             FIXTURE_NOW, &e, NULL),
	                 -ENOENT);
	after = scratch_snapshot(f->desk->fd, ".");
	assert_string_equal(after, before);
}

static void
results_of_several_ends_are_all_kept(void **state)
{
	struct fixture *f = *state;
	struct entry e;

	for (uint64_t i = 1; i <= 3; i++) {
		put_failed(f, "a", "text");
		assert_int_equal(admit_again(f->desk, &f->journal, "a", i,
		                             FIXTURE_NOW, &e, NULL),
		                 0);
		scratch_unlink(f->desk->at[PLACE_PENDING],
		               i == 1 ? "5.000000000001.0.a" :
		               i == 2 ? "5.000000000002.0.a" :
		                        "5.000000000003.0.a");
	}
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-1/task"));
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-2/task"));
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-3/task"));
}

static void
what_was_claimed_is_listed_in_its_order(void **state)
{
	struct fixture *f = *state;
	char **claimed = NULL;

	fixture_put(f, PLACE_ADMIT, "000000000010,b.md", "text");
	fixture_put(f, PLACE_ADMIT, "000000000009.0,z.md", "text");
	fixture_put(f, PLACE_ADMIT, "!junk", "text");
	fixture_put(f, PLACE_ADMIT, "zjunk", "text");
	fixture_put(f, PLACE_ADMIT, "000000000011,a.md", "text");
	assert_int_equal(admit_recover(f->desk, &f->journal, FIXTURE_NOW,
	                               &claimed, NULL),
	                 0);
	assert_int_equal(keys_count(claimed), 3);
	assert_string_equal(claimed[0], "000000000009.0,z.md");
	assert_string_equal(claimed[1], "000000000010,b.md");
	assert_string_equal(claimed[2], "000000000011,a.md");
	keys_free_list(claimed);
	assert_true(fixture_has(f, PLACE_ADMIT, "zjunk"));
}

static void
recover(struct fixture *f)
{
	char **claimed = NULL;

	assert_int_equal(admit_recover(f->desk, &f->journal, FIXTURE_NOW,
	                               &claimed, NULL),
	                 0);
	assert_null(claimed[0]);
	keys_free_list(claimed);
}

static void
a_beginning_that_was_prepared_is_finished_or_undone(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;

	/* Its result is still in failed/: it has not begun. */
	put_failed(f, "a", "text");
	fixture_put(f, PLACE_ADMIT, "=5.000000000007.0.a", "text");
	/* Its result is archived: it has. */
	fixture_put(f, PLACE_ADMIT, "=5.000000000008.0.b", "text");
	recover(f);
	places = fixture_places(f);
	assert_string_equal(places, "pending/5.000000000008.0.b failed/a ");
}

/* As after a beginning that failed and was then made under another number. */
static void
a_beginning_is_not_finished_twice(void **state)
{
	static const enum place at[] = { PLACE_PENDING, PLACE_READY,
		                         PLACE_RUNNING, PLACE_SAVING,
		                         PLACE_BLOCKED };

	(void)state;
	for (size_t i = 0; i < countof(at); i++) {
		struct fixture *f = fixture_new();

		(void)fixture_task(f, at[i], 8, "a", "text");
		fixture_put(f, PLACE_ADMIT, "=5.000000000007.0.a", "text");
		recover(f);
		check_number(desk_place_name(at[i]), fixture_copies(f, "a"), 1);
		fixture_free(f);
	}
}

static void
a_beginning_of_what_is_published_is_undone(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	fixture_put(f, PLACE_ADMIT, "=5.000000000007.0.a", "text");
	recover(f);
	places = fixture_places(f);
	assert_string_equal(places, "outbox/a ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_task_begins_again_with_its_old_result_kept),
		TEST(a_task_that_is_a_directory_begins_again),
		TEST(a_task_that_has_not_failed_does_not_begin_again),
		TEST(results_of_several_ends_are_all_kept),
		TEST(what_was_claimed_is_listed_in_its_order),
		TEST(a_beginning_that_was_prepared_is_finished_or_undone),
		cmocka_unit_test(a_beginning_is_not_finished_twice),
		TEST(a_beginning_of_what_is_published_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "spool/census.h"
#include "spool/correct.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
tell(struct fixture *f, const char *ev, const char *id, const char *to,
     const char *reason)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = ev;
	line.id = id;
	line.to = to;
	line.reason = reason;
	assert_int_equal(journal_write(&f->journal, 1, &line), 0);
}

/* An agent has begun, in this boot or in another one. */
static void
tell_start(struct fixture *f, bool this_boot)
{
	struct proc_id self;

	assert_int_equal(proc_self(&self), 0);
	tell(f, "start", NULL, NULL,
	     this_boot ? self.boot : "00000000-1111-2222-3333-444444444444");
}

static int
correct(struct fixture *f)
{
	int corrected = 0;

	assert_int_equal(correct_journal(f->desk, &f->journal, FIXTURE_NOW,
	                                 &corrected, NULL),
	                 0);
	return corrected;
}

static void
every_difference_is_told_once_and_then_there_is_none(void **state)
{
	static const struct {
		enum place at;            /* PLACE_NONE: nowhere */
		const char *told, *truth; /* NULL: nothing is wrong */
	} rows[] = {
		{ PLACE_PENDING, "READY", "PENDING" },
		{ PLACE_READY, "RUNNING", "READY" },
		{ PLACE_READY, "COMPLETED", "READY" },
		{ PLACE_BLOCKED, "READY", "BLOCKED" },
		{ PLACE_OUTBOX, "RUNNING", "COMPLETED" },
		{ PLACE_FAILED, "RUNNING", "FAILED" },
		{ PLACE_FAILED, "COMPLETED", "FAILED" },
		{ PLACE_OUTBOX, "WITHDRAWN", "COMPLETED" },
		{ PLACE_NONE, "READY", "GONE" },
		{ PLACE_PENDING, "GONE", "PENDING" },
		{ PLACE_PENDING, "PENDING", NULL },
		{ PLACE_SAVING, "RUNNING", NULL },
		{ PLACE_FAILED, "FAILED", NULL },
		{ PLACE_FAILED, "WITHDRAWN", NULL },
		{ PLACE_NONE, "COMPLETED", NULL },
		{ PLACE_NONE, "FAILED", NULL },
		{ PLACE_NONE, "WITHDRAWN", NULL },
		{ PLACE_NONE, "GONE", NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		autofree char *journal = NULL;
		char row[64], want[64];

		(void)snprintf(row, sizeof(row), "row %zu, %s", i,
		               rows[i].told);
		tell(f, "move", "a", rows[i].told, NULL);
		if (rows[i].at == PLACE_OUTBOX || rows[i].at == PLACE_FAILED)
			scratch_mkdir(f->desk->at[rows[i].at], "a");
		else if (rows[i].at)
			(void)fixture_task(f, rows[i].at, 1, "a", "");
		check_number(row, correct(f), rows[i].truth != NULL);
		check_number(row, correct(f), 0);
		journal = fixture_journal(f);
		(void)snprintf(want, sizeof(want), "recover a ->%s -\n",
		               rows[i].truth ? rows[i].truth : "?");
		check_number(row, strstr(journal, want) != NULL,
		             rows[i].truth != NULL);
		fixture_free(f);
	}
}

static void
after_a_crash_in_the_same_boot_the_last_lines_are_corrected(void **state)
{
	struct fixture *f = *state;
	autofree char *journal = NULL;

	(void)fixture_task(f, PLACE_READY, 1, "a", "");
	tell_start(f, true);
	/* Several lines about one task are one difference. */
	tell(f, "move", "a", "READY", NULL);
	tell(f, "move", "a", "RUNNING", NULL);
	tell(f, "move", "a", "BLOCKED", NULL);
	assert_int_equal(correct(f), 1);
	journal = fixture_journal(f);
	assert_true(str_ends(journal, "move a ->BLOCKED -\n"
	                              "recover a ->READY -\n"));
	assert_int_equal(correct(f), 0);
}

static void
after_a_boot_every_line_is_doubted(void **state)
{
	struct fixture *f = *state;

	(void)fixture_task(f, PLACE_PENDING, 1, "a", "");
	tell_start(f, false);
	tell(f, "move", "a", "READY", NULL);
	/* Much happened since, and none of it is wrong. */
	for (int i = 0; i < 2000; i++)
		tell(f, "end", "other", "COMPLETED", NULL);
	assert_int_equal(correct(f), 1);
	assert_int_equal(correct(f), 0);
}

static void
after_a_clean_stop_nothing_is_doubted(void **state)
{
	struct fixture *f = *state;

	tell_start(f, true);
	tell(f, "move", "a", "READY", NULL);
	tell(f, "stop", NULL, NULL, NULL);
	assert_int_equal(correct(f), 0);
}

static void
lines_that_name_no_task_say_nothing(void **state)
{
	struct fixture *f = *state;

	tell(f, "reject", "a\nb", "READY", NULL);
	tell(f, "reject", "", "READY", NULL);
	tell(f, "reject", "../a", "READY", NULL);
	tell(f, "reject", "a", NULL, NULL);
	assert_int_equal(correct(f), 0);
}

static void
the_memory_of_a_journal_is_the_last_state_of_each(void **state)
{
	struct fixture *f = *state;
	autostrset memory = STRSET_INIT;

	tell(f, "admit", "a", "PENDING", NULL);
	tell(f, "admit", "b", "PENDING", NULL);
	tell(f, "move", "a", "READY", NULL);
	tell(f, "end", "b", "WITHDRAWN", NULL);
	tell(f, "phase", "a", NULL, NULL);
	assert_int_equal(correct_memory(f->desk, &memory), 0);
	assert_int_equal(strset_get(&memory, "a"), TASK_READY);
	assert_int_equal(strset_get(&memory, "b"), TASK_FAILED);
	assert_int_equal(strset_get(&memory, "c"), -1);
}

static void
a_census_counts_every_live_place(void **state)
{
	static const enum place at[] = { PLACE_PENDING, PLACE_READY,
		                         PLACE_RUNNING, PLACE_SAVING,
		                         PLACE_BLOCKED };
	struct fixture *f = *state;
	autostrset live = STRSET_INIT;

	for (size_t i = 0; i < countof(at); i++)
		(void)fixture_task(f, at[i], i, desk_place_name(at[i]), "");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "done");
	scratch_mkdir(f->desk->at[PLACE_FAILED], "bad");
	fixture_put(f, PLACE_READY, "junk", "");
	assert_int_equal(census_take(f->desk, &live), 0);
	for (size_t i = 0; i < countof(at); i++)
		check_number(
			desk_place_name(at[i]),
			census_state(f->desk, &live, desk_place_name(at[i])),
			desk_place_state(at[i]));
	assert_int_equal(census_state(f->desk, &live, "done"), TASK_COMPLETED);
	assert_int_equal(census_state(f->desk, &live, "bad"), TASK_FAILED);
	assert_int_equal(census_state(f->desk, &live, "junk"), TASK_NONE);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_difference_is_told_once_and_then_there_is_none),
		TEST(after_a_crash_in_the_same_boot_the_last_lines_are_corrected),
		TEST(after_a_boot_every_line_is_doubted),
		TEST(after_a_clean_stop_nothing_is_doubted),
		TEST(lines_that_name_no_task_say_nothing),
		TEST(the_memory_of_a_journal_is_the_last_state_of_each),
		TEST(a_census_counts_every_live_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

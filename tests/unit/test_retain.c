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
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "spool/correct.h"
#include "spool/retain.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

/* A result that says that it ended then; 0: it says nothing. */
static void
put(struct fixture *f, enum place p, const char *id, int64_t ended_ms)
{
	autofree char *task = mem_printf("%s/task", id);
	autofree char *file = mem_printf("%s/result.json", id);
	char at[CLOCK_TEXT_MAX];
	autofree char *text =
		mem_printf("{\"id\":\"%s\",\"state\":\"%s\",\"times\":{"
	                   "\"ended\":\"%s\"}}",
	                   id, p == PLACE_OUTBOX ? "COMPLETED" : "FAILED",
	                   clock_format(ended_ms, at));

	scratch_mkdir(f->desk->at[p], id);
	fixture_put(f, p, task, "Do it.\n");
	fixture_put(f, p, file, ended_ms ? text : "{");
}

static char *
ids(const struct retain_list *list)
{
	autostr all = STR_INIT;

	for (size_t i = 0; i < list->n; i++)
		str_addf(&all, "%s ", list->all[i].id);
	return mem_dup(str_text(&all));
}

static void
check_list(struct fixture *f, struct retain_list *list, const char *want)
{
	autofree char *got = NULL;

	assert_int_equal(retain_update(f->desk, list), 0);
	got = ids(list);
	check_text("list", got, want);
}

static void
results_are_listed_by_their_end_and_then_by_id(void **state)
{
	struct fixture *f = *state;
	struct retain_list list = { 0 };

	check_list(f, &list, "");
	put(f, PLACE_OUTBOX, "late", 3000);
	put(f, PLACE_FAILED, "b", 2000);
	put(f, PLACE_OUTBOX, "c", 2000);
	put(f, PLACE_OUTBOX, "a", 2000);
	put(f, PLACE_FAILED, "early", 1000);
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], ".private");
	check_list(f, &list, "early a b c late ");
	retain_list_done(&list);
}

static void
a_result_that_does_not_say_is_as_old_as_it_is(void **state)
{
	struct fixture *f = *state;
	int64_t before = clock_wall_ms() - 60 * 1000;

	put(f, PLACE_OUTBOX, "torn", 0);
	assert_true(retain_ended_ms(f->desk, PLACE_OUTBOX, "torn") > before);
	assert_true(retain_ended_ms(f->desk, PLACE_OUTBOX, "none") == -ENOENT);
}

static void
a_list_follows_what_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct retain_list list = { 0 };

	put(f, PLACE_OUTBOX, "a", 1000);
	put(f, PLACE_OUTBOX, "b", 2000);
	check_list(f, &list, "a b ");
	/* Removed by hand. */
	assert_int_equal(sys_remove_tree(f->desk->at[PLACE_OUTBOX], "a"), 0);
	put(f, PLACE_OUTBOX, "c", 1500);
	check_list(f, &list, "c b ");
	/* Ended again, while the former one is kept elsewhere. */
	assert_int_equal(sys_rename(f->desk->at[PLACE_OUTBOX], "c",
	                            f->desk->at[PLACE_WORK], "c"),
	                 0);
	put(f, PLACE_OUTBOX, "c", 5000);
	check_list(f, &list, "b c ");
	retain_list_remove(&list, 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.all[0].id, "c");
	retain_list_done(&list);
}

static void
a_result_expires_to_the_millisecond(void **state)
{
	(void)state;
	assert_false(retain_expired(1000, 0, INT64_MAX / 2));
	assert_false(retain_expired(1000, 500, 1499));
	assert_true(retain_expired(1000, 500, 1500));
	assert_true(retain_expired(1000, 500, 9999));
	assert_false(retain_expired(1000, 500, 0));
}

static void
what_is_taken_out_is_gone_and_told(void **state)
{
	struct fixture *f = *state;
	autofree char *journal = NULL;
	autostrset memory = STRSET_INIT;

	put(f, PLACE_OUTBOX, "a", 1000);
	assert_int_equal(retain_take_out(f->desk, &f->journal, PLACE_OUTBOX,
	                                 "a", "old", FIXTURE_NOW),
	                 0);
	assert_false(fixture_has(f, PLACE_OUTBOX, "a"));
	assert_true(fixture_has(f, PLACE_ADMIT, "+a/task"));
	assert_int_equal(retain_sweep(f->desk), 0);
	assert_false(fixture_has(f, PLACE_ADMIT, "+a"));
	journal = fixture_journal(f);
	check_contains("journal", journal, "expire a COMPLETED>GONE -");
	assert_int_equal(correct_memory(f->desk, &memory), 0);
	assert_true(correct_agrees(strset_get(&memory, "a"), TASK_NONE));
	assert_false(correct_agrees(strset_get(&memory, "a"), TASK_COMPLETED));
}

static void
a_leftover_of_the_same_name_is_in_nobodys_way(void **state)
{
	struct fixture *f = *state;

	put(f, PLACE_OUTBOX, "a", 1000);
	scratch_mkdir(f->desk->at[PLACE_ADMIT], "+a");
	fixture_put(f, PLACE_ADMIT, "+a/x", "x");
	assert_int_equal(retain_take_out(f->desk, &f->journal, PLACE_OUTBOX,
	                                 "a", "old", FIXTURE_NOW),
	                 0);
	assert_false(fixture_has(f, PLACE_ADMIT, "+a/x"));
	assert_int_equal(retain_sweep(f->desk), 0);
}

static void
what_a_kill_left_is_removed_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	char **claimed = NULL;

	scratch_mkdir(f->desk->at[PLACE_ADMIT], "+a");
	fixture_put(f, PLACE_ADMIT, "+a/x", "x");
	fixture_put(f, PLACE_ADMIT, "000000000001,b.md", "text");
	assert_int_equal(admit_recover(f->desk, &f->journal, FIXTURE_NOW,
	                               &claimed, NULL),
	                 0);
	assert_int_equal(keys_count(claimed), 1);
	keys_free_list(claimed);
	assert_false(fixture_has(f, PLACE_ADMIT, "+a"));
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(results_are_listed_by_their_end_and_then_by_id),
		TEST(a_result_that_does_not_say_is_as_old_as_it_is),
		TEST(a_list_follows_what_comes_and_goes),
		TEST(a_result_expires_to_the_millisecond),
		TEST(what_is_taken_out_is_gone_and_told),
		TEST(a_leftover_of_the_same_name_is_in_nobodys_way),
		TEST(what_a_kill_left_is_removed_at_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

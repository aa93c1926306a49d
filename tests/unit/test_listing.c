#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/listing.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

/* "running:a ready:b ": the places wanted, NONE ends them; none is all. */
static char *
list(const struct fixture *f, const enum place *places)
{
	bool wanted[PLACE_N] = { false };
	autolisting l = { 0 };
	autostr out = STR_INIT;

	for (int p = PLACE_NONE + 1; !*places && p < PLACE_N; p++)
		wanted[p] = true;
	for (; *places; places++)
		wanted[*places] = true;
	assert_int_equal(listing_take(f->desk, wanted, &l), 0);
	for (size_t i = 0; i < l.n; i++)
		str_addf(&out, "%s:%s ", desk_place_name(l.items[i].place),
		         l.items[i].id);
	return str_take(&out);
}

static void
check_list(const struct fixture *f, const char *want)
{
	static const enum place all = PLACE_NONE;
	autofree char *got = list(f, &all);

	check_text("list", got, want);
}

static void
an_empty_desk_has_nothing(void **state)
{
	check_list(*state, "");
}

static void
tasks_come_in_schedule_order(void **state)
{
	struct fixture *f = *state;

	(void)fixture_task(f, PLACE_PENDING, 9, "waits", "x");
	(void)fixture_task(f, PLACE_READY, 4, "second", "x");
	(void)fixture_task(f, PLACE_READY, 3, "first", "x");
	(void)fixture_task(f, PLACE_BLOCKED, 1, "blocked", "x");
	(void)fixture_task(f, PLACE_RUNNING, 7, "runs", "x");
	(void)fixture_task(f, PLACE_SAVING, 6, "saves", "x");
	fixture_put(f, PLACE_READY, "1.000000000008.0.urgent", "x");
	fixture_put(f, PLACE_INBOX, "drop.md", "x");
	check_list(f, "running:runs saving:saves ready:urgent ready:first "
	              "ready:second blocked:blocked pending:waits "
	              "inbox:drop ");
}

static void
what_is_no_task_is_left_out(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_READY, "junk", "x");
	fixture_put(f, PLACE_READY, ".5.000000000001.0.a", "x");
	fixture_put(f, PLACE_INBOX, ".hidden", "x");
	fixture_put(f, PLACE_INBOX, "half.part", "x");
	fixture_put(f, PLACE_REJECTED, "bad.md", "x");
	fixture_put(f, PLACE_REJECTED, "bad.md.why", "why");
	check_list(f, "rejected:bad ");
}

static void
a_task_met_twice_is_listed_once_where_it_was_met_last(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	(void)fixture_task(f, PLACE_PENDING, 1, "a", "x");
	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	check_list(f, "ready:a ");
}

static void
who_has_seen_the_result_is_not_shown_the_task(void **state)
{
	static const enum place saving[] = { PLACE_SAVING, PLACE_NONE };
	struct fixture *f = *state;
	autofree char *got = NULL;

	(void)fixture_task(f, PLACE_SAVING, 1, "a", "x");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	got = list(f, saving);
	check_text("without results", got, "");
	check_list(f, "outbox:a ");
}

static void
only_the_places_wanted_are_read(void **state)
{
	static const enum place two[] = { PLACE_READY, PLACE_FAILED,
		                          PLACE_NONE };
	struct fixture *f = *state;
	autofree char *got = NULL;

	(void)fixture_task(f, PLACE_PENDING, 1, "a", "x");
	(void)fixture_task(f, PLACE_READY, 2, "b", "x");
	scratch_mkdir(f->desk->at[PLACE_FAILED], "c");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "d");
	got = list(f, two);
	check_text("two places", got, "ready:b failed:c ");
}

static void
drops_of_one_name_and_several_endings_are_all_listed(void **state)
{
	struct fixture *f = *state;
	autofree char *got = NULL;
	static const enum place inbox[] = { PLACE_INBOX, PLACE_NONE };

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	fixture_put(f, PLACE_INBOX, "a.txt", "x");
	got = list(f, inbox);
	check_text("drops", got, "inbox:a inbox:a ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
		TEST(an_empty_desk_has_nothing),
		TEST(tasks_come_in_schedule_order),
		TEST(what_is_no_task_is_left_out),
		TEST(a_task_met_twice_is_listed_once_where_it_was_met_last),
		TEST(who_has_seen_the_result_is_not_shown_the_task),
		TEST(only_the_places_wanted_are_read),
		TEST(drops_of_one_name_and_several_endings_are_all_listed),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

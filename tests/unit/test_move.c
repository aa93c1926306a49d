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
#include "spool/move.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

/* Every move between places there is; all other pairs are refused. */
static const struct {
	enum place from, to;
} allowed[] = {
	{ PLACE_PENDING, PLACE_READY },  { PLACE_READY, PLACE_RUNNING },
	{ PLACE_RUNNING, PLACE_SAVING }, { PLACE_RUNNING, PLACE_BLOCKED },
	{ PLACE_SAVING, PLACE_BLOCKED }, { PLACE_BLOCKED, PLACE_READY },
};

static bool
is_allowed(enum place from, enum place to)
{
	for (size_t i = 0; i < countof(allowed); i++)
		if (allowed[i].from == from && allowed[i].to == to)
			return true;
	return false;
}

/* Try one pair in a spool of its own, and look at everything. */
static void
try_pair(enum place from, enum place to)
{
	struct fixture *f = fixture_new();
	struct move m = { .from = from, .to = to, .why = "a test" };
	struct entry e = fixture_task(f, from, 1, "a", "body");
	autofree char *before = scratch_snapshot(f->desk->fd, ".");
	autofree char *after = NULL;
	char row[64], name[ENTRY_NAME_MAX];
	int r = move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW);

	(void)snprintf(row, sizeof(row), "%s to %s", desk_place_name(from),
	               desk_place_name(to));
	check_number(row, r, is_allowed(from, to) ? 0 : -EPROTO);
	if (r == 0) {
		assert_true(fixture_has(f, to, entry_format(&e, name)));
		assert_false(fixture_has(f, from, name));
		assert_int_equal(fixture_copies(f, "a"), 1);
	} else {
		after = scratch_snapshot(f->desk->fd, ".");
		check_text(row, after, before);
	}
	fixture_free(f);
}

static void
of_all_pairs_of_places_only_the_moves_are_made(void **state)
{
	(void)state;
	for (int from = PLACE_INBOX; from < PLACE_N; from++)
		for (int to = PLACE_INBOX; to < PLACE_N; to++)
			try_pair((enum place)from, (enum place)to);
}

static void
a_move_is_told_in_the_journal_with_its_reason(void **state)
{
	static const struct {
		struct move m;
		const char *line;
	} rows[] = {
		{ { .from = PLACE_PENDING, .to = PLACE_READY },
		  "move a PENDING>READY -\n" },
		{ { .from = PLACE_READY, .to = PLACE_RUNNING },
		  "move a READY>RUNNING -\n" },
		{ { .from = PLACE_RUNNING, .to = PLACE_SAVING },
		  "phase a RUNNING>RUNNING -\n" },
		{ { .from = PLACE_SAVING,
		    .to = PLACE_BLOCKED,
		    .reason = "retry",
		    .until_ms = 5 },
		  "move a RUNNING>BLOCKED retry\n" },
		{ { .from = PLACE_BLOCKED, .to = PLACE_READY },
		  "move a BLOCKED>READY -\n" },
	};
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_PENDING, 3, "a", "body");
	autostr want = STR_INIT;

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *got = NULL;

		assert_int_equal(move_task(f->desk, &f->journal, &rows[i].m, &e,
		                           FIXTURE_NOW),
		                 0);
		str_adds(&want, rows[i].line);
		got = fixture_journal(f);
		assert_string_equal(got, str_text(&want));
	}
}

static void
a_start_counts_the_attempt_in_the_name(void **state)
{
	struct fixture *f = *state;
	struct move m = { .from = PLACE_READY,
		          .to = PLACE_RUNNING,
		          .count_attempt = true };
	struct entry e = fixture_task(f, PLACE_READY, 3, "a", "body");
	autofree char *places = NULL;

	assert_int_equal(move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW),
	                 0);
	assert_int_equal(e.attempts, 1);
	places = fixture_places(f);
	assert_string_equal(places, "running/5.000000000003.1.a ");
}

static void
attempts_have_an_end(void **state)
{
	struct fixture *f = *state;
	struct move m = { .from = PLACE_READY,
		          .to = PLACE_RUNNING,
		          .count_attempt = true };
	struct entry e = { CLASS_LOW, 1, ENTRY_ATTEMPTS_MAX, "a" };
	char name[ENTRY_NAME_MAX];
	autofree char *journal = NULL;

	fixture_put(f, PLACE_READY, entry_format(&e, name), "body");
	assert_int_equal(move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW),
	                 -ERANGE);
	assert_true(fixture_has(f, PLACE_READY, name));
	journal = fixture_journal(f);
	assert_string_equal(journal, "");
}

static void
content_and_inode_stay_what_they_were(void **state)
{
	struct fixture *f = *state;
	struct move m = { .from = PLACE_PENDING, .to = PLACE_READY };
	struct entry e = fixture_task(f, PLACE_PENDING, 3, "a", "body");
	autofree char *before =
		scratch_snapshot(f->desk->at[PLACE_PENDING], ".");
	autofree char *after = NULL;

	assert_int_equal(move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW),
	                 0);
	after = scratch_snapshot(f->desk->at[PLACE_READY], ".");
	assert_string_equal(after, before);
}

static void
a_move_that_cannot_be_made_is_taken_back_in_the_journal(void **state)
{
	static const struct {
		const char *row;
		bool there, taken;
		int want;
	} rows[] = {
		{ "the task has gone", false, false, -ENOENT },
		{ "the name is taken", true, true, -EEXIST },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct move m = { .from = PLACE_PENDING, .to = PLACE_READY };
		struct entry e = { CLASS_MEDIUM, 4, 0, "a" };
		autofree char *journal = NULL;
		autofree char *kept = NULL;

		if (rows[i].there)
			e = fixture_task(f, PLACE_PENDING, 4, "a", "mine");
		if (rows[i].taken)
			(void)fixture_task(f, PLACE_READY, 4, "a", "theirs");
		check_number(
			rows[i].row,
			move_task(f->desk, &f->journal, &m, &e, FIXTURE_NOW),
			rows[i].want);
		journal = fixture_journal(f);
		check_text(rows[i].row, journal,
		           "move a PENDING>READY -\n"
		           "recover a ->PENDING -\n");
		if (rows[i].taken) {
			kept = fixture_read(f, PLACE_READY,
			                    "5.000000000004.0.a");
			assert_string_equal(kept, "theirs");
		}
		fixture_free(f);
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			of_all_pairs_of_places_only_the_moves_are_made),
		TEST(a_move_is_told_in_the_journal_with_its_reason),
		TEST(a_start_counts_the_attempt_in_the_name),
		TEST(attempts_have_an_end),
		TEST(content_and_inode_stay_what_they_were),
		TEST(a_move_that_cannot_be_made_is_taken_back_in_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/move.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
a_task_is_found_in_every_place_it_can_be_in(void **state)
{
	static const struct {
		enum place place;
		const char *name;
	} rows[] = {
		{ PLACE_INBOX, "a.md" },
		{ PLACE_INBOX, "1795235958123456789.77.0.a.md" },
		{ PLACE_ADMIT, "000000000007,a.md" },
		{ PLACE_ADMIT, "000000000007.1000,a.task.json" },
		{ PLACE_PENDING, "5.000000000001.0.a" },
		{ PLACE_READY, "1.000000000001.3.a" },
		{ PLACE_RUNNING, "5.000000000001.1.a" },
		{ PLACE_SAVING, "9.000000000001.1.a" },
		{ PLACE_BLOCKED, "5.000000000001.1.a" },
		{ PLACE_OUTBOX, "a" },
		{ PLACE_FAILED, "a" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct found found;

		assert_int_equal(find_task(f->desk, "a", &found), -ENOENT);
		fixture_put(f, rows[i].place, rows[i].name, "");
		check_number(rows[i].name, find_task(f->desk, "a", &found), 0);
		check_number(rows[i].name, found.place, rows[i].place);
		check_text(rows[i].name, found.name, rows[i].name);
		if (desk_place_live(rows[i].place))
			assert_string_equal(found.entry.id, "a");
		fixture_free(f);
	}
}

static void
what_is_no_task_is_not_found(void **state)
{
	static const struct {
		enum place place;
		const char *name;
	} rows[] = {
		{ PLACE_INBOX, ".a.md" },
		{ PLACE_INBOX, "a.md.tmp" },
		{ PLACE_ADMIT, "a.md" },
		{ PLACE_PENDING, "a" },
		{ PLACE_READY, ".5.000000000001.0.a" },
		{ PLACE_READY, "5.000000000001.0.ab" },
		{ PLACE_REJECTED, "a" },
		{ PLACE_WORK, "a" },
		{ PLACE_REQUESTS, "cancel.a" },
	};
	struct fixture *f = *state;
	struct found found;

	for (size_t i = 0; i < countof(rows); i++)
		fixture_put(f, rows[i].place, rows[i].name, "");
	assert_int_equal(find_task(f->desk, "a", &found), -ENOENT);
	assert_int_equal(find_task(f->desk, "..", &found), -ENOENT);
	assert_int_equal(find_task(f->desk, "", &found), -ENOENT);
	assert_int_equal(find_task(f->desk, "../outbox", &found), -ENOENT);
}

static void
the_id_of_a_drop_is_in_its_name(void **state)
{
	static const struct {
		const char *drop, *id;
	} rows[] = {
		{ "brief.md", "brief" },
		{ "brief", "brief" },
		{ "brief.task.json", "brief" },
		{ "my brief!.txt", "my-brief-" },
		{ "1795235958123456789.77.0.brief.md", "brief" },
		{ "1795235958123456789.77.0.brief.v2.md", "brief.v2" },
		{ "179523595812345678.77.0.brief.md",
		  "179523595812345678.77.0.brief" },
		{ "2026.11.21.md", "2026.11.21" },
		{ "...", "task" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *id = find_drop_id(rows[i].drop);

		check_text(rows[i].drop, id, rows[i].id);
	}
}

static void
a_prefix_finds_the_one_task_it_begins(void **state)
{
	struct fixture *f = *state;
	autofree char *id = NULL;
	struct err err = { "" };

	(void)fixture_task(f, PLACE_READY, 1, "brief-1", "");
	(void)fixture_task(f, PLACE_BLOCKED, 2, "brief-2", "");
	(void)fixture_task(f, PLACE_PENDING, 3, "alone", "");
	fixture_put(f, PLACE_OUTBOX, "done", "");
	assert_int_equal(find_prefix(f->desk, "alo", &id, &err), 0);
	assert_string_equal(id, "alone");
	free(take_ptr(id));
	assert_int_equal(find_prefix(f->desk, "do", &id, &err), 0);
	assert_string_equal(id, "done");
	free(take_ptr(id));
	assert_int_equal(find_prefix(f->desk, "brief", &id, &err), -EEXIST);
	check_contains("candidates", err.text, "brief-1");
	check_contains("candidates", err.text, "brief-2");
	assert_int_equal(find_prefix(f->desk, "x", &id, &err), -ENOENT);
	check_contains("none", err.text, "'x'");
	assert_null(id);
}

static void
an_exact_id_wins_over_what_it_begins(void **state)
{
	struct fixture *f = *state;
	autofree char *id = NULL;

	(void)fixture_task(f, PLACE_READY, 1, "brief", "");
	(void)fixture_task(f, PLACE_READY, 2, "brief-2", "");
	fixture_put(f, PLACE_OUTBOX, "brief-3", "");
	assert_int_equal(find_prefix(f->desk, "brief", &id, NULL), 0);
	assert_string_equal(id, "brief");
}

static void
a_list_is_in_schedule_order(void **state)
{
	struct fixture *f = *state;
	char **names = NULL;

	fixture_put(f, PLACE_READY, "9.000000000001.0.c", "");
	fixture_put(f, PLACE_READY, "5.000000000010.0.b", "");
	fixture_put(f, PLACE_READY, "5.000000000009.2.z", "");
	fixture_put(f, PLACE_READY, "1.000000000099.0.a", "");
	fixture_put(f, PLACE_READY, ".hidden", "");
	assert_int_equal(find_list(f->desk, PLACE_READY, &names), 0);
	assert_int_equal(keys_count(names), 4);
	assert_string_equal(names[0], "1.000000000099.0.a");
	assert_string_equal(names[1], "5.000000000009.2.z");
	assert_string_equal(names[2], "5.000000000010.0.b");
	assert_string_equal(names[3], "9.000000000001.0.c");
	keys_free_list(names);
	assert_int_equal(find_count(f->desk, PLACE_READY), 4);
	assert_int_equal(find_count(f->desk, PLACE_PENDING), 0);
}

static void
what_runs_is_found_before_what_is_saved(void **state)
{
	struct fixture *f = *state;
	struct found found;

	assert_int_equal(find_running(f->desk, &found), -ENOENT);
	(void)fixture_task(f, PLACE_SAVING, 2, "late", "");
	(void)fixture_task(f, PLACE_SAVING, 1, "early", "");
	assert_int_equal(find_running(f->desk, &found), 0);
	assert_string_equal(found.entry.id, "early");
	assert_int_equal(found.place, PLACE_SAVING);
	(void)fixture_task(f, PLACE_RUNNING, 3, "now", "");
	assert_int_equal(find_running(f->desk, &found), 0);
	assert_string_equal(found.entry.id, "now");
	assert_int_equal(found.place, PLACE_RUNNING);
}

/* Moves one task round and round, until it is killed. */
static void
keep_moving(struct fixture *f, struct entry e)
{
	static const struct move round[] = {
		{ .from = PLACE_PENDING, .to = PLACE_READY },
		{ .from = PLACE_READY, .to = PLACE_RUNNING },
		{ .from = PLACE_RUNNING, .to = PLACE_BLOCKED },
		{ .from = PLACE_BLOCKED, .to = PLACE_READY },
	};
	size_t i = 0;

	for (;;) {
		if (move_task(f->desk, &f->journal, &round[i], &e, 1) < 0)
			_exit(1);
		i = i + 1 == countof(round) ? 1 : i + 1;
	}
}

static void
a_task_on_the_move_is_never_missed(void **state)
{
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_PENDING, 1, "a", "");
	int places[PLACE_N] = { 0 };
	struct found found;
	pid_t pid;

	/* Others, so that looking through a place takes its time. */
	for (uint64_t i = 2; i < 40; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "other-%d", (int)i);
		(void)fixture_task(f, i % 2 ? PLACE_READY : PLACE_BLOCKED, i,
		                   id, "");
	}
	pid = fork();
	if (pid == 0)
		keep_moving(f, e);
	for (int i = 0; i < 3000; i++) {
		int r = find_task(f->desk, "a", &found);

		if (r < 0)
			(void)kill(pid, SIGKILL);
		check_number("found", r, 0);
		places[found.place]++;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	assert_true(places[PLACE_READY] + places[PLACE_RUNNING] +
	                    places[PLACE_BLOCKED] >
	            0);
}

static void
a_task_that_is_not_there_is_not_found_in_finite_time(void **state)
{
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_PENDING, 1, "a", "");
	struct found found;
	pid_t pid = fork();

	if (pid == 0)
		keep_moving(f, e);
	for (int i = 0; i < 20; i++)
		assert_int_equal(find_task(f->desk, "b", &found), -ENOENT);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_found_in_every_place_it_can_be_in),
		TEST(what_is_no_task_is_not_found),
		cmocka_unit_test(the_id_of_a_drop_is_in_its_name),
		TEST(a_prefix_finds_the_one_task_it_begins),
		TEST(an_exact_id_wins_over_what_it_begins),
		TEST(a_list_is_in_schedule_order),
		TEST(what_runs_is_found_before_what_is_saved),
		TEST(a_task_on_the_move_is_never_missed),
		TEST(a_task_that_is_not_there_is_not_found_in_finite_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

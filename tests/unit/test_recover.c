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
#include "base/mem.h"
#include "spool/record.h"
#include "spool/recover.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

/* Blocks a crashed task until a fixed time, or fails it if `arg` says so. */
static int
policy(void *arg, const struct entry *e, struct record *rec)
{
	(void)e;
	rec->crashes++;
	rec->reason = BLOCK_CRASHED;
	rec->until_ms = FIXTURE_NOW + 5000;
	(void)snprintf(rec->message, sizeof(rec->message), "it crashed");
	return *(int *)arg;
}

static struct recover_count
recover(struct fixture *f, int give_up)
{
	struct recover_count count;
	struct err err = { "" };

	if (recover_desk(f->desk, &f->journal, FIXTURE_NOW, policy, &give_up,
	                 &count, &err) < 0)
		fail_msg("recovery failed: %s", err.text);
	return count;
}

/* A second recovery must find nothing to do. */
static void
recover_again(struct fixture *f, int give_up)
{
	autofree char *before = fixture_places(f);
	autofree char *after = NULL;
	struct recover_count n = recover(f, give_up);

	after = fixture_places(f);
	assert_string_equal(after, before);
	assert_int_equal(n.finished + n.published + n.crashed + n.corrected +
	                         n.cleaned,
	                 0);
}

static void
stage(struct fixture *f, const struct entry *e, enum outcome outcome)
{
	const struct ending end = { .outcome = outcome, .uid = 1 };
	char name[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;

	assert_int_equal(task_open(f->desk->at[PLACE_SAVING],
	                           entry_format(e, name), &t, NULL),
	                 0);
	assert_int_equal(result_stage(f->desk, PLACE_SAVING, e, &t, &end,
	                              FIXTURE_NOW, NULL),
	                 0);
}

static void
a_sound_desk_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct recover_count n;
	autofree char *before = NULL;
	autofree char *after = NULL;

	(void)fixture_task(f, PLACE_PENDING, 1, "a", "text");
	(void)fixture_task(f, PLACE_READY, 2, "b", "text");
	(void)fixture_task(f, PLACE_BLOCKED, 3, "c", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "c");
	fixture_put(f, PLACE_WORK, "c/memory", "x");
	fixture_put(f, PLACE_INBOX, "d.md", "text");
	before = scratch_snapshot(f->desk->fd, ".");
	n = recover(f, 0);
	after = scratch_snapshot(f->desk->fd, ".");
	assert_string_equal(after, before);
	assert_int_equal(n.finished + n.published + n.crashed + n.corrected +
	                         n.cleaned,
	                 0);
}

static void
what_ran_is_blocked_as_crashed(void **state)
{
	struct fixture *f = *state;
	struct recover_count n;
	struct record rec;
	autofree char *places = NULL;
	autofree char *journal = NULL;

	fixture_put(f, PLACE_RUNNING, "5.000000000001.1.a", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	fixture_put(f, PLACE_WORK, "a/memory", "x");
	n = recover(f, 0);
	assert_int_equal(n.crashed, 1);
	places = fixture_places(f);
	assert_string_equal(places, "blocked/5.000000000001.1.a ");
	record_read(f->desk, "a", &rec);
	assert_int_equal(rec.crashes, 1);
	assert_int_equal(rec.reason, BLOCK_CRASHED);
	assert_int_equal(rec.until_ms, FIXTURE_NOW + 5000);
	assert_true(fixture_has(f, PLACE_WORK, "a/memory"));
	journal = fixture_journal(f);
	assert_string_equal(journal, "phase a RUNNING>RUNNING recovery\n"
	                             "move a RUNNING>BLOCKED crashed\n");
	recover_again(f, 0);
}

static void
what_crashed_too_often_fails(void **state)
{
	struct fixture *f = *state;
	struct recover_count n;
	autojson *o = NULL;
	autofree char *places = NULL;

	fixture_put(f, PLACE_RUNNING, "5.000000000001.4.a", "text");
	n = recover(f, 1);
	assert_int_equal(n.crashed, 1);
	places = fixture_places(f);
	assert_string_equal(places, "failed/a ");
	assert_int_equal(result_read(f->desk, PLACE_FAILED, "a", &o, NULL), 0);
	assert_string_equal(json_str(json_get(o, "reason"), ""), "crashed");
	assert_string_equal(json_str(json_get(o, "message"), ""), "it crashed");
	assert_int_equal(result_check(f->desk, PLACE_FAILED, "a", NULL), 0);
	recover_again(f, 1);
}

static void
a_complete_staged_result_is_published_not_run_again(void **state)
{
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_SAVING, 1, "a", "text");
	struct recover_count n;
	autofree char *places = NULL;

	stage(f, &e, OUT_COMPLETED);
	n = recover(f, 0);
	assert_int_equal(n.published, 1);
	assert_int_equal(n.crashed, 0);
	places = fixture_places(f);
	assert_string_equal(places, "outbox/a ");
	assert_int_equal(result_check(f->desk, PLACE_OUTBOX, "a", NULL), 0);
	assert_false(fixture_has(f, PLACE_WORK, "a"));
	recover_again(f, 0);
}

static void
a_staged_result_that_was_torn_is_not_published(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ "a/result/task", "tex" },
		{ "a/result/task", NULL },
		{ "a/result/result.json", "{\"state\"" },
		{ "a/result/result.json", "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct entry e = fixture_task(f, PLACE_SAVING, 1, "a", "text");
		struct recover_count n;
		autofree char *places = NULL;

		stage(f, &e, OUT_COMPLETED);
		scratch_unlink(f->desk->at[PLACE_WORK], rows[i].path);
		if (rows[i].text)
			fixture_put(f, PLACE_WORK, rows[i].path, rows[i].text);
		n = recover(f, 0);
		check_number(rows[i].path, n.crashed, 1);
		places = fixture_places(f);
		check_text(rows[i].path, places, "blocked/5.000000000001.0.a ");
		assert_int_equal(result_staged(f->desk, "a"), 0);
		recover_again(f, 0);
		fixture_free(f);
	}
}

static void
what_was_published_is_finished_wherever_it_stands(void **state)
{
	static const enum place at[] = { PLACE_SAVING, PLACE_RUNNING,
		                         PLACE_PENDING, PLACE_READY,
		                         PLACE_BLOCKED };

	(void)state;
	for (size_t i = 0; i < countof(at); i++) {
		for (int failed = 0; failed < 2; failed++) {
			struct fixture *f = fixture_new();
			enum place to = failed ? PLACE_FAILED : PLACE_OUTBOX;
			struct recover_count n;
			autofree char *places = NULL;

			(void)fixture_task(f, at[i], 1, "a", "text");
			scratch_mkdir(f->desk->at[to], "a");
			fixture_put(f, to, "a/result.json",
			            failed ? "{\"state\":\"FAILED\"}" :
			                     "{\"state\":\"COMPLETED\"}");
			n = recover(f, 0);
			check_number(desk_place_name(at[i]), n.finished, 1);
			places = fixture_places(f);
			check_text(desk_place_name(at[i]), places,
			           failed ? "failed/a " : "outbox/a ");
			recover_again(f, 0);
			fixture_free(f);
		}
	}
}

static void
a_name_that_is_no_entry_is_put_aside_with_a_reason(void **state)
{
	static const enum place at[] = { PLACE_PENDING, PLACE_READY,
		                         PLACE_RUNNING, PLACE_SAVING,
		                         PLACE_BLOCKED };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(at); i++) {
		autofree char *name = mem_printf("junk-%zu", i);
		autofree char *why = mem_printf("junk-%zu.why", i);

		fixture_put(f, at[i], name, "mine");
		(void)recover(f, 0);
		assert_true(fixture_has(f, PLACE_REJECTED, name));
		assert_true(fixture_has(f, PLACE_REJECTED, why));
	}
	recover_again(f, 0);
}

static void
scratch_of_no_task_is_removed(void **state)
{
	struct fixture *f = *state;
	struct recover_count n;
	autofree char *names = NULL;

	(void)fixture_task(f, PLACE_READY, 1, "a", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	scratch_mkdir(f->desk->at[PLACE_WORK], "gone");
	fixture_put(f, PLACE_WORK, "gone/x", "x");
	n = recover(f, 0);
	assert_int_equal(n.cleaned, 1);
	names = scratch_list(f->desk->at[PLACE_WORK], ".");
	assert_string_equal(names, "a");
}

/* admit_again() died after it had archived the old result. */
static void
the_archive_of_a_task_that_begins_again_is_kept(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_ADMIT, "=5.000000000007.0.a", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a/failed-1");
	fixture_put(f, PLACE_WORK, "a/failed-1/result.json", "{}");
	(void)recover(f, 0);
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-1/result.json"));
}

static void
a_line_about_a_move_that_was_not_made_is_corrected(void **state)
{
	static const char *const tos[] = { "READY", "RUNNING", "BLOCKED" };

	(void)state;
	for (size_t i = 0; i < countof(tos); i++) {
		struct fixture *f = fixture_new();
		struct journal_line line = JOURNAL_LINE;
		struct recover_count n;
		autofree char *journal = NULL;
		autofree char *want = mem_printf("move a ->%s -\n"
		                                 "recover a ->PENDING -\n",
		                                 tos[i]);

		(void)fixture_task(f, PLACE_PENDING, 1, "a", "text");
		line.ev = "move";
		line.id = "a";
		line.to = tos[i];
		assert_int_equal(journal_write(&f->journal, 1, &line), 0);
		n = recover(f, 0);
		check_number(tos[i], n.corrected, 1);
		journal = fixture_journal(f);
		check_text(tos[i], journal, want);
		recover_again(f, 0);
		fixture_free(f);
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sound_desk_is_left_alone),
		TEST(what_ran_is_blocked_as_crashed),
		TEST(what_crashed_too_often_fails),
		TEST(a_complete_staged_result_is_published_not_run_again),
		cmocka_unit_test(
			a_staged_result_that_was_torn_is_not_published),
		cmocka_unit_test(
			what_was_published_is_finished_wherever_it_stands),
		TEST(a_name_that_is_no_entry_is_put_aside_with_a_reason),
		TEST(scratch_of_no_task_is_removed),
		TEST(the_archive_of_a_task_that_begins_again_is_kept),
		cmocka_unit_test(
			a_line_about_a_move_that_was_not_made_is_corrected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

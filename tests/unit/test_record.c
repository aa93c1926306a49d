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
#include "base/clock.h"
#include "base/utf8.h"
#include "spool/record.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static const char boot[] = "11111111-2222-3333-4444-555555555555";

static void
assert_empty(const struct record *rec)
{
	assert_int_equal(rec->uid, -1);
	assert_int_equal(rec->failures, 0);
	assert_int_equal(rec->crashes, 0);
	assert_int_equal(rec->deferrals, 0);
	assert_int_equal(rec->first_started_ms, 0);
	assert_int_equal(rec->reason, BLOCK_NONE);
	assert_int_equal(rec->until_ms, 0);
	assert_int_equal(rec->until_boot_ns, 0);
	assert_string_equal(rec->boot, "");
	assert_string_equal(rec->message, "");
}

static void
what_is_written_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct record rec = { .uid = 1000,
		              .failures = 2,
		              .crashes = 1,
		              .deferrals = 7,
		              .first_started_ms = FIXTURE_NOW,
		              .reason = BLOCK_RETRY,
		              .until_ms = FIXTURE_NOW + 5000,
		              .until_boot_ns = 123456 * CLOCK_NS_PER_MS,
		              .message = "exit 3, again in 5s" };
	struct record back;
	autofree char *private = NULL;

	(void)snprintf(rec.boot, sizeof(rec.boot), "%s", boot);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(record_write(f->desk, "a", &rec), 0);
		record_read(f->desk, "a", &back);
		assert_memory_equal(&back.uid, &rec.uid, sizeof(rec.uid));
		assert_int_equal(back.failures, 2);
		assert_int_equal(back.crashes, 1);
		assert_int_equal(back.deferrals, 7);
		assert_int_equal(back.first_started_ms, FIXTURE_NOW);
		assert_int_equal(back.reason, BLOCK_RETRY);
		assert_int_equal(back.until_ms, rec.until_ms);
		assert_int_equal(back.until_boot_ns, rec.until_boot_ns);
		assert_string_equal(back.boot, boot);
		assert_string_equal(back.message, rec.message);
	}
	private = fixture_private(f);
	assert_string_equal(private, "");
}

static void
a_task_that_is_not_blocked_has_no_wait(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT, back;

	rec.until_ms = 5;
	rec.failures = 1;
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	record_read(f->desk, "a", &back);
	assert_int_equal(back.failures, 1);
	assert_int_equal(back.uid, -1);
	assert_int_equal(back.until_ms, 0);
}

static void
a_record_that_is_missing_or_unreadable_is_empty(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"null",
		"\"text\"",
		"{\"uid\":\"x\",\"failures\":[],\"blocked\":3}",
		"{\"blocked\":{\"reason\":\"no such reason\",\"until\":\"x\"}}",
		"\xff\xfe",
	};
	struct fixture *f = *state;
	struct record rec;

	record_read(f->desk, "none", &rec);
	assert_empty(&rec);
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	for (size_t i = 0; i < countof(rows); i++) {
		scratch_write(f->desk->at[PLACE_WORK], "a/record.json",
		              rows[i]);
		record_read(f->desk, "a", &rec);
		assert_empty(&rec);
	}
}

static void
a_record_is_never_read_through_a_link_or_from_a_pipe(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	struct record rec;

	scratch_mkdir(work, "a");
	scratch_mkdir(work, "b");
	scratch_write(work, "a/elsewhere", "{\"failures\":9}");
	scratch_symlink(work, "elsewhere", "a/record.json");
	scratch_fifo(work, "b/record.json");
	record_read(f->desk, "a", &rec);
	assert_empty(&rec);
	record_read(f->desk, "b", &rec);
	assert_empty(&rec);
}

/* The worker may write there, too. */
static void
no_number_in_a_record_does_harm(void **state)
{
	static const char *const rows[] = {
		"9007199254740992", "-9007199254740992", "1e300",
		"-1e300",           "9223372036855",     "0.5",
	};
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	for (size_t i = 0; i < countof(rows); i++) {
		char text[512];
		struct record rec;

		(void)snprintf(text, sizeof(text),
		               "{\"failures\":%s,\"blocked\":{\"reason\":"
		               "\"retry\",\"until\":%s,\"until_boot_ms\":%s,"
		               "\"boot\":\"%s\"}}",
		               rows[i], rows[i], rows[i], i % 2 ? boot : "x");
		scratch_write(f->desk->at[PLACE_WORK], "a/record.json", text);
		record_read(f->desk, "a", &rec);
		assert_true(record_wait_left(&rec, boot, clock_boot_ns(),
		                             clock_wall_ms()) >= 0);
	}
}

static void
a_long_message_is_cut_and_stays_text(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT, back;

	rec.reason = BLOCK_CRASHED;
	/* Two bytes a letter, and an odd number of bytes. */
	rec.message[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof(rec.message); i += 2)
		memcpy(rec.message + i, "\xc3\xa4", 2);
	rec.message[sizeof(rec.message) - 2] = '\xc3';
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	record_read(f->desk, "a", &back);
	assert_true(strlen(back.message) < sizeof(back.message));
	assert_memory_equal(back.message, rec.message, 500);
}

static void
the_wait_is_measured_on_the_boot_clock_of_its_boot(void **state)
{
	static const struct {
		const char *row;
		int64_t until_ms, until_boot_ms; /* of the record */
		bool same_boot;
		int64_t wall_ms, boot_ms; /* now */
		int64_t left_ms;
	} rows[] = {
		{ "none", 0, 500, true, 0, 0, 0 },
		{ "same boot", 9000, 500, true, 1000, 200, 300 },
		{ "same boot, over", 9000, 500, true, 1000, 500, 0 },
		{ "same boot, long over", 9000, 500, true, 0, 99999, 0 },
		{ "same boot, wall clock jumped", 9000, 500, true, 99999, 200,
		  300 },
		{ "other boot", 9000, 500, false, 8000, 99999, 1000 },
		{ "other boot, over", 9000, 500, false, 9000, 0, 0 },
		{ "other boot, long over", 9000, 500, false, 99999, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct record rec = RECORD_INIT;

		rec.until_ms = rows[i].until_ms;
		rec.until_boot_ns = rows[i].until_boot_ms * CLOCK_NS_PER_MS;
		(void)snprintf(rec.boot, sizeof(rec.boot), "%s", boot);
		check_number(rows[i].row,
		             record_wait_left(&rec,
		                              rows[i].same_boot ? boot : "2",
		                              rows[i].boot_ms * CLOCK_NS_PER_MS,
		                              rows[i].wall_ms),
		             rows[i].left_ms * CLOCK_NS_PER_MS);
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read_back),
		TEST(a_task_that_is_not_blocked_has_no_wait),
		TEST(a_record_that_is_missing_or_unreadable_is_empty),
		TEST(a_record_is_never_read_through_a_link_or_from_a_pipe),
		TEST(no_number_in_a_record_does_harm),
		TEST(a_long_message_is_cut_and_stays_text),
		TEST(the_wait_is_measured_on_the_boot_clock_of_its_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "spool/progress.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
each_phase_has_its_band(void **state)
{
	static const struct {
		enum phase phase;
		int own, shown;
	} rows[] = {
		{ PHASE_WORKING, 0, 0 },
		{ PHASE_WORKING, 50, 45 },
		{ PHASE_WORKING, 100, 90 },
		{ PHASE_WORKING, -1, 0 },
		{ PHASE_WORKING, 101, 90 },
		{ PHASE_WORKING, 1, 0 },
		{ PHASE_SAVING, 0, 90 },
		{ PHASE_SAVING, 100, 95 },
		{ PHASE_SAVING, 50, 92 },
		{ PHASE_VERIFYING, 0, 95 },
		{ PHASE_VERIFYING, 100, 98 },
		{ PHASE_NONE, 100, 0 },
		{ PHASE_WORKING, INT32_MAX, 90 },
		{ PHASE_WORKING, INT32_MIN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(progress_phase_name(rows[i].phase),
		             progress_band(rows[i].phase, rows[i].own),
		             rows[i].shown);
}

static void
no_phase_reaches_100_and_none_goes_back(void **state)
{
	(void)state;
	for (int p = PHASE_WORKING; p <= PHASE_VERIFYING; p++) {
		int before = p == PHASE_WORKING ?
		                     0 :
		                     progress_band((enum phase)(p - 1), 100);

		for (int own = 0; own <= 100; own++) {
			int now = progress_band((enum phase)p, own);

			assert_true(now >= before && now < 100);
			before = now;
		}
	}
}

static void
what_is_written_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct progress p = { .phase = PHASE_SAVING,
		              .percent = 93,
		              .message = "half \"way\"\n",
		              .stage = "two",
		              .updated_ms = FIXTURE_NOW,
		              .stalled_ms = FIXTURE_NOW + 7,
		              .quiet_ms = FIXTURE_NOW + 5 };
	struct progress back;
	autofree char *private = NULL;

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(progress_write(f->desk, "a", &p), 0);
		assert_int_equal(progress_read(f->desk, "a", &back), 0);
		assert_int_equal(back.phase, PHASE_SAVING);
		assert_int_equal(back.percent, 93);
		assert_string_equal(back.message, p.message);
		assert_string_equal(back.stage, "two");
		assert_int_equal(back.updated_ms, FIXTURE_NOW);
		assert_int_equal(back.stalled_ms, p.stalled_ms);
		assert_int_equal(back.quiet_ms, p.stalled_ms ? p.quiet_ms : 0);
		p.stalled_ms = 0;
	}
	private = fixture_private(f);
	assert_string_equal(private, "");
}

static void
a_task_without_scratch_cannot_report(void **state)
{
	struct fixture *f = *state;
	struct progress p = { .phase = PHASE_WORKING };

	assert_int_equal(progress_write(f->desk, "a", &p), -ENOENT);
	assert_int_equal(progress_read(f->desk, "a", &p), -ENOENT);
}

static void
nonsense_is_no_report(void **state)
{
	static const char *const rows[] = { "",
		                            "{",
		                            "[]",
		                            "null",
		                            "{}",
		                            "\xff",
		                            "{\"phase\":\"none\"}",
		                            "{\"phase\":\"asleep\"}",
		                            "{\"phase\":7,\"percent\":1}" };
	struct fixture *f = *state;
	struct progress p;

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	for (size_t i = 0; i < countof(rows); i++) {
		scratch_write(f->desk->at[PLACE_WORK], "a/progress.json",
		              rows[i]);
		check_number(rows[i], progress_read(f->desk, "a", &p), -ENOENT);
	}
}

/* A worker can write this file himself. */
static void
a_forged_report_does_not_leave_its_band(void **state)
{
	static const struct {
		const char *text;
		int percent;
	} rows[] = {
		{ "{\"phase\":\"working\",\"percent\":100}", 90 },
		{ "{\"phase\":\"working\",\"percent\":-5}", 0 },
		{ "{\"phase\":\"saving\",\"percent\":3}", 90 },
		{ "{\"phase\":\"verifying\",\"percent\":4294967396}", 98 },
		{ "{\"phase\":\"working\",\"percent\":\"x\"}", 0 },
	};
	struct fixture *f = *state;
	struct progress p;

	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	for (size_t i = 0; i < countof(rows); i++) {
		scratch_write(f->desk->at[PLACE_WORK], "a/progress.json",
		              rows[i].text);
		assert_int_equal(progress_read(f->desk, "a", &p), 0);
		check_number(rows[i].text, p.percent, rows[i].percent);
	}
}

static void
long_texts_are_cut(void **state)
{
	struct fixture *f = *state;
	struct progress p;
	char text[2048];

	(void)snprintf(text, sizeof(text),
	               "{\"phase\":\"working\",\"percent\":1,"
	               "\"message\":\"%0900d\",\"stage\":\"%0900d\"}",
	               1, 2);
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	scratch_write(f->desk->at[PLACE_WORK], "a/progress.json", text);
	assert_int_equal(progress_read(f->desk, "a", &p), 0);
	assert_int_equal(strlen(p.message), sizeof(p.message) - 1);
	assert_int_equal(strlen(p.stage), sizeof(p.stage) - 1);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_phase_has_its_band),
		cmocka_unit_test(no_phase_reaches_100_and_none_goes_back),
		TEST(what_is_written_is_read_back),
		TEST(a_task_without_scratch_cannot_report),
		TEST(nonsense_is_no_report),
		TEST(a_forged_report_does_not_leave_its_band),
		TEST(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

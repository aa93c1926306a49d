#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/support/libcheck.h"

static void
durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t ms;
	} rows[] = {
		{ "0", 0, 0 },
		{ "500ms", 0, 500 },
		{ "2s", 0, 2000 },
		{ "10m", 0, 600000 },
		{ "1h", 0, 3600000 },
		{ "7d", 0, 604800000 },
		{ "0s", 0, 0 },
		{ "007s", 0, 7000 },
		{ "10", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "+1s", -EINVAL, 0 },
		{ " 1s", -EINVAL, 0 },
		{ "1s ", -EINVAL, 0 },
		{ "1.5s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1h30m", -EINVAL, 0 },
		{ "1w", -EINVAL, 0 },
		{ "99999999999999999999s", -ERANGE, 0 },
		{ "9223372036854775807d", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int64_t ms = 77;

		check_number(rows[i].text,
		             clock_parse_duration(rows[i].text, &ms),
		             rows[i].r);
		check_number(rows[i].text, ms, rows[i].r ? 77 : rows[i].ms);
	}
}

static void
the_longest_duration_does_not_overflow(void **state)
{
	char text[32] = "1";

	(void)state;
	for (int digits = 1; digits < 25; digits++) {
		int64_t ms = -1;
		int r;

		memset(text, '9', (size_t)digits);
		text[digits] = 'd';
		text[digits + 1] = '\0';
		r = clock_parse_duration(text, &ms);
		assert_true(r == -ERANGE || (r == 0 && ms > 0));
	}
}

static void
times_are_written_in_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ 1000, "1970-01-01T00:00:01.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char buf[CLOCK_TEXT_MAX];

		check_text(rows[i].want, clock_format(rows[i].ms, buf),
		           rows[i].want);
	}
}

static void
a_time_beyond_all_calendars_stays_in_its_buffer(void **state)
{
	static const int64_t rows[] = { INT64_MAX, INT64_MIN, 1LL << 60,
		                        253402300800000 };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char buf[CLOCK_TEXT_MAX + 1];

		memset(buf, 'x', sizeof(buf));
		assert_ptr_equal(clock_format(rows[i], buf), buf);
		assert_true(strlen(buf) < CLOCK_TEXT_MAX);
		assert_int_equal(buf[CLOCK_TEXT_MAX], 'x');
	}
}

static void
durations_are_shown_with_two_units_at_most(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "0ms" },           { 999, "999ms" },
		{ 1000, "1s" },         { 4200, "4.2s" },
		{ 4299, "4.2s" },       { 10500, "10s" },
		{ 59999, "59s" },       { 60000, "1m00s" },
		{ 3599999, "59m59s" },  { 3720000, "1h02m" },
		{ 86399999, "23h59m" }, { 86400000, "1d00h" },
		{ 90000000, "1d01h" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char buf[CLOCK_TEXT_MAX];

		check_text(rows[i].want, clock_format_duration(rows[i].ms, buf),
		           rows[i].want);
	}
}

static void
the_boot_clock_never_goes_back(void **state)
{
	int64_t before = clock_boot_ns();

	(void)state;
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_boot_ns();

		assert_true(now >= before);
		before = now;
	}
}

static void
the_wall_clock_is_the_systems(void **state)
{
	int64_t s = (int64_t)time(NULL);
	int64_t ms = clock_wall_ms();
	int64_t ns = clock_wall_ns();

	(void)state;
	/* time() may lag by a tick. */
	assert_in_range(ms / 1000, s, s + 2);
	assert_in_range(ns / CLOCK_NS_PER_S, s, s + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(the_longest_duration_does_not_overflow),
		cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
		cmocka_unit_test(
			a_time_beyond_all_calendars_stays_in_its_buffer),
		cmocka_unit_test(durations_are_shown_with_two_units_at_most),
		cmocka_unit_test(the_boot_clock_never_goes_back),
		cmocka_unit_test(the_wall_clock_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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
a_time_with_a_zone_means_one_moment(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "2026-11-21T04:39:18.123Z", 0, 1795235958123 },
		{ "2026-11-21T04:39:18.1239Z", 0, 1795235958123 },
		{ "2026-11-21T04:39:18.1Z", 0, 1795235958100 },
		{ "2026-11-21t04:39:18z", 0, 1795235958000 },
		{ "2026-11-21 04:39:18Z", 0, 1795235958000 },
		{ "2026-11-21T04:39Z", 0, 1795235940000 },
		{ "2026-11-21T05:39+01:00", 0, 1795235940000 },
		{ "2026-11-21T10:09+05:30", 0, 1795235940000 },
		{ "2026-11-20T20:39-08:00", 0, 1795235940000 },
		{ "2026-11-21T04:39-00:00", 0, 1795235940000 },
		{ "2024-02-29T00:00Z", 0, 1709164800000 },
		{ "2000-02-29T00:00Z", 0, 951782400000 },
		{ "2250-12-31T23:59:59.999Z", 0, 8867491199999 },
		{ "1969-12-31T23:59:59Z", -ERANGE, 0 },
		{ "1970-01-01T00:00+00:01", -ERANGE, 0 },
		{ "2251-01-01T00:00Z", -ERANGE, 0 },
		{ "9999-01-01T00:00Z", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "now", -EINVAL, 0 },
		{ "2026-11-21", -EINVAL, 0 },
		{ "2026-11-21T", -EINVAL, 0 },
		{ "2026-11-21T04", -EINVAL, 0 },
		{ "2026-11-21T04Z", -EINVAL, 0 },
		{ "2026-11-21T4:39Z", -EINVAL, 0 },
		{ "2026-11-21  04:39Z", -EINVAL, 0 },
		{ " 2026-11-21T04:39Z", -EINVAL, 0 },
		{ "2026-11-21T04:39Z ", -EINVAL, 0 },
		{ "2026-11-21T04:39 Z", -EINVAL, 0 },
		{ "2026-11-21T04:39:Z", -EINVAL, 0 },
		{ "2026-11-21T04:39:18.Z", -EINVAL, 0 },
		{ "2026-11-21T04:39:18,1Z", -EINVAL, 0 },
		{ "2026-11-21T24:00Z", -EINVAL, 0 },
		{ "2026-11-21T04:60Z", -EINVAL, 0 },
		{ "2026-11-21T04:39:60Z", -EINVAL, 0 },
		{ "2026-13-21T04:39Z", -EINVAL, 0 },
		{ "2026-00-21T04:39Z", -EINVAL, 0 },
		{ "2026-11-00T04:39Z", -EINVAL, 0 },
		{ "2026-11-31T04:39Z", -EINVAL, 0 },
		{ "2026-02-29T04:39Z", -EINVAL, 0 },
		{ "2100-02-29T04:39Z", -EINVAL, 0 },
		{ "26-11-21T04:39Z", -EINVAL, 0 },
		{ "2026/11/21T04:39Z", -EINVAL, 0 },
		{ "2026-11-21T04:39+1:00", -EINVAL, 0 },
		{ "2026-11-21T04:39+0100", -EINVAL, 0 },
		{ "2026-11-21T04:39+24:00", -EINVAL, 0 },
		{ "2026-11-21T04:39 CET", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int64_t ms = 77;

		check_number(rows[i].text, clock_parse_time(rows[i].text, &ms),
		             rows[i].r);
		check_number(rows[i].text, ms, rows[i].r ? 77 : rows[i].ms);
	}
}

static void
a_time_without_a_zone_is_local(void **state)
{
	static const struct {
		const char *zone, *text;
		int r;
		int64_t ms;
	} rows[] = {
		{ "UTC0", "2026-11-21 04:39", 0, 1795235940000 },
		{ "CET-1", "2026-11-21 05:39", 0, 1795235940000 },
		{ "CET-1", "2026-11-21T05:39:18", 0, 1795235958000 },
		/* On a day on which clocks are put forward at two. */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:59", 0,
		  1774745940000 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 02:30", -EINVAL,
		  0 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 03:00", 0,
		  1774746000000 },
		{ "CET-1", "1970-01-01 00:30", -ERANGE, 0 },
	};
	const char *zone = getenv("TZ");
	autofree char *before = zone ? strdup(zone) : NULL;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int64_t ms = 77;

		assert_int_equal(setenv("TZ", rows[i].zone, 1), 0);
		tzset();
		check_number(rows[i].text, clock_parse_time(rows[i].text, &ms),
		             rows[i].r);
		check_number(rows[i].text, ms, rows[i].r ? 77 : rows[i].ms);
	}
	if (before)
		(void)setenv("TZ", before, 1);
	else
		(void)unsetenv("TZ");
	tzset();
}

static void
a_time_that_was_written_is_read_back(void **state)
{
	static const int64_t rows[] = { 0, 1, 999, 1795235958123,
		                        8867491199999 };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char text[CLOCK_TEXT_MAX];
		int64_t ms = -1;

		(void)clock_format(rows[i], text);
		check_number(text, clock_parse_time(text, &ms), 0);
		check_number(text, ms, rows[i]);
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
		cmocka_unit_test(a_time_with_a_zone_means_one_moment),
		cmocka_unit_test(a_time_without_a_zone_is_local),
		cmocka_unit_test(a_time_that_was_written_is_read_back),
		cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
		cmocka_unit_test(
			a_time_beyond_all_calendars_stays_in_its_buffer),
		cmocka_unit_test(durations_are_shown_with_two_units_at_most),
		cmocka_unit_test(the_boot_clock_never_goes_back),
		cmocka_unit_test(the_wall_clock_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

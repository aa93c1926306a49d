#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "spool/starts.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define S      CLOCK_NS_PER_S
#define WALL_0 INT64_C(1795235958000)

/* So many seconds after some moment, in this boot. */
static struct lane_now
at(int64_t s)
{
	return (struct lane_now){ (1000 + s) * S, WALL_0 + s * 1000, "boot-1" };
}

/* Note a start at this second. */
static void
begin(struct scratch *sc, int64_t s)
{
	struct lane_now now = at(s);
	autostarts starts = { 0 };

	assert_int_equal(starts_read(sc->fd, &now, &starts), 0);
	assert_int_equal(starts_add(sc->fd, &now, &starts), 0);
}

static size_t
count(struct scratch *sc, const struct lane_now *now)
{
	autostarts starts = { 0 };

	assert_int_equal(starts_read(sc->fd, now, &starts), 0);
	return starts.n;
}

/* When may the next begin, in seconds?  0: at once. */
static int64_t
next(struct scratch *sc, int64_t s, int64_t per_minute)
{
	struct lane_now now = at(s);
	autostarts starts = { 0 };
	int64_t ns;

	assert_int_equal(starts_read(sc->fd, &now, &starts), 0);
	ns = starts_next(&starts, per_minute);
	return ns ? ns / S - 1000 : 0;
}

static void
without_a_file_nothing_has_begun(void **state)
{
	struct lane_now now = at(0);

	assert_int_equal(count(*state, &now), 0);
	assert_int_equal(next(*state, 0, 1), 0);
}

static void
no_more_than_so_many_begin_in_any_minute(void **state)
{
	begin(*state, 0);
	begin(*state, 10);
	assert_int_equal(next(*state, 10, 3), 0);
	begin(*state, 20);
	assert_int_equal(next(*state, 20, 3), 60);
	assert_int_equal(next(*state, 59, 3), 60);
	assert_int_equal(next(*state, 60, 3), 0);
	begin(*state, 60);
	assert_int_equal(next(*state, 60, 3), 70);
	assert_int_equal(next(*state, 60, 0), 0);
}

static void
a_lower_limit_counts_what_began_under_the_higher_one(void **state)
{
	for (int i = 0; i < 5; i++)
		begin(*state, i);
	assert_int_equal(next(*state, 5, 5), 60);
	assert_int_equal(next(*state, 5, 2), 63);
	assert_int_equal(next(*state, 5, 1), 64);
}

static void
what_is_older_is_not_kept(void **state)
{
	struct lane_now now = at(200);

	for (int i = 0; i < 50; i++)
		begin(*state, i);
	begin(*state, 200);
	assert_int_equal(count(*state, &now), 1);
}

static void
after_a_reboot_the_wall_clock_tells(void **state)
{
	struct lane_now later = { 5 * S, WALL_0 + 40000, "boot-2" };
	autostarts starts = { 0 };

	begin(*state, 0);
	begin(*state, 30);
	assert_int_equal(
		starts_read(((struct scratch *)*state)->fd, &later, &starts),
		0);
	assert_int_equal(starts.n, 2);
	/* 40 and 10 seconds ago, before this boot began */
	assert_true(starts.boot_ns[0] == -35 * S);
	assert_true(starts.boot_ns[1] == -5 * S);
	assert_true(starts_next(&starts, 2) == 25 * S);
}

static void
a_wall_clock_that_was_set_holds_up_a_minute_at_most(void **state)
{
	struct lane_now back = { 5 * S, WALL_0 - 86400000, "boot-2" };
	struct lane_now ahead = { 5 * S, WALL_0 + 86400000, "boot-2" };
	autostarts starts = { 0 };

	begin(*state, 0);
	assert_int_equal(count(*state, &ahead), 0);
	assert_int_equal(
		starts_read(((struct scratch *)*state)->fd, &back, &starts), 0);
	assert_int_equal(starts.n, 1);
	assert_true(starts_next(&starts, 1) == 65 * S);
}

static void
a_file_that_makes_no_sense_is_empty(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"x",
		"boot-1",
		"boot-1\nx\n",
		"boot-1\n12\n",
		"boot-1\n9223372036854775807 0\n",
		"boot-1\n-1 -1\n",
	};
	struct scratch *s = *state;
	struct lane_now now = at(100);

	for (size_t i = 0; i < countof(rows); i++) {
		scratch_write(s->fd, STARTS_FILE, rows[i]);
		check_number(rows[i], (int64_t)count(s, &now), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			without_a_file_nothing_has_begun, scratch_setup,
			scratch_teardown),
		cmocka_unit_test_setup_teardown(
			no_more_than_so_many_begin_in_any_minute, scratch_setup,
			scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_lower_limit_counts_what_began_under_the_higher_one,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_is_older_is_not_kept,
		                                scratch_setup,
		                                scratch_teardown),
		cmocka_unit_test_setup_teardown(
			after_a_reboot_the_wall_clock_tells, scratch_setup,
			scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_wall_clock_that_was_set_holds_up_a_minute_at_most,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_makes_no_sense_is_empty, scratch_setup,
			scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

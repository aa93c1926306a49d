#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/breaker.h"
#include "base/clock.h"
#include "tests/support/libcheck.h"

#define NOW  INT64_C(1795235958123)
#define BOOT INT64_C(5000000000)
#define MS   CLOCK_NS_PER_MS

static const struct health well = { 0 };

/* Fail so often; whether the last of them began a pause. */
static bool
ill(struct breaker *b, int n, int64_t boot_ns)
{
	bool paused = false;

	while (n-- > 0)
		paused = breaker_ill(b, boot_ns, NOW);
	return paused;
}

static void
it_pauses_after_so_many_failures_in_a_row(void **state)
{
	struct breaker b;

	(void)state;
	breaker_init(&b, 3, 60000, &well);
	assert_false(ill(&b, 2, BOOT));
	assert_true(breaker_lets(&b, BOOT));
	/* One that goes well, and all of it counts from the beginning. */
	assert_true(breaker_well(&b));
	assert_false(ill(&b, 2, BOOT));
	assert_true(ill(&b, 1, BOOT));
	assert_int_equal(b.state, BREAKER_PAUSED);
	assert_int_equal(b.health.failures, 3);
	assert_int_equal(b.health.pause_ms, 60000);
	assert_int_equal(b.health.until_ms, NOW + 60000);
	assert_int_equal(b.health.until_boot_ns, BOOT + 60000 * MS);
	assert_false(breaker_lets(&b, BOOT));
	assert_false(breaker_lets(&b, BOOT + 60000 * MS - 1));
	assert_true(breaker_lets(&b, BOOT + 60000 * MS));
}

static void
a_probe_that_goes_well_ends_it(void **state)
{
	struct breaker b;

	(void)state;
	breaker_init(&b, 1, 1000, &well);
	assert_false(breaker_begin(&b));
	assert_true(ill(&b, 1, BOOT));
	assert_true(breaker_begin(&b));
	assert_int_equal(b.state, BREAKER_PROBING);
	assert_true(breaker_well(&b));
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_memory_equal(&b.health, &well, sizeof(well));
	assert_false(breaker_well(&b));
}

static void
a_probe_that_fails_pauses_twice_as_long_up_to_an_hour(void **state)
{
	static const int64_t want[] = { 600000,  1200000, 2400000,
		                        3600000, 3600000, 3600000 };
	struct breaker b;

	(void)state;
	breaker_init(&b, 2, 600000, &well);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		assert_true(ill(&b, i ? 1 : 2, BOOT));
		assert_int_equal(b.health.pause_ms, want[i]);
		assert_int_equal(b.health.failures, (int64_t)i + 2);
		assert_true(breaker_begin(&b));
		assert_true(breaker_lets(&b, BOOT));
	}
	/* What is longer than an hour from the beginning stays so. */
	breaker_init(&b, 1, 7200000, &well);
	assert_true(ill(&b, 1, BOOT));
	assert_true(breaker_begin(&b));
	assert_true(ill(&b, 1, BOOT));
	assert_int_equal(b.health.pause_ms, 7200000);
}

static void
a_probe_whose_end_says_nothing_is_followed_by_another(void **state)
{
	struct breaker b;

	(void)state;
	breaker_init(&b, 1, 1000, &well);
	assert_true(ill(&b, 1, BOOT));
	assert_true(breaker_begin(&b));
	/* Nothing is told of it; the next one begins, and that is no news. */
	assert_true(breaker_lets(&b, BOOT));
	assert_false(breaker_begin(&b));
	assert_true(ill(&b, 1, BOOT));
	assert_int_equal(b.health.pause_ms, 2000);
}

static void
what_ends_in_a_pause_makes_it_no_longer(void **state)
{
	struct breaker b;

	(void)state;
	breaker_init(&b, 1, 1000, &well);
	assert_true(ill(&b, 1, BOOT));
	assert_false(ill(&b, 1, BOOT + 500 * MS));
	assert_int_equal(b.health.until_boot_ns, BOOT + 1000 * MS);
	assert_int_equal(b.health.failures, 2);
}

static void
zero_turns_it_off(void **state)
{
	const struct health left = { .failures = 9, .pause_ms = 1000 };
	struct breaker b;

	(void)state;
	breaker_init(&b, 0, 1000, &left);
	assert_false(ill(&b, 100, BOOT));
	assert_true(breaker_lets(&b, BOOT));
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(b.health.failures, 0);
	assert_false(breaker_well(&b));
}

static void
another_agent_goes_on_where_the_last_one_was(void **state)
{
	const struct health counted = { .failures = 2 };
	const struct health paused = { .failures = 5,
		                       .pause_ms = 4000,
		                       .until_boot_ns = BOOT };
	struct breaker b;

	(void)state;
	breaker_init(&b, 3, 1000, &counted);
	assert_true(breaker_lets(&b, BOOT));
	assert_true(ill(&b, 1, BOOT));
	breaker_init(&b, 3, 1000, &paused);
	assert_false(breaker_lets(&b, BOOT - 1));
	assert_true(breaker_lets(&b, BOOT));
	assert_true(breaker_begin(&b));
	assert_true(ill(&b, 1, BOOT));
	assert_int_equal(b.health.pause_ms, 8000);
	/* A person may say go on in the middle of it. */
	assert_true(breaker_well(&b));
	assert_true(breaker_lets(&b, BOOT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_pauses_after_so_many_failures_in_a_row),
		cmocka_unit_test(a_probe_that_goes_well_ends_it),
		cmocka_unit_test(
			a_probe_that_fails_pauses_twice_as_long_up_to_an_hour),
		cmocka_unit_test(
			a_probe_whose_end_says_nothing_is_followed_by_another),
		cmocka_unit_test(what_ends_in_a_pause_makes_it_no_longer),
		cmocka_unit_test(zero_turns_it_off),
		cmocka_unit_test(another_agent_goes_on_where_the_last_one_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

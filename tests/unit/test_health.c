#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "spool/health.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static const char boot[] = "11111111-2222-3333-4444-555555555555";

static struct health
paused(void)
{
	struct health h = { .failures = 5,
		            .pause_ms = 60000,
		            .until_ms = FIXTURE_NOW + 60000,
		            .until_boot_ns = 70000 * CLOCK_NS_PER_MS };

	(void)snprintf(h.boot, sizeof(h.boot), "%s", boot);
	return h;
}

static void
what_is_written_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct health h = paused(), back;

	assert_int_equal(health_write(f->desk, &h), 0);
	health_read(f->desk, &back);
	assert_int_equal(back.failures, 5);
	assert_int_equal(back.pause_ms, 60000);
	assert_int_equal(back.until_ms, h.until_ms);
	assert_int_equal(back.until_boot_ns, h.until_boot_ns);
	assert_string_equal(back.boot, boot);
	h = (struct health){ .failures = 2 };
	assert_int_equal(health_write(f->desk, &h), 0);
	health_read(f->desk, &back);
	assert_int_equal(back.failures, 2);
	assert_int_equal(back.pause_ms, 0);
}

static void
where_all_is_well_there_is_no_file(void **state)
{
	struct fixture *f = *state;
	const struct health well = { 0 };
	struct health h = paused();

	assert_int_equal(health_write(f->desk, &well), 0);
	assert_int_equal(health_write(f->desk, &h), 0);
	assert_true(scratch_has(f->desk->fd, HEALTH_FILE));
	assert_int_equal(health_write(f->desk, &well), 0);
	assert_false(scratch_has(f->desk->fd, HEALTH_FILE));
	health_read(f->desk, &h);
	assert_int_equal(h.failures, 0);
}

static void
a_file_that_says_nonsense_says_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"failures\":-3,\"pause_ms\":-1}",
		"{\"failures\":\"many\",\"until\":1e300}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(texts); i++) {
		struct health h;

		scratch_write(f->desk->fd, HEALTH_FILE, texts[i]);
		health_read(f->desk, &h);
		check_number(texts[i], h.failures, 0);
		check_number(texts[i], h.pause_ms, 0);
		check_number(texts[i], health_wait_left(&h, boot, 0, 0), 0);
	}
}

static void
the_wait_is_told_by_the_clock_of_its_boot(void **state)
{
	struct health h = paused();

	(void)state;
	assert_int_equal(health_wait_left(&h, boot, 0, FIXTURE_NOW),
	                 60000 * CLOCK_NS_PER_MS);
	assert_int_equal(health_wait_left(&h, boot, 69999 * CLOCK_NS_PER_MS, 0),
	                 CLOCK_NS_PER_MS);
	assert_int_equal(health_wait_left(&h, boot, h.until_boot_ns, 0), 0);
	assert_int_equal(health_wait_left(&h, "other", 0, FIXTURE_NOW + 59000),
	                 CLOCK_NS_PER_S);
	assert_int_equal(health_wait_left(&h, "other", 0, FIXTURE_NOW + 60000),
	                 0);
	/* A wall clock that was set back makes it no longer. */
	assert_int_equal(health_wait_left(&h, "other", 0, 5),
	                 60000 * CLOCK_NS_PER_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read_back,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			where_all_is_well_there_is_no_file, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_says_nonsense_says_nothing, fixture_setup,
			fixture_teardown),
		cmocka_unit_test(the_wait_is_told_by_the_clock_of_its_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sys.h"
#include "spool/downtime.h"
#include "tests/support/libfixture.h"

static void
what_is_written_is_read(void **state)
{
	struct fixture *f = *state;
	struct downtime down = { .deaths = 3,
		                 .until_ms = FIXTURE_NOW,
		                 .message = "it said \"no\"" };
	struct downtime got = { 0 };

	assert_int_equal(sys_mkdir(f->desk->fd, DESK_WARM, 0755), 0);
	assert_int_equal(downtime_read(f->desk, &got), 0);
	assert_int_equal(downtime_write(f->desk, &down), 0);
	assert_int_equal(downtime_read(f->desk, &got), 1);
	assert_int_equal(got.deaths, 3);
	assert_int_equal(got.until_ms, FIXTURE_NOW);
	assert_string_equal(got.message, down.message);
	down.deaths = 4;
	assert_int_equal(downtime_write(f->desk, &down), 0);
	assert_int_equal(downtime_read(f->desk, &got), 1);
	assert_int_equal(got.deaths, 4);
	assert_int_equal(downtime_forget(f->desk), 0);
	assert_int_equal(downtime_read(f->desk, &got), 0);
	assert_int_equal(downtime_forget(f->desk), 0);
}

static void
without_the_folder_nothing_is_known(void **state)
{
	struct fixture *f = *state;
	struct downtime down = { .deaths = 1 };

	assert_int_equal(downtime_read(f->desk, &down), 0);
	assert_int_equal(downtime_forget(f->desk), 0);
	assert_true(downtime_write(f->desk, &down) < 0);
}

static void
what_makes_no_sense_is_nothing(void **state)
{
	static const char *const texts[] = { "", "[]", "{\"deaths\":", "\xff" };
	struct fixture *f = *state;
	struct downtime got;

	assert_int_equal(sys_mkdir(f->desk->fd, DESK_WARM, 0755), 0);
	for (size_t i = 0; i < countof(texts); i++) {
		autoclose int fd =
			sys_append(f->desk->fd, DESK_WARM "/down.json", 0644);

		assert_true(fd >= 0);
		assert_int_equal(sys_truncate(fd, 0), 0);
		assert_int_equal(sys_write_all(fd, texts[i], strlen(texts[i])),
		                 0);
		assert_int_equal(downtime_read(f->desk, &got), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			without_the_folder_nothing_is_known, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_nothing,
		                                fixture_setup,
		                                fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/sys.h"
#include "spool/ballast.h"
#include "tests/support/libfixture.h"

static void
ballast_is_kept_once_and_given_up_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ballast_release(f->desk), 0);
	assert_int_equal(ballast_keep(f->desk), 0);
	assert_int_equal(ballast_keep(f->desk), 0);
	assert_int_equal(ballast_release(f->desk), 1);
	assert_int_equal(ballast_release(f->desk), 0);
	assert_int_equal(ballast_keep(f->desk), 0);
}

static void
ballast_has_blocks_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(ballast_keep(f->desk), 0);
	assert_int_equal(sys_stat(f->desk->fd, ".ballast", &st), 0);
	assert_true(st.st_size >= BALLAST_BYTES);
	assert_true((int64_t)st.st_blocks * 512 >= BALLAST_BYTES);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ballast_is_kept_once_and_given_up_once),
		TEST(ballast_has_blocks_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

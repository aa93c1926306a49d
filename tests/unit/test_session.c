#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "spool/session.h"
#include "tests/support/libfixture.h"

static void
a_session_is_made_once_and_kept(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(session_make(f->desk), 0);
	scratch_write(f->desk->fd, "session/notes", "kept");
	assert_int_equal(session_make(f->desk), 0);
	assert_true(scratch_has(f->desk->fd, "session/notes"));
	assert_int_equal(sys_stat(f->desk->fd, "session", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_false(scratch_has(f->desk->fd, "sessions"));
}

static void
a_poisoned_one_is_put_aside_under_the_next_number(void **state)
{
	struct fixture *f = *state;
	int n = -1;

	assert_int_equal(session_renew(f->desk, &n), 0);
	assert_int_equal(n, 0);
	for (int i = 1; i <= 3; i++) {
		scratch_write(f->desk->fd, "session/notes", "old");
		assert_int_equal(session_renew(f->desk, &n), 0);
		assert_int_equal(n, i);
		assert_false(scratch_has(f->desk->fd, "session/notes"));
	}
	assert_true(scratch_has(f->desk->fd, "sessions/1/notes"));
	assert_true(scratch_has(f->desk->fd, "sessions/3/notes"));
	assert_true(scratch_has(f->desk->fd, "session"));
	assert_int_equal(session_renew(f->desk, NULL), 0);
	assert_true(scratch_has(f->desk->fd, "sessions/4"));
}

static void
what_is_no_directory_is_put_aside_and_not_followed(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->desk->fd, "session", "a file");
	assert_int_equal(session_make(f->desk), 0);
	assert_true(scratch_has(f->desk->fd, "sessions/1"));
	assert_int_equal(sys_rmdir(f->desk->fd, "session"), 0);
	scratch_symlink(f->desk->fd, "/etc", "session");
	assert_int_equal(session_make(f->desk), 0);
	assert_false(scratch_has(f->desk->fd, "session/passwd"));
	assert_true(scratch_has(f->desk->fd, "sessions/2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_is_made_once_and_kept,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_poisoned_one_is_put_aside_under_the_next_number,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_no_directory_is_put_aside_and_not_followed,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/sys.h"
#include "spool/room.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
who_waits_is_counted_wherever_it_is(void **state)
{
	struct fixture *f = *state;

	assert_true(room_waiting(f->desk) == 0);
	fixture_put(f, PLACE_INBOX, "a.md", "x");
	fixture_put(f, PLACE_INBOX, ".building", "x");
	fixture_put(f, PLACE_INBOX, "b.md.tmp", "x");
	fixture_put(f, PLACE_INBOX, ROOM_LOCK, "");
	assert_true(room_waiting(f->desk) == 1);
	fixture_put(f, PLACE_ADMIT, "000000000001,b.md", "x");
	fixture_put(f, PLACE_ADMIT, ".copy", "x");
	scratch_mkdir(f->desk->at[PLACE_ADMIT], ".000000000002,c");
	assert_true(room_waiting(f->desk) == 3);
	(void)fixture_task(f, PLACE_PENDING, 1, "p", "x");
	(void)fixture_task(f, PLACE_READY, 2, "r", "x");
	assert_true(room_waiting(f->desk) == 5);
	(void)fixture_task(f, PLACE_RUNNING, 3, "u", "x");
	(void)fixture_task(f, PLACE_BLOCKED, 4, "b", "x");
	assert_true(room_waiting(f->desk) == 5);
}

static void
there_is_room_up_to_the_limit_for_all_or_none(void **state)
{
	struct fixture *f = *state;
	int64_t waiting = 0;

	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	(void)fixture_task(f, PLACE_PENDING, 2, "b", "x");
	assert_int_equal(room_for(f->desk, 1, 3, &waiting), 1);
	assert_int_equal(room_for(f->desk, 2, 3, &waiting), 0);
	assert_true(waiting == 2);
	assert_int_equal(room_for(f->desk, 1, 2, &waiting), 0);
	assert_int_equal(room_for(f->desk, 1, 1, &waiting), 0);
}

static void
one_at_a_time_has_the_lock(void **state)
{
	struct fixture *f = *state;
	int64_t before = clock_boot_ns();
	struct err err = { "" };
	int fd = room_lock(f->desk, 1000, &err);

	assert_true(fd >= 0);
	assert_int_equal(room_lock(f->desk, 50, &err), -EAGAIN);
	assert_true(clock_boot_ns() - before >= 50 * CLOCK_NS_PER_MS);
	check_contains("err", err.text, "kept the inbox of 'pm' locked");
	(void)close(fd);
	fd = room_lock(f->desk, 1000, &err);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
a_lock_that_was_removed_is_not_taken_for_the_one_there(void **state)
{
	struct fixture *f = *state;
	int fd = room_lock(f->desk, 1000, NULL);
	int other;

	scratch_unlink(f->desk->at[PLACE_INBOX], ROOM_LOCK);
	other = room_lock(f->desk, 1000, NULL);
	assert_true(other >= 0);
	assert_int_equal(lock_held(f->desk->at[PLACE_INBOX], ROOM_LOCK), 1);
	(void)close(other);
	assert_int_equal(lock_held(f->desk->at[PLACE_INBOX], ROOM_LOCK), 0);
	(void)close(fd);
}

static void
who_may_drop_may_lock(void **state)
{
	static const struct {
		mode_t inbox, lock;
	} rows[] = {
		{ 0755, 0600 },
		{ 0775, 0660 },
		{ 01777, 0666 },
		{ 0700, 0600 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		struct stat st;
		int fd;

		/* It follows the inbox, whose rights may be changed. */
		assert_int_equal(
			fchmod(f->desk->at[PLACE_INBOX], rows[i].inbox), 0);
		fd = room_lock(f->desk, 1000, NULL);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		check_number("mode", st.st_mode & 07777, rows[i].lock);
		(void)close(fd);
	}
}

static void
what_is_no_lock_is_refused(void **state)
{
	struct fixture *f = *state;
	int inbox = f->desk->at[PLACE_INBOX];
	struct err err = { "" };

	scratch_symlink(inbox, "/dev/null", ROOM_LOCK);
	assert_int_equal(room_lock(f->desk, 50, &err), -EBADMSG);
	check_contains("link", err.text, "remove it");
	scratch_unlink(inbox, ROOM_LOCK);
	scratch_fifo(inbox, ROOM_LOCK);
	assert_int_equal(room_lock(f->desk, 50, &err), -EBADMSG);
	scratch_unlink(inbox, ROOM_LOCK);
	scratch_mkdir(inbox, ROOM_LOCK);
	assert_int_equal(room_lock(f->desk, 50, &err), -EBADMSG);
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_waits_is_counted_wherever_it_is),
		TEST(there_is_room_up_to_the_limit_for_all_or_none),
		TEST(one_at_a_time_has_the_lock),
		TEST(a_lock_that_was_removed_is_not_taken_for_the_one_there),
		TEST(who_may_drop_may_lock),
		TEST(what_is_no_lock_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

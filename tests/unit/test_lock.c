#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* A process that holds what it was given until it is told to go. */
struct holder {
	pid_t pid;
	int ready; /* a byte comes when it has begun */
	int stop;  /* closed, it ends */
};

/* In the child: take the lock if `take`, say so, wait for the end. */
static void
hold(struct scratch *s, bool take, int ready, int stop)
{
	char byte = 'x';
	int fd = take ? lock_take(s->fd, "lock") : 0;

	if (fd < 0 || write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(stop, &byte, 1) > 0)
		;
	_exit(0);
}

static struct holder
holder_start(struct scratch *s, bool take)
{
	int ready[2], stop[2];
	struct holder h;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	h.pid = fork();
	assert_true(h.pid >= 0);
	if (h.pid == 0) {
		(void)close(stop[1]);
		hold(s, take, ready[1], stop[0]);
	}
	(void)close(ready[1]);
	(void)close(stop[0]);
	h.ready = ready[0];
	h.stop = stop[1];
	check_readable(h.ready);
	return h;
}

static void
holder_end(struct holder *h, int sig)
{
	if (sig)
		assert_int_equal(kill(h->pid, sig), 0);
	(void)close(h->stop);
	(void)close(h->ready);
	assert_int_equal(check_exit(h->pid), sig ? 256 + sig : 0);
}

static void
an_absent_lock_is_free_and_not_made_by_asking(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(lock_held(s->fd, "lock"), 0);
	assert_false(scratch_has(s->fd, "lock"));
}

static void
a_taken_lock_is_a_private_file(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = lock_take(s->fd, "lock");
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void
a_second_taker_in_the_same_process_is_refused(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = lock_take(s->fd, "lock");

	assert_true(fd >= 0);
	assert_int_equal(lock_take(s->fd, "lock"), -EAGAIN);
	/* Nor does the refused one's closing let go of it. */
	assert_int_equal(lock_held(s->fd, "lock"), 1);
	assert_int_equal(lock_take(s->fd, "lock"), -EAGAIN);
}

static void
a_lock_of_another_process_is_seen_and_respected(void **state)
{
	struct scratch *s = *state;
	struct holder h = holder_start(s, true);
	int fd;

	assert_int_equal(lock_held(s->fd, "lock"), 1);
	assert_int_equal(lock_take(s->fd, "lock"), -EAGAIN);
	holder_end(&h, 0);
	assert_int_equal(lock_held(s->fd, "lock"), 0);
	fd = lock_take(s->fd, "lock");
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
a_killed_holder_leaves_no_lock(void **state)
{
	struct scratch *s = *state;
	struct holder h = holder_start(s, true);

	holder_end(&h, SIGKILL);
	assert_int_equal(lock_held(s->fd, "lock"), 0);
	assert_true(scratch_has(s->fd, "lock"));
}

static void
a_forked_child_keeps_the_lock_of_its_dead_parent(void **state)
{
	struct scratch *s = *state;
	int fd = lock_take(s->fd, "lock");
	struct holder h;

	assert_true(fd >= 0);
	h = holder_start(s, false);
	(void)close(fd);
	assert_int_equal(lock_held(s->fd, "lock"), 1);
	assert_int_equal(lock_take(s->fd, "lock"), -EAGAIN);
	holder_end(&h, 0);
	assert_int_equal(lock_held(s->fd, "lock"), 0);
}

static void
asking_takes_nothing_away(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = lock_take(s->fd, "lock");

	for (int i = 0; i < 3; i++)
		assert_int_equal(lock_held(s->fd, "lock"), 1);
	(void)close(take_fd(fd));
	for (int i = 0; i < 3; i++)
		assert_int_equal(lock_held(s->fd, "lock"), 0);
}

static void
a_symbolic_link_is_no_lock(void **state)
{
	struct scratch *s = *state;

	scratch_symlink(s->fd, "elsewhere", "lock");
	assert_int_equal(lock_take(s->fd, "lock"), -ELOOP);
	assert_false(scratch_has(s->fd, "elsewhere"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

static void
a_waiter_has_the_lock_when_the_holder_ends(void **state)
{
	struct scratch *s = *state;
	struct holder h = holder_start(s, true);
	autoclose int fd = sys_open(s->fd, "lock", O_RDWR);
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(lock_wait(fd, 20), -EAGAIN);
	pid = fork();
	if (pid == 0)
		_exit(lock_wait(fd, 20000) == 0 ? 0 : 1);
	holder_end(&h, SIGKILL);
	assert_int_equal(check_exit(pid), 0);
}

static void
a_wait_leaves_the_alarm_as_it_was(void **state)
{
	struct scratch *s = *state;
	autoclose int held = lock_take(s->fd, "lock");
	autoclose int fd = sys_open(s->fd, "lock", O_RDWR);
	struct sigaction before, after;
	struct itimerval left;

	assert_true(held >= 0 && fd >= 0);
	assert_int_equal(sigaction(SIGALRM, NULL, &before), 0);
	assert_int_equal(lock_wait(fd, 0), -EAGAIN);
	assert_int_equal(lock_wait(fd, 10), -EAGAIN);
	assert_int_equal(sigaction(SIGALRM, NULL, &after), 0);
	assert_ptr_equal(before.sa_handler, after.sa_handler);
	assert_int_equal(getitimer(ITIMER_REAL, &left), 0);
	assert_int_equal(left.it_value.tv_sec + left.it_value.tv_usec, 0);
}

static void
a_dropped_lock_is_free_though_others_have_it_open(void **state)
{
	struct scratch *s = *state;
	int fd = lock_take(s->fd, "lock");
	autoclose int copy = dup(fd);

	assert_int_equal(lock_held(s->fd, "lock"), 1);
	lock_drop(fd);
	assert_int_equal(lock_held(s->fd, "lock"), 0);
	assert_true(copy >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_waiter_has_the_lock_when_the_holder_ends,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_wait_leaves_the_alarm_as_it_was, scratch_setup,
			scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_dropped_lock_is_free_though_others_have_it_open,
			scratch_setup, scratch_teardown),
		TEST(an_absent_lock_is_free_and_not_made_by_asking),
		TEST(a_taken_lock_is_a_private_file),
		TEST(a_second_taker_in_the_same_process_is_refused),
		TEST(a_lock_of_another_process_is_seen_and_respected),
		TEST(a_killed_holder_leaves_no_lock),
		TEST(a_forked_child_keeps_the_lock_of_its_dead_parent),
		TEST(asking_takes_nothing_away),
		TEST(a_symbolic_link_is_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

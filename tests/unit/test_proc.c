#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/proc.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* A child that does nothing; it is ours to end and to reap. */
static pid_t
idle_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	return pid;
}

static void
end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
}

static void
a_process_has_one_identity(void **state)
{
	struct proc_id a, b;

	(void)state;
	assert_int_equal(proc_self(&a), 0);
	assert_int_equal(proc_identify(getpid(), &b), 0);
	assert_int_equal(a.pid, getpid());
	assert_true(a.start > 0);
	assert_int_equal(a.start, b.start);
	assert_string_equal(a.boot, b.boot);
	assert_int_equal(strlen(a.boot), 36);
}

static void
an_identity_is_printed_and_read_back(void **state)
{
	autostr text = STR_INIT;
	struct proc_id id, back;

	(void)state;
	assert_int_equal(proc_self(&id), 0);
	proc_print(&id, &text);
	assert_true(str_ends(str_text(&text), "\n"));
	assert_int_equal(proc_parse(str_text(&text), &back), 0);
	assert_int_equal(back.pid, id.pid);
	assert_int_equal(back.start, id.start);
	assert_string_equal(back.boot, id.boot);
}

static void
nonsense_is_no_identity(void **state)
{
	static const char *const rows[] = {
		"",        "\n",       "x",     "1",        "1 2",
		"0 1 abc", "-4 1 abc", "a b c", "12 x abc",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct proc_id id = { 0 };

		check_number(rows[i], proc_parse(rows[i], &id), -EBADMSG);
	}
}

static void
a_living_process_opens_and_an_ended_one_does_not(void **state)
{
	pid_t pid = idle_child();
	struct proc_id id;
	int fd;

	(void)state;
	assert_int_equal(proc_identify(pid, &id), 0);
	fd = proc_open(&id);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(kill(pid, SIGKILL), 0);
	check_readable(fd);
	/* Not reaped, it is a zombie: that is ended, too. */
	assert_int_equal(proc_open(&id), -ESRCH);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	assert_int_equal(proc_open(&id), -ESRCH);
	assert_int_equal(proc_identify(pid, &id), -ESRCH);
	(void)close(fd);
}

static void
another_start_or_boot_is_another_process(void **state)
{
	struct proc_id self, id;
	int fd;

	(void)state;
	assert_int_equal(proc_self(&self), 0);
	id = self;
	id.start++;
	assert_int_equal(proc_open(&id), -ESRCH);
	id = self;
	id.boot[0] = id.boot[0] == '0' ? '1' : '0';
	assert_int_equal(proc_open(&id), -ESRCH);
	fd = proc_open(&self);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* A thread's number names no process, though /proc knows it. */
static int
idle_thread(void *arg)
{
	char byte;

	return read(*(int *)arg, &byte, 1) != 0;
}

static void
a_pid_that_is_now_a_thread_is_an_ended_process(void **state)
{
	static char stack[65536] __attribute__((aligned(16)));
	int gate[2];
	struct proc_id id;
	int tid, r;

	(void)state;
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	tid = clone(idle_thread, stack + sizeof(stack),
	            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	                    CLONE_THREAD | CLONE_SYSVSEM,
	            &gate[0]);
	assert_true(tid > 0);
	assert_int_equal(proc_self(&id), 0);
	id.pid = tid;
	r = proc_open(&id);
	(void)close(gate[1]);
	assert_int_equal(r, -ESRCH);
	while (syscall(SYS_tgkill, getpid(), tid, 0) == 0)
		; /* its stack is ours until it has gone */
	(void)close(gate[0]);
}

static void
the_command_name_cannot_forge_a_status(void **state)
{
	pid_t pid = fork();
	struct proc_stat st;

	(void)state;
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, "x) Z 1 1 1 (");
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	assert_int_equal(proc_read_stat(pid, &st), 0);
	assert_int_equal(st.pid, pid);
	assert_int_equal(st.ppid, getpid());
	assert_int_equal(st.pgrp, getpgid(0));
	assert_int_equal(st.session, getsid(0));
	assert_int_equal(st.state, 'T');
	end_child(pid);
}

/*
 * In the child: leave every group there is, by setsid and a double fork, and
 * tell the grandchild's pid.
 */
static void
run_away(int report)
{
	pid_t pid;

	if (setsid() < 0)
		_exit(1);
	pid = fork();
	if (pid)
		_exit(pid < 0);
	(void)setsid();
	pid = getpid();
	if (write(report, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	for (;;)
		(void)pause();
}

/* Everything happens in a child, so that the tree below it is known. */
static int
reap_runaways(void)
{
	int report[2];
	pid_t pid, child;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe(report) < 0)
		return 1;
	child = fork();
	if (child == 0)
		run_away(report[1]);
	if (read(report[0], &pid, sizeof(pid)) != sizeof(pid))
		return 2;
	if (waitpid(child, NULL, 0) != child) /* the one in between */
		return 3;
	if (proc_signal_descendants(0) != 1)
		return 4;
	if (proc_signal_descendants(SIGKILL) != 1)
		return 5;
	if (waitpid(pid, NULL, 0) != pid)
		return 6;
	return proc_signal_descendants(SIGKILL) == 0 ? 0 : 7;
}

static void
descendants_are_found_wherever_they_fled(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(reap_runaways());
	assert_int_equal(check_exit(pid), 0);
}

static void
a_stranger_is_no_descendant(void **state)
{
	pid_t pid = idle_child();
	pid_t other = fork();

	(void)state;
	/* From the brother's point of view nobody is below. */
	if (other == 0)
		_exit(proc_signal_descendants(SIGKILL));
	assert_int_equal(check_exit(other), 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(proc_signal_descendants(SIGKILL), 1);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
}

/* Two trees below one: a root that reaps what flees from it, and another. */
static int
spare_one_tree(void)
{
	pid_t spared, other, fled;
	int report[2];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe(report) < 0)
		return 1;
	spared = fork();
	if (spared == 0) {
		pid_t between;

		if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
			_exit(1);
		between = fork();
		if (between == 0)
			run_away(report[1]);
		(void)waitpid(between, NULL, 0);
		for (;;)
			(void)pause();
	}
	if (read(report[0], &fled, sizeof(fled)) != sizeof(fled))
		return 2;
	other = idle_child();
	if (proc_signal_descendants_but(0, 0) != 3 ||
	    proc_signal_descendants_but(0, spared) != 1 ||
	    proc_signal_descendants_but(SIGKILL, spared) != 1)
		return 3;
	if (waitpid(other, NULL, 0) != other || kill(fled, 0) < 0)
		return 4;
	if (proc_signal_descendants_but(0, spared) != 0)
		return 5;
	return proc_signal_descendants(SIGKILL) == 2 ? 0 : 6;
}

static void
a_tree_can_be_spared(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(spare_one_tree());
	assert_int_equal(check_exit(pid), 0);
}

static int64_t
soon(void)
{
	return clock_boot_ns() + 20 * CLOCK_NS_PER_S;
}

static void
holders_of_a_file_are_killed_and_no_others(void **state)
{
	struct scratch *s = *state;
	autoclose int watcher_fd = -1, fd = -1;
	pid_t holders[3], left = 0, other, watcher;
	struct stat st;

	other = idle_child();
	watcher_fd = sys_create(s->fd, "alive", 0600);
	assert_true(watcher_fd >= 0);
	watcher = idle_child(); /* only looks at it */
	fd = lock_take(s->fd, "alive");
	assert_int_equal(fstat(fd, &st), 0);
	for (int i = 0; i < 3; i++)
		holders[i] = idle_child(); /* inherits the lock */
	assert_int_equal(proc_kill_holders(st.st_dev, st.st_ino, soon(), &left),
	                 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(check_exit(holders[i]), 256 + SIGKILL);
	assert_int_equal(kill(other, 0), 0);
	end_child(other);
	assert_int_equal(kill(watcher, 0), 0);
	end_child(watcher);
}

static void
a_file_nobody_else_holds_has_nobody_to_kill(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = lock_take(s->fd, "alive");
	pid_t left = 0;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	/* The deadline has passed, and that does not matter. */
	assert_int_equal(proc_kill_holders(st.st_dev, st.st_ino, 0, &left), 0);
	assert_int_equal(left, 0);
}

/* In a subreaper, so that nothing outlives it. */
static int
kill_a_family(struct scratch *s)
{
	int fd = lock_take(s->fd, "alive");
	struct stat st;
	pid_t left = 0;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || fstat(fd, &st) < 0)
		return 1;
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0 && i % 2)
			(void)setsid();
		if (pid == 0 && fork() >= 0)
			for (;;)
				(void)pause();
	}
	if (proc_kill_holders(st.st_dev, st.st_ino, soon(), &left) < 0)
		return 2;
	while (waitpid(-1, NULL, 0) > 0)
		;
	return proc_signal_descendants(SIGKILL) == 0 ? 0 : 3;
}

static void
a_growing_family_of_holders_is_killed_whole(void **state)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(kill_a_family(*state));
	assert_int_equal(check_exit(pid), 0);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_has_one_identity),
		TEST(an_identity_is_printed_and_read_back),
		TEST(nonsense_is_no_identity),
		TEST(a_living_process_opens_and_an_ended_one_does_not),
		TEST(another_start_or_boot_is_another_process),
		TEST(a_pid_that_is_now_a_thread_is_an_ended_process),
		TEST(the_command_name_cannot_forge_a_status),
		TEST(descendants_are_found_wherever_they_fled),
		TEST(a_stranger_is_no_descendant),
		TEST(a_tree_can_be_spared),
		TEST(holders_of_a_file_are_killed_and_no_others),
		TEST(a_file_nobody_else_holds_has_nobody_to_kill),
		TEST(a_growing_family_of_holders_is_killed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/mem.h"
#include "base/sys.h"
#include "cli/recording.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* Run a shell command; our own output goes to the file `own`. */
static int
record(struct scratch *s, const char *command, struct recording *rec,
       struct err *err)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	autoclose int kept = sys_create(s->fd, "kept", 0644);
	autoclose int own = sys_create(s->fd, "own", 0644);
	autoclose int stdout_was = dup(STDOUT_FILENO);
	int r;

	assert_true(kept >= 0 && own >= 0 && stdout_was >= 0);
	assert_int_equal(dup2(own, STDOUT_FILENO), STDOUT_FILENO);
	r = recording_run(argv, (const char *const *)environ, kept, rec, err);
	assert_int_equal(dup2(stdout_was, STDOUT_FILENO), STDOUT_FILENO);
	return r;
}

static void
output_is_kept_and_passed_on(void **state)
{
	struct scratch *s = *state;
	autofree char *kept = NULL;
	autofree char *own = NULL;
	struct recording rec;

	assert_int_equal(
		record(s, "printf one; printf two; exit 7", &rec, NULL), 0);
	assert_int_equal(rec.exit, 7);
	assert_int_equal(rec.signal, 0);
	assert_int_equal(rec.size, 6);
	assert_int_equal(rec.kept, 0);
	assert_int_equal(rec.passed, 0);
	kept = scratch_read(s->fd, "kept");
	assert_string_equal(kept, "onetwo");
	own = scratch_read(s->fd, "own");
	assert_string_equal(own, "onetwo");
}

static void
a_signal_is_told_as_a_shell_does(void **state)
{
	struct recording rec;

	assert_int_equal(record(*state, "kill -KILL $$", &rec, NULL), 0);
	assert_int_equal(rec.signal, SIGKILL);
	assert_int_equal(rec.exit, 128 + SIGKILL);
}

static void
a_program_that_cannot_be_run_is_an_error(void **state)
{
	const char *const none[] = { "no-such-program", NULL };
	const char *const folder[] = { "/", NULL };
	struct recording rec;
	struct err err = { "" };

	(void)state;
	assert_int_equal(recording_run(none, (const char *const *)environ, -1,
	                               &rec, &err),
	                 -ENOENT);
	assert_non_null(strstr(err.text, "no-such-program"));
	assert_int_equal(recording_run(folder, (const char *const *)environ, -1,
	                               &rec, &err),
	                 -EACCES);
}

/* A disk that is full, a reader that has gone: the program ends as it will. */
static void
the_program_does_not_suffer_from_what_is_not_kept(void **state)
{
	const char *const argv[] = { "sh", "-c",
		                     "i=0; while [ $i -lt 5000 ]; do echo "
		                     "a line of text; i=$((i + 1)); done; "
		                     "exit 5",
		                     NULL };
	autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	autoclose int stdout_was = dup(STDOUT_FILENO);
	struct recording rec;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)close(ends[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	(void)close(ends[1]);
	assert_int_equal(recording_run(argv, (const char *const *)environ, full,
	                               &rec, NULL),
	                 0);
	assert_int_equal(dup2(stdout_was, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(rec.exit, 5);
	assert_int_equal(rec.size, 5000 * 15);
	assert_int_equal(rec.kept, -ENOSPC);
	assert_int_equal(rec.passed, -EPIPE);
}

/* What is open for us is open for the program; our own files are not. */
static void
descriptors_are_handed_on(void **state)
{
	struct scratch *s = *state;
	autoclose int open_for_it = dup2(STDERR_FILENO, 9);
	autofree char *kept = NULL;
	struct recording rec;

	assert_int_equal(open_for_it, 9);
	assert_int_equal(record(s,
	                        "for f in /proc/self/fd/*; do "
	                        "case ${f##*/} in 9) echo nine;; esac; done; "
	                        "readlink /proc/self/fd/* | grep -c kept",
	                        &rec, NULL),
	                 0);
	kept = scratch_read(s->fd, "kept");
	assert_string_equal(kept, "nine\n0\n");
}

/* SIGTERM for the helper alone ends the program, and the helper lives on. */
static void
a_signal_is_passed_on(void **state)
{
	struct scratch *s = *state;
	autofree char *command = mem_printf(
		"trap 'exit 9' TERM; echo >%s/ready; while :; do read x <%s/fifo; "
		"done",
		s->path, s->path);
	pid_t pid;
	autofree char *ready = mem_printf("%s/ready", s->path);
	autoclose int from = -1;
	char byte;

	scratch_fifo(s->fd, "fifo");
	scratch_fifo(s->fd, "ready");
	pid = fork();
	if (pid == 0) {
		struct recording rec;

		_exit(record(s, command, &rec, NULL) < 0 ? 99 : rec.exit);
	}
	assert_true(pid > 0);
	from = open(ready, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(from, &byte, 1), 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(check_exit(pid), 9);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(output_is_kept_and_passed_on),
		TEST(a_signal_is_told_as_a_shell_does),
		TEST(a_program_that_cannot_be_run_is_an_error),
		TEST(the_program_does_not_suffer_from_what_is_not_kept),
		TEST(descriptors_are_handed_on),
		TEST(a_signal_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

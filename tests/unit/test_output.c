#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "cli/output.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define LARGE (3 * 1000 * 1000)

/* A text of `n` bytes that has no short period. */
static char *
long_text(size_t n)
{
	char *text = mem_new(1, n + 1);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		text[i] = (char)('a' + (x >> 24) % 26);
	}
	return text;
}

static void
a_file_is_copied_byte_by_byte(void **state)
{
	static const size_t sizes[] = { 0, 1, 65536, LARGE };
	const struct scratch *s = *state;

	for (size_t i = 0; i < countof(sizes); i++) {
		autofree char *text = long_text(sizes[i]);
		autofree char *got = NULL;
		autoclose int out = -1;

		scratch_write(s->fd, "in", text);
		scratch_write(s->fd, "out", "");
		out = sys_open(s->fd, "out", O_WRONLY);
		assert_int_equal(output_file(s->fd, "in", out), EXIT_FINE);
		got = scratch_read(s->fd, "out");
		assert_string_equal(got, text);
	}
}

static void
a_file_that_is_appended_to_gets_it_all(void **state)
{
	const struct scratch *s = *state;
	autofree char *text = long_text(LARGE);
	autofree char *got = NULL;
	autoclose int out = -1;

	scratch_write(s->fd, "in", text);
	scratch_write(s->fd, "out", "before ");
	out = sys_open(s->fd, "out", O_WRONLY | O_APPEND);
	assert_int_equal(output_file(s->fd, "in", out), EXIT_FINE);
	got = scratch_read(s->fd, "out");
	assert_memory_equal(got, "before ", 7);
	assert_string_equal(got + 7, text);
}

static void
a_pipe_that_would_block_gets_it_all(void **state)
{
	const struct scratch *s = *state;
	autofree char *text = long_text(LARGE);
	autostr got = STR_INIT;
	int fds[2];
	pid_t child;

	scratch_write(s->fd, "in", text);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(output_file(s->fd, "in", fds[1]));
	(void)close(fds[1]);
	assert_int_equal(sys_read_all(fds[0], LARGE, &got), 0);
	(void)close(fds[0]);
	assert_int_equal(check_exit(child), EXIT_FINE);
	assert_string_equal(str_text(&got), text);
}

static void
a_reader_who_has_gone_is_an_error(void **state)
{
	const struct scratch *s = *state;
	int fds[2];

	scratch_write(s->fd, "in", "hello");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)close(fds[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(output_file(s->fd, "in", fds[1]), EXIT_IO);
	(void)close(fds[1]);
}

static void
a_full_disk_is_an_error(void **state)
{
	const struct scratch *s = *state;
	autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0);
	scratch_write(s->fd, "in", "hello");
	assert_int_equal(output_file(s->fd, "in", full), EXIT_IO);
}

static void
what_is_no_file_below_is_not_found_or_refused(void **state)
{
	const struct scratch *s = *state;
	autoclose int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	scratch_mkdir(s->fd, "dir");
	scratch_write(s->fd, "file", "x");
	scratch_symlink(s->fd, "file", "link");
	assert_int_equal(output_file(s->fd, "none", out), EXIT_NOT_FOUND);
	assert_int_equal(output_file(s->fd, "dir", out), EXIT_NOT_FOUND);
	assert_int_equal(output_file(s->fd, "file/x", out), EXIT_NOT_FOUND);
	assert_int_equal(output_file(s->fd, "link", out), EXIT_BAD_DATA);
	assert_int_equal(output_file(s->fd, "../x", out), EXIT_BAD_DATA);
	assert_int_equal(output_file(s->fd, "/dev/null", out), EXIT_BAD_DATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_copied_byte_by_byte),
		cmocka_unit_test(a_file_that_is_appended_to_gets_it_all),
		cmocka_unit_test(a_pipe_that_would_block_gets_it_all),
		cmocka_unit_test(a_reader_who_has_gone_is_an_error),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(what_is_no_file_below_is_not_found_or_refused),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "cli/verb.h"
#include "tests/support/libcheck.h"

struct capture {
	int saved, file;
};

static void
capture_begin(struct capture *c)
{
	c->saved = dup(STDERR_FILENO);
	c->file = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(c->saved >= 0 && c->file >= 0);
	assert_true(dup2(c->file, STDERR_FILENO) >= 0);
}

static char *
capture_end(struct capture *c)
{
	autostr text = STR_INIT;

	assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
	assert_true(lseek(c->file, 0, SEEK_SET) == 0);
	assert_int_equal(sys_read_all(c->file, 4096, &text), 0);
	(void)close(c->saved);
	(void)close(c->file);
	return str_take(&text);
}

static void
every_error_has_the_exit_status_of_what_can_be_done(void **state)
{
	static const struct {
		int code, status;
	} rows[] = {
		{ -ENOENT, EXIT_NOT_FOUND },
		{ -ETIMEDOUT, EXIT_TIMED_OUT },
		{ -EBADMSG, EXIT_BAD_DATA },
		{ -EFBIG, EXIT_BAD_DATA },
		{ -EISDIR, EXIT_BAD_DATA },
		{ -EPROTO, EXIT_BUG },
		{ -EINVAL, EXIT_BUG },
		{ -ENOSPC, EXIT_CANNOT_CREATE },
		{ -EDQUOT, EXIT_CANNOT_CREATE },
		{ -EROFS, EXIT_CANNOT_CREATE },
		{ -EIO, EXIT_IO },
		{ -EPIPE, EXIT_IO },
		{ -EAGAIN, EXIT_TRY_LATER },
		{ -EMFILE, EXIT_TRY_LATER },
		{ -EACCES, EXIT_NOT_ALLOWED },
		{ -EPERM, EXIT_NOT_ALLOWED },
		{ -ENOTSUP, EXIT_IO },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *said = NULL;
		struct capture c;
		int status;

		capture_begin(&c);
		status = fail(rows[i].code, NULL);
		said = capture_end(&c);
		check_number(err_name(rows[i].code), status, rows[i].status);
		check_contains("said", said, err_name(rows[i].code));
	}
}

static void
the_text_of_an_error_goes_before_its_name(void **state)
{
	struct err err = { "pm/brief is gone" };
	autofree char *said = NULL;
	struct capture c;

	(void)state;
	capture_begin(&c);
	assert_int_equal(fail(-ENOENT, &err), EXIT_NOT_FOUND);
	said = capture_end(&c);
	assert_string_equal(said, "spoolhand: pm/brief is gone\n");
}

static void
what_is_said_is_one_line_without_control_bytes(void **state)
{
	autofree char *said = NULL;
	struct capture c;

	(void)state;
	capture_begin(&c);
	complain("no '%s'", "a\n\033[2J\x7f\xc3\xa4");
	said = capture_end(&c);
	assert_string_equal(said,
	                    "spoolhand: no 'a\\x0a\\x1b[2J\\x7f\xc3\xa4'\n");
}

static void
quiet_silences_talk_but_no_complaint(void **state)
{
	struct context quiet = { .quiet = true };
	struct context loud = { 0 };
	autofree char *said = NULL;
	struct capture c;

	(void)state;
	capture_begin(&c);
	say(&quiet, "one");
	say(&loud, "two");
	complain("three");
	said = capture_end(&c);
	assert_string_equal(said, "spoolhand: two\nspoolhand: three\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_error_has_the_exit_status_of_what_can_be_done),
		cmocka_unit_test(the_text_of_an_error_goes_before_its_name),
		cmocka_unit_test(
			what_is_said_is_one_line_without_control_bytes),
		cmocka_unit_test(quiet_silences_talk_but_no_complaint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

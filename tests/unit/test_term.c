#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/term.h"
#include "tests/support/libcheck.h"

static const struct row {
	const char *what, *text, *shown;
} rows[] = {
	{ "nothing", "", "" },
	{ "plain text", "pm/brief 3", "pm/brief 3" },
	{ "other scripts", "Grüße, 東京 🙂", "Grüße, 東京 🙂" },
	{ "a new line", "a\nb", "a\\nb" },
	{ "a tab", "a\tb", "a\\tb" },
	{ "an escape", "\033[2J", "\\x1b[2J" },
	{ "a backslash", "a\\n", "a\\\\n" },
	{ "the C1 escape",
	  "\xc2\x9b"
	  "2J",
	  "\\xc2\\x9b2J" },
	{ "right to left override",
	  "a\xe2\x80\xae"
	  "b",
	  "a\\xe2\\x80\\xae"
	  "b" },
	{ "a space without width", "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
	{ "half a character", "gr\xc3", "gr\\xc3" },
	{ "bytes that are none",
	  "\xff\xfe"
	  "a",
	  "\\xff\\xfe"
	  "a" },
	{ "an overlong slash", "\xc0\xaf", "\\xc0\\xaf" },
};

static void
what_is_shown_cannot_move_the_cursor(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr out = STR_INIT;

		term_add_shown(&out, rows[i].text);
		check_text(rows[i].what, str_text(&out), rows[i].shown);
	}
}

static void
a_pipe_is_no_terminal(void **state)
{
	size_t columns = 1, lines = 1;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(term_size(fds[1], &columns, &lines));
	assert_int_equal(columns + lines, 0);
	assert_false(term_colours(fds[1]));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
a_terminal_has_colours_unless_told_otherwise(void **state)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	size_t columns, lines;

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_true(term_colours(fd));
	assert_true(term_size(fd, &columns, &lines));
	assert_true(columns > 0 && lines > 0);
	assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
	assert_false(term_colours(fd));
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_int_equal(setenv("TERM", "dumb", 1), 0);
	assert_false(term_colours(fd));
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_cannot_move_the_cursor),
		cmocka_unit_test(a_pipe_is_no_terminal),
		cmocka_unit_test(a_terminal_has_colours_unless_told_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

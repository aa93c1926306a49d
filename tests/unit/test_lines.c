#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/lines.h"

static void
gives(struct lines *l, const char *want)
{
	char *line;
	size_t len;

	assert_int_equal(lines_next(l, &line, &len), 1);
	assert_string_equal(line, want);
	assert_int_equal(len, strlen(want));
}

static void
gives_none(struct lines *l, int want)
{
	char *line;
	size_t len;

	assert_int_equal(lines_next(l, &line, &len), want);
}

static void
add(struct lines *l, const char *text)
{
	lines_add(l, text, strlen(text));
}

static void
pieces_become_lines(void **state)
{
	struct lines l = { .max = 10 };

	(void)state;
	gives_none(&l, 0);
	add(&l, "one\ntw");
	gives(&l, "one");
	gives_none(&l, 0);
	add(&l, "o\n\nthr");
	gives(&l, "two");
	gives(&l, "");
	gives_none(&l, 0);
	add(&l, "ee\n");
	gives(&l, "three");
	gives_none(&l, 0);
	lines_done(&l);
}

static void
the_longest_line_is_one(void **state)
{
	struct lines l = { .max = 4 };

	(void)state;
	add(&l, "1234\n");
	gives(&l, "1234");
	add(&l, "1234");
	gives_none(&l, 0);
	add(&l, "\n");
	gives(&l, "1234");
	lines_done(&l);
}

static void
one_that_is_longer_is_told_of_once(void **state)
{
	struct lines l = { .max = 4 };

	(void)state;
	add(&l, "12345\nnext\n");
	gives_none(&l, -EMSGSIZE);
	gives(&l, "next");
	add(&l, "12345");
	gives_none(&l, -EMSGSIZE);
	gives_none(&l, 0);
	add(&l, "67890123456789");
	gives_none(&l, 0);
	add(&l, "0\nafter\n");
	gives_none(&l, -EMSGSIZE); /* "after" has five letters */
	add(&l, "fine\n");
	gives(&l, "fine");
	lines_done(&l);
}

static void
what_was_skipped_takes_no_room(void **state)
{
	struct lines l = { .max = 100 };
	char block[1000];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 1000; i++) {
		char *line;
		size_t len;

		lines_add(&l, block, sizeof(block));
		assert_int_equal(lines_next(&l, &line, &len),
		                 i ? 0 : -EMSGSIZE);
	}
	assert_true(l.text.cap < 10000);
	lines_done(&l);
}

static void
a_pipe_is_read_to_its_end(void **state)
{
	struct lines l = { .max = 100 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(lines_read(&l, fds[0]), -EAGAIN);
	assert_int_equal(write(fds[1], "a\nb", 3), 3);
	assert_int_equal(lines_read(&l, fds[0]), 3);
	gives(&l, "a");
	gives_none(&l, 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(lines_read(&l, fds[0]), 0);
	gives_none(&l, 0);
	assert_int_equal(close(fds[0]), 0);
	lines_done(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_become_lines),
		cmocka_unit_test(the_longest_line_is_one),
		cmocka_unit_test(one_that_is_longer_is_told_of_once),
		cmocka_unit_test(what_was_skipped_takes_no_room),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

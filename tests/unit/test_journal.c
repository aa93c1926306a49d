#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spool/journal.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
write_lines(struct fixture *f, int n)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "move";
	line.id = "a";
	line.to = "READY";
	for (int i = 0; i < n; i++)
		assert_int_equal(journal_write(&f->journal, FIXTURE_NOW, &line),
		                 0);
}

struct numbers {
	uint64_t first, last;
	int count;
	bool gap;
};

static int
note_number(void *arg, const struct json *line, int64_t offset)
{
	struct numbers *n = arg;
	uint64_t number = (uint64_t)json_int(json_get(line, "n"), 0);

	(void)offset;
	if (n->count++ == 0)
		n->first = number;
	else if (number != n->last + 1)
		n->gap = true;
	n->last = number;
	return 0;
}

static struct numbers
numbers_of(const struct fixture *f)
{
	struct numbers n = { 0 };

	assert_int_equal(journal_read(f->desk, 0, note_number, &n), 0);
	return n;
}

static void
a_new_journal_begins_with_one(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->journal.next, 1);
	assert_int_equal(f->journal.last_seq, 0);
	write_lines(f, 1);
	assert_int_equal(numbers_of(f).first, 1);
}

static void
a_line_says_all_it_was_given_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct entry e = { CLASS_HIGH, 12, 3, "brief" };
	struct journal_line full = { .ev = "move",
		                     .entry = &e,
		                     .from = "READY",
		                     .to = "RUNNING",
		                     .reason = "retry",
		                     .why = "first in \"line\"\n",
		                     .until_ms = 99,
		                     .uid = 0,
		                     .trace = "00-1-2-3" };
	struct journal_line bare = JOURNAL_LINE;
	autofree char *text = NULL;

	bare.ev = "start";
	assert_int_equal(journal_write(&f->journal, 5, &full), 0);
	assert_int_equal(journal_write(&f->journal, 6, &bare), 0);
	text = scratch_read(f->desk->fd, DESK_JOURNAL);
	assert_string_equal(
		text,
		"{\"n\":1,\"t\":5,\"ev\":\"move\",\"id\":\"brief\","
		"\"seq\":12,\"attempt\":3,\"class\":\"high\","
		"\"from\":\"READY\",\"to\":\"RUNNING\","
		"\"reason\":\"retry\",\"why\":\"first in \\\"line\\\"\\n\","
		"\"trace\":\"00-1-2-3\",\"until\":99,\"uid\":0}\n"
		"{\"n\":2,\"t\":6,\"ev\":\"start\"}\n");
}

static void
numbering_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct numbers n;

	for (int i = 0; i < 3; i++) {
		write_lines(f, 2);
		fixture_reopen(f);
	}
	n = numbers_of(f);
	assert_int_equal(n.count, 6);
	assert_int_equal(n.last, 6);
	assert_false(n.gap);
	assert_int_equal(f->journal.next, 7);
}

static void
the_highest_sequence_of_the_tail_is_known(void **state)
{
	struct fixture *f = *state;
	struct entry e = { CLASS_LOW, 41, 0, "a" };
	struct journal_line line = JOURNAL_LINE;

	line.ev = "admit";
	line.entry = &e;
	assert_int_equal(journal_write(&f->journal, 1, &line), 0);
	e.seq = 7;
	assert_int_equal(journal_write(&f->journal, 1, &line), 0);
	fixture_reopen(f);
	assert_int_equal(f->journal.last_seq, 41);
}

static void
a_torn_last_line_is_ended_and_skipped(void **state)
{
	static const char *const torn[] = { "{\"n\":3,\"ev", "x", "{}{", "\"" };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(torn); i++) {
		struct numbers before, after;
		autoclose int fd =
			openat(f->desk->fd, DESK_JOURNAL, O_WRONLY | O_APPEND);

		write_lines(f, 1);
		before = numbers_of(f);
		assert_true(write(fd, torn[i], strlen(torn[i])) > 0);
		/* To a reader the end of the file is not a line yet. */
		assert_int_equal(numbers_of(f).count, before.count);
		fixture_reopen(f);
		write_lines(f, 1);
		after = numbers_of(f);
		assert_int_equal(after.count, before.count + 1);
		assert_int_equal(after.last, before.last + 1);
		assert_false(after.gap);
	}
}

static void
a_last_line_that_only_lacks_its_end_counts(void **state)
{
	struct fixture *f = *state;
	struct numbers n;

	scratch_write(f->desk->fd, DESK_JOURNAL, "{\"n\":1}\n{\"n\":2}");
	fixture_reopen(f);
	assert_int_equal(f->journal.next, 3);
	n = numbers_of(f);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.last, 2);
}

/* `n` bytes that are no JSON, with a newline each 1000 if `lines`. */
static void
append_garbage(struct fixture *f, size_t n, bool lines)
{
	autoclose int fd =
		openat(f->desk->fd, DESK_JOURNAL, O_WRONLY | O_APPEND);
	autofree char *bytes = mem_new(1, n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = lines && i % 1000 == 999 ? '\n' : 'z';
	assert_int_equal(write(fd, bytes, n), n);
}

static void
a_tail_without_a_good_line_is_looked_behind(void **state)
{
	static const struct {
		const char *row;
		size_t n;
		bool lines;
	} rows[] = {
		{ "a little", 100, false },
		{ "a block", 64 * 1024, false },
		{ "three blocks", 200000, false },
		{ "three blocks of lines", 200000, true },
		{ "three megabytes", 3 << 20, false },
		{ "three megabytes of lines", 3 << 20, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		write_lines(f, 3);
		append_garbage(f, rows[i].n, rows[i].lines);
		fixture_reopen(f);
		check_number(rows[i].row, (int64_t)f->journal.next,
		             3 * ((int64_t)i + 1) + 1);
	}
}

static void
lines_after_a_monster_are_read(void **state)
{
	struct fixture *f = *state;
	struct numbers n;

	write_lines(f, 2);
	append_garbage(f, 3 << 20, false);
	fixture_reopen(f);
	write_lines(f, 2);
	n = numbers_of(f);
	assert_int_equal(n.count, 4);
	assert_int_equal(n.last, 4);
}

struct offsets {
	int64_t at[64];
	int n;
};

static int
note_offset(void *arg, const struct json *line, int64_t offset)
{
	struct offsets *o = arg;

	(void)line;
	if (o->n < 64)
		o->at[o->n++] = offset;
	return 0;
}

static int
first_number(void *arg, const struct json *line, int64_t offset)
{
	(void)offset;
	*(int64_t *)arg = json_int(json_get(line, "n"), 0);
	return 1;
}

static void
reading_from_the_beginning_of_a_line_gives_that_line(void **state)
{
	struct fixture *f = *state;
	struct offsets o = { .n = 0 };

	write_lines(f, 10);
	assert_int_equal(journal_read(f->desk, 0, note_offset, &o), 0);
	assert_int_equal(o.n, 10);
	for (int i = 0; i < 10; i++) {
		int64_t number = 0;

		assert_int_equal(
			journal_read(f->desk, o.at[i], first_number, &number),
			1);
		assert_int_equal(number, i + 1);
		/* From its middle on, it is the next one. */
		number = 0;
		(void)journal_read(f->desk, o.at[i] + 1, first_number, &number);
		assert_int_equal(number, i < 9 ? i + 2 : 0);
	}
}

static void
what_is_appended_can_be_followed_by_size(void **state)
{
	struct fixture *f = *state;

	write_lines(f, 2);
	for (int i = 0; i < 5; i++) {
		int64_t size = journal_size(f->desk);
		int64_t number = 0;

		write_lines(f, 1);
		assert_true(journal_size(f->desk) > size);
		assert_int_equal(
			journal_read(f->desk, size, first_number, &number), 1);
		assert_int_equal(number, i + 3);
	}
}

static void
a_reader_beside_the_writer_sees_whole_lines_in_order(void **state)
{
	struct fixture *f = *state;
	pid_t pid = fork();
	struct numbers n = { 0 };

	if (pid == 0) {
		struct journal_line line = JOURNAL_LINE;

		line.ev = "phase";
		line.why = "a text that makes the line a little longer";
		for (int i = 0; i < 2000; i++)
			if (journal_write(&f->journal, 1, &line) < 0)
				_exit(1);
		_exit(0);
	}
	while (n.count < 2000) {
		n = numbers_of(f);
		assert_false(n.gap);
		assert_true(n.count == 0 || n.first == 1);
		assert_int_equal(n.last, n.count);
	}
	assert_int_equal(check_exit(pid), 0);
}

static void
lines_that_are_no_objects_are_skipped(void **state)
{
	struct fixture *f = *state;
	struct numbers n;

	scratch_write(f->desk->fd, DESK_JOURNAL,
	              "{\"n\":1}\n\n[1]\nnull\n\"text\"\n{\"n\":2}x\n\xff\n"
	              "{\"n\":2}\n");
	n = numbers_of(f);
	assert_int_equal(n.count, 2);
	assert_false(n.gap);
}

static void
a_journal_that_is_not_there_is_empty(void **state)
{
	struct fixture *f = *state;

	scratch_unlink(f->desk->fd, DESK_JOURNAL);
	assert_int_equal(journal_size(f->desk), 0);
	assert_int_equal(numbers_of(f).count, 0);
}

/* A line that does not fit is cut by the kernel, as on a full disk. */
static int
write_beyond_the_limit(struct fixture *f)
{
	struct journal_line line = JOURNAL_LINE;
	struct rlimit limit, tight;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	line.ev = "move";
	line.id = "torn";
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 1;
	tight = limit;
	tight.rlim_cur = (rlim_t)journal_size(f->desk) + 10;
	if (setrlimit(RLIMIT_FSIZE, &tight) < 0)
		return 2;
	r = journal_write(&f->journal, 1, &line);
	if (r >= 0)
		return 3;
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 4;
	line.id = "after";
	return journal_write(&f->journal, 1, &line) == 0 ? 0 : 5;
}

static void
a_line_torn_by_a_full_disk_does_not_swallow_the_next(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;
	pid_t pid;

	write_lines(f, 1);
	pid = fork();
	if (pid == 0)
		_exit(write_beyond_the_limit(f));
	assert_int_equal(check_exit(pid), 0);
	text = fixture_journal(f);
	assert_string_equal(text, "move a ->READY -\nmove after ->- -\n");
	assert_int_equal(numbers_of(f).last, 2);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_journal_begins_with_one),
		TEST(a_line_says_all_it_was_given_and_nothing_else),
		TEST(numbering_goes_on_after_a_restart),
		TEST(the_highest_sequence_of_the_tail_is_known),
		TEST(a_torn_last_line_is_ended_and_skipped),
		TEST(a_last_line_that_only_lacks_its_end_counts),
		TEST(a_tail_without_a_good_line_is_looked_behind),
		TEST(lines_after_a_monster_are_read),
		TEST(reading_from_the_beginning_of_a_line_gives_that_line),
		TEST(what_is_appended_can_be_followed_by_size),
		TEST(a_reader_beside_the_writer_sees_whole_lines_in_order),
		TEST(lines_that_are_no_objects_are_skipped),
		TEST(a_journal_that_is_not_there_is_empty),
		TEST(a_line_torn_by_a_full_disk_does_not_swallow_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

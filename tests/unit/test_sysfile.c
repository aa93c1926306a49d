/*
 * The larger operations of base/sys.h: whole files, copies, whole trees.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static void
a_written_file_is_whole_and_leaves_nothing_private(void **state)
{
	struct scratch *s = *state;

	for (int i = 0; i < 4; i++) {
		bool replace = i & 1, durable = i & 2;
		autofree char *text = NULL;
		autofree char *names = NULL;

		if (!replace && i)
			scratch_unlink(s->fd, "a");
		assert_int_equal(sys_write_file(s->fd, "a", "hello", 5, replace,
		                                durable),
		                 0);
		text = scratch_read(s->fd, "a");
		assert_string_equal(text, "hello");
		names = scratch_list(s->fd, ".");
		assert_string_equal(names, "a");
	}
}

static int
untouched(struct scratch *s, const char *path)
{
	autoclose int fd = sys_open_beneath(s->fd, path, O_RDONLY);

	assert_true(fd >= 0);
	return sys_untouched(fd);
}

/* Whether the file system can tell or not: what was written to never is. */
static void
what_was_written_to_is_not_untouched(void **state)
{
	struct scratch *s = *state;

	scratch_write(s->fd, "full", "x");
	assert_int_equal(untouched(s, "full"), 0);
	scratch_mkdir(s->fd, "dir");
	scratch_write(s->fd, "dir/in", "");
	assert_int_equal(untouched(s, "dir"), 0);
	scratch_write(s->fd, "empty", "");
	assert_int_equal(
		utimensat(s->fd, "empty", (struct timespec[2]){ 0 }, 0), 0);
	assert_int_equal(untouched(s, "empty"), 0);
}

static void
a_file_that_is_there_is_replaced_only_if_told(void **state)
{
	struct scratch *s = *state;
	autofree char *kept = NULL;
	autofree char *replaced = NULL;
	autofree char *names = NULL;

	scratch_write(s->fd, "a", "old");
	assert_int_equal(sys_write_file(s->fd, "a", "new", 3, false, true),
	                 -EEXIST);
	kept = scratch_read(s->fd, "a");
	assert_string_equal(kept, "old");
	names = scratch_list(s->fd, ".");
	assert_string_equal(names, "a");
	assert_int_equal(sys_write_file(s->fd, "a", "new", 3, true, true), 0);
	replaced = scratch_read(s->fd, "a");
	assert_string_equal(replaced, "new");
}

static void
a_private_file_of_a_dead_process_is_no_obstacle(void **state)
{
	struct scratch *s = *state;
	autofree char *left = mem_printf(".a.%d.tmp", (int)getpid());
	autofree char *names = NULL;
	autofree char *text = NULL;

	scratch_write(s->fd, left, "half of someth");
	assert_int_equal(sys_write_file(s->fd, "a", "x", 1, false, false), 0);
	names = scratch_list(s->fd, ".");
	assert_string_equal(names, "a");
	text = scratch_read(s->fd, "a");
	assert_string_equal(text, "x");
}

static void
an_empty_file_can_be_written(void **state)
{
	struct scratch *s = *state;
	autofree char *text = NULL;

	assert_int_equal(sys_write_file(s->fd, "a", "", 0, false, true), 0);
	text = scratch_read(s->fd, "a");
	assert_string_equal(text, "");
}

static void
reading_stops_at_its_limit(void **state)
{
	struct scratch *s = *state;
	static const struct {
		const char *row;
		size_t size, max;
		int want;
	} rows[] = {
		{ "empty", 0, 0, 0 },
		{ "empty, room", 0, 10, 0 },
		{ "exact", 10, 10, 0 },
		{ "one over", 11, 10, -EFBIG },
		{ "none allowed", 1, 0, -EFBIG },
		{ "large", 300000, 300000, 0 },
		{ "large, one over", 300001, 300000, -EFBIG },
	};
	autofree char *zeros = mem_new(1, 300001);

	memset(zeros, 'z', 300001);
	for (size_t i = 0; i < countof(rows); i++) {
		autostr out = STR_INIT;
		int r;

		scratch_write_bytes(s->fd, "a", zeros, rows[i].size);
		r = sys_read_file(s->fd, "a", rows[i].max, &out);
		check_number(rows[i].row, r, rows[i].want);
		if (r == 0)
			check_number(rows[i].row, (int64_t)out.len,
			             (int64_t)rows[i].size);
		/* Whatever happened, the text has an end. */
		check_number(rows[i].row, (int64_t)strlen(str_text(&out)),
		             (int64_t)out.len);
	}
}

static void
a_copy_is_equal_and_begins_at_the_beginning(void **state)
{
	struct scratch *s = *state;
	static const size_t sizes[] = { 0, 1, 4096, 1 << 20, 3000001 };
	autofree char *bytes = mem_new(1, 3000001);

	for (size_t i = 0; i < 3000001; i++)
		bytes[i] = (char)(i * 31 % 251);
	for (size_t i = 0; i < countof(sizes); i++) {
		autoclose int in = -1;
		autoclose int out = -1;
		autostr got = STR_INIT;

		scratch_write_bytes(s->fd, "in", bytes, sizes[i]);
		in = sys_open(s->fd, "in", O_RDONLY);
		out = sys_create(s->fd, "out", 0600);
		/* The position of the source is of no concern. */
		(void)lseek(in, 1, SEEK_SET);
		assert_int_equal(sys_copy(in, 0, out, (int64_t)sizes[i]),
		                 sizes[i]);
		assert_int_equal(sys_read_file(s->fd, "out", 1 << 23, &got), 0);
		assert_int_equal(got.len, sizes[i]);
		assert_memory_equal(str_text(&got), bytes, sizes[i]);
		scratch_unlink(s->fd, "out");
	}
}

static void
a_copy_stops_at_its_limit(void **state)
{
	struct scratch *s = *state;
	autoclose int in = -1;
	autoclose int out = sys_create(s->fd, "out", 0600);

	scratch_write(s->fd, "in", "0123456789");
	in = sys_open(s->fd, "in", O_RDONLY);
	assert_int_equal(sys_copy(in, 0, out, 9), -EFBIG);
	assert_int_equal(sys_truncate(out, 0), 0);
	(void)lseek(out, 0, SEEK_SET);
	assert_int_equal(sys_copy(in, 0, out, 10), 10);
}

static void
a_copy_may_begin_later(void **state)
{
	struct scratch *s = *state;
	static const struct {
		const char *row;
		int64_t from, max, want;
		const char *text;
	} rows[] = {
		{ "the rest", 4, 6, 6, "456789" },
		{ "too much of it", 4, 5, -EFBIG, NULL },
		{ "the end", 10, 0, 0, "" },
		{ "beyond the end", 20, 9, 0, "" },
	};
	autoclose int in = -1;

	scratch_write(s->fd, "in", "0123456789");
	in = sys_open(s->fd, "in", O_RDONLY);
	for (size_t i = 0; i < countof(rows); i++) {
		autoclose int out = sys_create(s->fd, "out", 0600);
		autofree char *got = NULL;

		check_number(rows[i].row,
		             sys_copy(in, rows[i].from, out, rows[i].max),
		             rows[i].want);
		got = scratch_read(s->fd, "out");
		if (rows[i].text)
			check_text(rows[i].row, got, rows[i].text);
		scratch_unlink(s->fd, "out");
	}
}

static void
a_sparse_giant_is_not_copied_whole(void **state)
{
	struct scratch *s = *state;
	autoclose int in = sys_create(s->fd, "in", 0600);
	autoclose int out = sys_create(s->fd, "out", 0600);

	assert_int_equal(sys_truncate(in, (off_t)1 << 40), 0);
	assert_int_equal(sys_copy(in, 0, out, 1 << 20), -EFBIG);
}

static void
files_of_the_kernel_can_be_copied(void **state)
{
	struct scratch *s = *state;
	autoclose int in = sys_open(AT_FDCWD, "/proc/self/status", O_RDONLY);
	autoclose int out = sys_create(s->fd, "out", 0600);

	assert_true(sys_copy(in, 0, out, 1 << 20) > 0);
}

static void
a_tree_is_removed_and_no_link_is_followed(void **state)
{
	struct scratch *s = *state;
	autofree char *before = NULL;
	autofree char *after = NULL;
	autofree char *names = NULL;

	scratch_mkdir(s->fd, "precious");
	scratch_write(s->fd, "precious/file", "text");
	before = scratch_snapshot(s->fd, "precious");
	scratch_mkdir(s->fd, "t");
	scratch_mkdir(s->fd, "t/sub");
	scratch_write(s->fd, "t/sub/.hidden", "x");
	scratch_symlink(s->fd, "../precious", "t/link");
	scratch_symlink(s->fd, "../../precious", "t/sub/link");
	scratch_symlink(s->fd, "../precious/file", "t/filelink");
	scratch_fifo(s->fd, "t/fifo");
	assert_int_equal(sys_remove_tree(s->fd, "t"), 0);
	after = scratch_snapshot(s->fd, "precious");
	assert_string_equal(after, before);
	names = scratch_list(s->fd, ".");
	assert_string_equal(names, "precious");
}

static void
a_link_given_as_the_tree_goes_alone(void **state)
{
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "precious");
	scratch_write(s->fd, "precious/file", "text");
	scratch_symlink(s->fd, "precious", "link");
	assert_int_equal(sys_remove_tree(s->fd, "link"), 0);
	assert_false(scratch_has(s->fd, "link"));
	assert_true(scratch_has(s->fd, "precious/file"));
}

static void
removing_a_file_or_nothing_is_fine(void **state)
{
	struct scratch *s = *state;

	scratch_write(s->fd, "a", "");
	assert_int_equal(sys_remove_tree(s->fd, "a"), 0);
	assert_int_equal(sys_remove_tree(s->fd, "a"), 0);
}

/* Rights mean nothing to root: become somebody else for this. */
static int
remove_as_nobody(struct scratch *s)
{
	if (fchown(s->fd, 65534, 65534) < 0 || setgid(65534) < 0 ||
	    setuid(65534) < 0)
		return 2;
	if (mkdirat(s->fd, "t", 0755) < 0 ||
	    mkdirat(s->fd, "t/closed", 0755) < 0 ||
	    mkdirat(s->fd, "t/closed/in", 0755) < 0 ||
	    fchmodat(s->fd, "t/closed/in", 0, 0) < 0 ||
	    fchmodat(s->fd, "t/closed", 0, 0) < 0)
		return 3;
	return sys_remove_tree(s->fd, "t") < 0;
}

static void
directories_without_rights_are_removed_by_their_owner(void **state)
{
	struct scratch *s = *state;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(remove_as_nobody(s));
	assert_int_equal(check_exit(pid), 0);
	assert_false(scratch_has(s->fd, "t"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_written_file_is_whole_and_leaves_nothing_private),
		TEST(what_was_written_to_is_not_untouched),
		TEST(a_file_that_is_there_is_replaced_only_if_told),
		TEST(a_private_file_of_a_dead_process_is_no_obstacle),
		TEST(an_empty_file_can_be_written),
		TEST(reading_stops_at_its_limit),
		TEST(a_copy_is_equal_and_begins_at_the_beginning),
		TEST(a_copy_stops_at_its_limit),
		TEST(a_copy_may_begin_later),
		TEST(a_sparse_giant_is_not_copied_whole),
		TEST(files_of_the_kernel_can_be_copied),
		TEST(a_tree_is_removed_and_no_link_is_followed),
		TEST(a_link_given_as_the_tree_goes_alone),
		TEST(removing_a_file_or_nothing_is_fine),
		TEST(directories_without_rights_are_removed_by_their_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

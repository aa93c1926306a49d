#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static void
every_operation_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = 1; a < SYS_NOPS; a++) {
		assert_non_null(sys_op_name((enum sys_op)a));
		for (int b = 1; b < a; b++)
			assert_string_not_equal(sys_op_name((enum sys_op)a),
			                        sys_op_name((enum sys_op)b));
	}
}

static void
a_rename_moves_a_name_to_another_directory(void **state)
{
	struct scratch *s = *state;
	autoclose int from = -1;
	autoclose int to = -1;

	scratch_mkdir(s->fd, "from");
	scratch_mkdir(s->fd, "to");
	scratch_write(s->fd, "from/a", "text");
	from = sys_opendir(s->fd, "from");
	to = sys_opendir(s->fd, "to");
	assert_int_equal(sys_rename(from, "a", to, "b"), 0);
	assert_false(scratch_has(s->fd, "from/a"));
	assert_true(scratch_has(s->fd, "to/b"));
	assert_int_equal(sys_rename(from, "a", to, "c"), -ENOENT);
}

static void
a_rename_never_replaces(void **state)
{
	struct scratch *s = *state;
	static const char *const taken[] = { "file", "link", "dir", "dangling",
		                             "fifo" };
	autofree char *before = NULL;
	autofree char *after = NULL;

	scratch_write(s->fd, "a", "mine");
	scratch_write(s->fd, "file", "theirs");
	assert_int_equal(sys_link(s->fd, "a", s->fd, "link"), 0);
	scratch_mkdir(s->fd, "dir");
	scratch_symlink(s->fd, "nowhere", "dangling");
	scratch_fifo(s->fd, "fifo");
	before = scratch_snapshot(s->fd, ".");
	for (size_t i = 0; i < countof(taken); i++)
		check_number(taken[i], sys_rename(s->fd, "a", s->fd, taken[i]),
		             -EEXIST);
	after = scratch_snapshot(s->fd, ".");
	assert_string_equal(after, before);
}

static void
a_directory_is_not_renamed_over_an_empty_one(void **state)
{
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "a");
	scratch_mkdir(s->fd, "b");
	assert_int_equal(sys_rename(s->fd, "a", s->fd, "b"), -EEXIST);
	assert_true(scratch_has(s->fd, "a"));
	assert_int_equal(sys_rename(s->fd, "a", s->fd, "c"), 0);
}

static void
a_link_never_replaces(void **state)
{
	struct scratch *s = *state;
	autofree char *text = NULL;

	scratch_write(s->fd, "a", "mine");
	scratch_write(s->fd, "b", "theirs");
	assert_int_equal(sys_link(s->fd, "a", s->fd, "b"), -EEXIST);
	text = scratch_read(s->fd, "b");
	assert_string_equal(text, "theirs");
}

static void
creating_refuses_what_is_there_even_a_dangling_link(void **state)
{
	struct scratch *s = *state;

	scratch_write(s->fd, "a", "text");
	scratch_symlink(s->fd, "target", "link");
	assert_int_equal(sys_create(s->fd, "a", 0600), -EEXIST);
	assert_int_equal(sys_create(s->fd, "link", 0600), -EEXIST);
	assert_false(scratch_has(s->fd, "target"));
}

static void
nothing_opens_through_a_symbolic_link(void **state)
{
	struct scratch *s = *state;

	scratch_write(s->fd, "a", "text");
	scratch_mkdir(s->fd, "d");
	scratch_symlink(s->fd, "a", "to-a");
	scratch_symlink(s->fd, "d", "to-d");
	assert_int_equal(sys_open(s->fd, "to-a", O_RDONLY), -ELOOP);
	assert_int_equal(sys_append(s->fd, "to-a", 0600), -ELOOP);
	assert_int_equal(sys_opendir(s->fd, "to-d"), -ENOTDIR);
}

static void
every_descriptor_is_closed_on_exec(void **state)
{
	struct scratch *s = *state;
	int fds[5];

	scratch_write(s->fd, "a", "text");
	fds[0] = sys_open(s->fd, "a", O_RDONLY);
	fds[1] = sys_opendir(s->fd, ".");
	fds[2] = sys_create(s->fd, "new", 0600);
	fds[3] = sys_append(s->fd, "log", 0600);
	fds[4] = sys_open_beneath(s->fd, "a", O_RDONLY);
	for (size_t i = 0; i < countof(fds); i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		(void)close(fds[i]);
	}
}

static void
beneath_means_no_link_no_way_up_and_no_other_tree(void **state)
{
	struct scratch *s = *state;
	static const struct {
		const char *path;
		int error; /* 0: it opens */
	} rows[] = {
		{ "in/file", 0 },
		{ "in/sub/file", 0 },
		{ "in", 0 },
		{ "in/../../outside", -EXDEV },
		{ "../outside", -EXDEV },
		{ "/dev/null", -EXDEV },
		{ "in/link", -ELOOP },
		{ "in/dirlink/file", -ELOOP },
		{ "in/nothing", -ENOENT },
		{ "in/file/x", -ENOTDIR },
		{ "in/magic/0", -ELOOP },
		{ "", -ENOENT },
	};
	autoclose int top = -1;

	scratch_mkdir(s->fd, "top");
	scratch_write(s->fd, "outside", "secret");
	top = sys_opendir(s->fd, "top");
	scratch_mkdir(top, "in");
	scratch_mkdir(top, "in/sub");
	scratch_write(top, "in/file", "text");
	scratch_write(top, "in/sub/file", "text");
	scratch_symlink(top, "../../outside", "in/link");
	scratch_symlink(top, "sub", "in/dirlink");
	scratch_symlink(top, "/proc/self/fd", "in/magic");
	for (size_t i = 0; i < countof(rows); i++) {
		autoclose int fd =
			sys_open_beneath(top, rows[i].path, O_RDONLY);

		check_number(rows[i].path, fd >= 0 ? 0 : fd, rows[i].error);
	}
}

static void
a_way_up_that_stays_inside_does_not_leave(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = -1;

	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "a", "text");
	fd = sys_open_beneath(s->fd, "d/../a", O_RDONLY);
	assert_true(fd >= 0);
}

static void
a_fifo_does_not_block_who_opens_it(void **state)
{
	struct scratch *s = *state;
	autostr text = STR_INIT;

	scratch_fifo(s->fd, "fifo");
	assert_int_equal(sys_read_file(s->fd, "fifo", 100, &text), 0);
	assert_int_equal(text.len, 0);
}

static void
a_path_descriptor_is_reopened_as_the_same_inode(void **state)
{
	struct scratch *s = *state;
	autoclose int path = -1;
	autoclose int fd = -1;
	char buf[8] = "";

	scratch_write(s->fd, "a", "first");
	path = sys_open_beneath(s->fd, "a", O_PATH);
	assert_true(path >= 0);
	scratch_rename(s->fd, "a", "b");
	scratch_write(s->fd, "a", "second");
	fd = sys_reopen(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), 5);
	assert_string_equal(buf, "first");
}

static void
there_or_not_there_does_not_follow_links(void **state)
{
	struct scratch *s = *state;
	struct stat st;

	scratch_symlink(s->fd, "nowhere", "link");
	scratch_write(s->fd, "a", "");
	assert_int_equal(sys_exists(s->fd, "a"), 1);
	assert_int_equal(sys_exists(s->fd, "link"), 1);
	assert_int_equal(sys_exists(s->fd, "b"), 0);
	assert_int_equal(sys_exists(s->fd, "a/b"), -ENOTDIR);
	assert_int_equal(sys_stat(s->fd, "link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(sys_stat(s->fd, "b", &st), -ENOENT);
}

static void
the_modification_time_can_be_set_alone(void **state)
{
	struct scratch *s = *state;
	autoclose int fd = sys_create(s->fd, "a", 0600);
	struct stat before, after;

	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(sys_set_mtime(fd, 1795235958123456789), 0);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_mtim.tv_sec, 1795235958);
	assert_int_equal(after.st_mtim.tv_nsec, 123456789);
	assert_int_equal(after.st_atim.tv_sec, before.st_atim.tv_sec);
	assert_int_equal(after.st_atim.tv_nsec, before.st_atim.tv_nsec);
}

static void
a_listing_leaves_out_the_dots_and_ends(void **state)
{
	struct scratch *s = *state;
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;

	scratch_write(s->fd, "a", "");
	scratch_write(s->fd, ".b", "");
	assert_int_equal(sys_listdir(s->fd, ".", &dir), 0);
	while (sys_next(dir, &de) > 0)
		n++;
	assert_int_equal(n, 2);
	assert_int_equal(sys_next(dir, &de), 0);
	assert_true(fcntl(s->fd, F_GETFD) >= 0);
}

static void
listing_what_is_no_directory_is_an_error(void **state)
{
	struct scratch *s = *state;
	DIR *dir = NULL;

	scratch_write(s->fd, "a", "");
	assert_int_equal(sys_listdir(s->fd, "a", &dir), -ENOTDIR);
	assert_int_equal(sys_listdir(s->fd, "b", &dir), -ENOENT);
	assert_null(dir);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_operation_has_a_name_of_its_own),
		TEST(a_rename_moves_a_name_to_another_directory),
		TEST(a_rename_never_replaces),
		TEST(a_directory_is_not_renamed_over_an_empty_one),
		TEST(a_link_never_replaces),
		TEST(creating_refuses_what_is_there_even_a_dangling_link),
		TEST(nothing_opens_through_a_symbolic_link),
		TEST(every_descriptor_is_closed_on_exec),
		TEST(beneath_means_no_link_no_way_up_and_no_other_tree),
		TEST(a_way_up_that_stays_inside_does_not_leave),
		TEST(a_fifo_does_not_block_who_opens_it),
		TEST(a_path_descriptor_is_reopened_as_the_same_inode),
		TEST(there_or_not_there_does_not_follow_links),
		TEST(the_modification_time_can_be_set_alone),
		TEST(a_listing_leaves_out_the_dots_and_ends),
		TEST(listing_what_is_no_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

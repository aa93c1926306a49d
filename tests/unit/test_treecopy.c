#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "spool/treecopy.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static void
make_tree(struct scratch *s)
{
	scratch_mkdir(s->fd, "from");
	scratch_mkdir(s->fd, "from/sub");
	scratch_mkdir(s->fd, "from/sub/empty");
	scratch_write(s->fd, "from/a", "0123456789");
	scratch_write(s->fd, "from/sub/b", "bb");
}

static ino_t
inode(struct scratch *s, const char *path)
{
	struct stat st;

	assert_int_equal(sys_stat(s->fd, path, &st), 0);
	return st.st_ino;
}

static void
a_linked_tree_shares_its_inodes(void **state)
{
	struct scratch *s = *state;

	make_tree(s);
	assert_int_equal(treecopy_link(s->fd, "from", s->fd, "to", NULL), 0);
	assert_int_equal(inode(s, "to/a"), inode(s, "from/a"));
	assert_int_equal(inode(s, "to/sub/b"), inode(s, "from/sub/b"));
	assert_true(scratch_has(s->fd, "to/sub/empty"));
	/* Again, after a crash: what is there is kept. */
	scratch_unlink(s->fd, "to/sub/b");
	assert_int_equal(treecopy_link(s->fd, "from", s->fd, "to", NULL), 0);
	assert_true(scratch_has(s->fd, "to/sub/b"));
}

static void
a_copied_tree_has_inodes_of_its_own(void **state)
{
	struct scratch *s = *state;
	autofree char *text = NULL;

	make_tree(s);
	assert_int_equal(treecopy_copy(s->fd, "from", s->fd, "to", 12, NULL),
	                 0);
	assert_true(inode(s, "to/a") != inode(s, "from/a"));
	text = scratch_read(s->fd, "to/a");
	assert_string_equal(text, "0123456789");
	assert_true(scratch_has(s->fd, "to/sub/empty"));
}

static void
a_copy_has_its_limit_over_all_files(void **state)
{
	struct scratch *s = *state;
	struct err err = { "" };

	make_tree(s);
	assert_int_equal(treecopy_copy(s->fd, "from", s->fd, "to", 11, &err),
	                 -EFBIG);
	check_contains("limit", err.text, "max_task_bytes");
}

static void
a_single_file_is_taken_too(void **state)
{
	struct scratch *s = *state;

	make_tree(s);
	assert_int_equal(treecopy_link(s->fd, "from/a", s->fd, "x", NULL), 0);
	assert_int_equal(inode(s, "x"), inode(s, "from/a"));
	assert_int_equal(treecopy_copy(s->fd, "from/a", s->fd, "y", 10, NULL),
	                 0);
	assert_true(inode(s, "y") != inode(s, "from/a"));
	assert_int_equal(treecopy_sync(s->fd, "y", NULL), 0);
	assert_int_equal(treecopy_sync(s->fd, "from", NULL), 0);
}

static void
nothing_but_files_and_directories_is_taken(void **state)
{
	struct scratch *s = *state;
	struct err err = { "" };

	make_tree(s);
	scratch_symlink(s->fd, "/dev/null", "from/sub/link");
	assert_int_equal(treecopy_link(s->fd, "from", s->fd, "to", &err),
	                 -EBADMSG);
	check_contains("link", err.text, "a symbolic link");
	assert_int_equal(treecopy_copy(s->fd, "from", s->fd, "to2", 99, NULL),
	                 -EBADMSG);
	assert_int_equal(treecopy_link(s->fd, "none", s->fd, "to3", NULL),
	                 -ENOENT);
	assert_int_equal(treecopy_sync(s->fd, "none", NULL), -ENOENT);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_linked_tree_shares_its_inodes),
		TEST(a_copied_tree_has_inodes_of_its_own),
		TEST(a_copy_has_its_limit_over_all_files),
		TEST(a_single_file_is_taken_too),
		TEST(nothing_but_files_and_directories_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/unfinished.h"
#include "tests/support/libfixture.h"

static int
open_in_work(struct fixture *f, const char *name)
{
	int fd = sys_append(f->desk->at[PLACE_WORK], name, 0644);

	assert_true(fd >= 0);
	return fd;
}

static void
make_work(struct fixture *f)
{
	static const char *const dirs[] = { "t", "t/out", "t/out/deep" };

	for (size_t i = 0; i < countof(dirs); i++)
		assert_int_equal(
			sys_mkdir(f->desk->at[PLACE_WORK], dirs[i], 0755), 0);
}

static void
finds(struct fixture *f, const char *want)
{
	autofree char *path = NULL;

	assert_int_equal(unfinished_find(f->desk, "t", &path), want != NULL);
	if (want)
		assert_string_equal(path, want);
}

static void
a_file_that_is_open_for_writing_is_found(void **state)
{
	static const char *const files[] = { "stdout", "out/a", "out/deep/b" };
	struct fixture *f = *state;

	make_work(f);
	finds(f, NULL);
	for (size_t i = 0; i < countof(files); i++) {
		autofree char *name = mem_printf("t/%s", files[i]);
		int fd = open_in_work(f, name);

		finds(f, files[i]);
		assert_int_equal(close(fd), 0);
		finds(f, NULL);
	}
}

static void
one_that_is_only_mapped_is_found(void **state)
{
	struct fixture *f = *state;
	int fd;
	void *p;

	make_work(f);
	fd = sys_create(f->desk->at[PLACE_WORK], "t/out/a", 0644);
	assert_true(fd >= 0);
	assert_int_equal(sys_write_all(fd, "x", 1), 0);
	p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(close(fd), 0);
	finds(f, "out/a");
	assert_int_equal(munmap(p, 1), 0);
	finds(f, NULL);
}

static void
readers_and_other_files_do_not_count(void **state)
{
	struct fixture *f = *state;
	autoclose int other = -1, reader = -1;

	make_work(f);
	other = open_in_work(f, "t/notes");
	assert_int_equal(close(open_in_work(f, "t/out/a")), 0);
	reader = sys_open(f->desk->at[PLACE_WORK], "t/out/a", O_RDONLY);
	assert_true(reader >= 0);
	assert_true(other >= 0);
	finds(f, NULL);
}

static void
what_is_not_there_or_odd_is_no_matter(void **state)
{
	struct fixture *f = *state;

	finds(f, NULL);
	make_work(f);
	assert_int_equal(
		symlinkat("/etc/passwd", f->desk->at[PLACE_WORK], "t/out/link"),
		0);
	finds(f, NULL);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_open_for_writing_is_found),
		TEST(one_that_is_only_mapped_is_found),
		TEST(readers_and_other_files_do_not_count),
		TEST(what_is_not_there_or_odd_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

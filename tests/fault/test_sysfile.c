/*
 * sys_write_file() and sys_remove_tree(), on which everything else rests; and
 * laying out a spool and a desk.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static void
prepare_old(struct fixture *f)
{
	scratch_write(f->scratch->fd, "file", "old");
}

static int
replace(struct fixture *f)
{
	return sys_write_file(f->scratch->fd, "file", "new", 3, true, true);
}

static void
check_replaced(struct fixture *f, const char *row, int result)
{
	autofree char *text = scratch_read(f->scratch->fd, "file");

	if (strcmp(text, "new") != 0)
		check_text(row, text, "old");
	if (result >= 0)
		check_text(row, text, "new");
}

static int
resume_replace(struct fixture *f, bool died)
{
	(void)died;
	return replace(f);
}

static void
after_replace(struct fixture *f, const char *row)
{
	autofree char *text = scratch_read(f->scratch->fd, "file");

	check_text(row, text, "new");
}

static void
a_file_is_old_or_new_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_old, replace,
		                             check_replaced, resume_replace,
		                             after_replace };

	(void)state;
	fault_run(&c);
}

static int
write_new(struct fixture *f)
{
	int r = sys_write_file(f->scratch->fd, "other", "new", 3, false, true);

	return r == -EEXIST ? 0 : r;
}

static void
check_new(struct fixture *f, const char *row, int result)
{
	bool there = scratch_has(f->scratch->fd, "other");
	autofree char *text = there ? scratch_read(f->scratch->fd, "other") :
	                              mem_dup("new");

	check_text(row, text, "new");
	if (result >= 0 && !there)
		fail_msg("%s: success was told", row);
}

static int
resume_new(struct fixture *f, bool died)
{
	(void)died;
	return write_new(f);
}

static void
after_new(struct fixture *f, const char *row)
{
	check_new(f, row, 0);
}

static void
a_new_file_is_whole_or_absent_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_old, write_new, check_new,
		                             resume_new, after_new };

	(void)state;
	fault_run(&c);
}

static void
prepare_tree(struct fixture *f)
{
	int top = f->scratch->fd;

	scratch_mkdir(top, "t");
	scratch_mkdir(top, "t/d");
	scratch_write(top, "t/d/a", "");
	scratch_write(top, "t/b", "");
	scratch_mkdir(top, "kept");
	scratch_write(top, "kept/file", "text");
	scratch_symlink(top, "../kept", "t/link");
}

static int
remove_tree(struct fixture *f)
{
	return sys_remove_tree(f->scratch->fd, "t");
}

static void
check_removed(struct fixture *f, const char *row, int result)
{
	autofree char *text = scratch_read(f->scratch->fd, "kept/file");

	check_text(row, text, "text");
	if (result >= 0 && scratch_has(f->scratch->fd, "t"))
		fail_msg("%s: success was told", row);
}

static int
resume_remove(struct fixture *f, bool died)
{
	(void)died;
	return remove_tree(f);
}

static void
after_remove(struct fixture *f, const char *row)
{
	check_removed(f, row, 0);
}

static void
a_tree_can_be_removed_after_any_failure(void **state)
{
	static const struct fault_case c = { prepare_tree, remove_tree,
		                             check_removed, resume_remove,
		                             after_remove };

	(void)state;
	fault_run(&c);
}

static void
prepare_none(struct fixture *f)
{
	scratch_mkdir(f->scratch->fd, "new");
}

static int
lay_out(struct fixture *f)
{
	autofree char *path = mem_printf("%s/new", f->scratch->path);
	struct spool *s = NULL;
	int r = spool_make(path, NULL);

	if (r == 0)
		r = spool_open(path, &s, NULL);
	if (r == 0)
		r = desk_make(s, "pm", NULL);
	spool_close(s);
	return r;
}

static void
check_layout(struct fixture *f, const char *row, int result)
{
	autofree char *path = mem_printf("%s/new", f->scratch->path);
	struct spool *s = NULL;
	struct desk *d = NULL;

	/* Half a layout is refused or mended, never mistaken for a whole. */
	if (result >= 0 && (spool_open(path, &s, NULL) < 0 ||
	                    desk_open(s, "pm", &d, NULL) < 0))
		fail_msg("%s: success was told", row);
	desk_close(d);
	spool_close(s);
}

static int
resume_layout(struct fixture *f, bool died)
{
	(void)died;
	return lay_out(f);
}

static void
after_layout(struct fixture *f, const char *row)
{
	check_layout(f, row, 0);
}

static void
a_layout_can_be_completed_after_any_failure(void **state)
{
	static const struct fault_case c = { prepare_none, lay_out,
		                             check_layout, resume_layout,
		                             after_layout };

	(void)state;
	fault_run(&c);
}

static void
a_file_is_synced_before_its_name_and_its_directory_after(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	autofree char *want = NULL;

	prepare_old(f);
	trace = fault_trace(f, replace);
	want = mem_printf("create:.file.tmp write:.file.tmp fsync:.file.tmp "
	                  "replace:file fsync:%s ",
	                  strrchr(f->scratch->path, '/') + 1);
	assert_string_equal(trace, want);
}

static void
a_desk_is_synced_in_its_parents(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	prepare_none(f);
	trace = fault_trace(f, lay_out);
	fault_in_order(trace, "mkdir:work ", "fsync:pm ");
	fault_in_order(trace, "mkdir:pm ", "fsync:agents ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_old_or_new_whatever_fails),
		cmocka_unit_test(a_new_file_is_whole_or_absent_whatever_fails),
		cmocka_unit_test(a_tree_can_be_removed_after_any_failure),
		cmocka_unit_test(a_layout_can_be_completed_after_any_failure),
		cmocka_unit_test_setup_teardown(
			a_file_is_synced_before_its_name_and_its_directory_after,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_desk_is_synced_in_its_parents,
		                                fixture_setup,
		                                fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

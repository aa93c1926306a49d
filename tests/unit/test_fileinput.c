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
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/fileinput.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define NOW    (1000 * CLOCK_NS_PER_S)
#define SETTLE CLOCK_NS_PER_S

static char *
input_in(const struct scratch *s, const char *name)
{
	return mem_printf("file:%s/%s", s->path, name);
}

static void
what_cannot_be_waited_for_is_refused_with_a_remedy(void **state)
{
	static const struct {
		const char *input, *why; /* NULL: it can */
	} rows[] = {
		{ "file:/data/x.csv", NULL },
		{ "file:/x", NULL },
		{ "file:/data/*.csv", NULL },
		{ "file:/data/a[0-9]?", NULL },
		{ "file:/data/with blank/x y", NULL },
		{ "file:x.csv", "write file:/FOLDER/NAME" },
		{ "file:", "write file:/FOLDER/NAME" },
		{ "file:./x", "is not an absolute path" },
		{ "file:~/x", "is not an absolute path" },
		{ "file:/", "names a folder" },
		{ "file:/data/", "names a folder" },
		{ "file:/data/..", "names a folder" },
		{ "file:/data/*/x.csv", "has a pattern for a folder" },
		{ "file:/data/**/x", "has a pattern for a folder" },
		{ "file:/data/\xff", "cannot be a path" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err err = { "" };

		assert_true(fileinput_is(rows[i].input));
		check_number(rows[i].input,
		             fileinput_check(rows[i].input, &err),
		             rows[i].why ? -EBADMSG : 0);
		check_contains(rows[i].input, err.text,
		               rows[i].why ? rows[i].why : "");
	}
	assert_false(fileinput_is("pm/a/file:x"));
	assert_false(fileinput_is("/data/x"));
}

static void
its_parts_are_known(void **state)
{
	static const struct {
		const char *input, *folder, *name;
		bool pattern;
	} rows[] = {
		{ "file:/data/x.csv", "/data", "x.csv", false },
		{ "file:/x", "/", "x", false },
		{ "file:/a/b/*", "/a/b", "*", true },
		{ "file:/a/\\*", "/a", "\\*", true },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *folder = fileinput_folder(rows[i].input);

		check_text(rows[i].input, folder, rows[i].folder);
		check_text(rows[i].input, fileinput_name(rows[i].input),
		           rows[i].name);
		check_number(rows[i].input, fileinput_is_pattern(rows[i].input),
		             rows[i].pattern);
	}
}

static void
a_pattern_takes_no_private_names(void **state)
{
	static const struct {
		const char *input, *name;
		bool matches;
	} rows[] = {
		{ "file:/d/*", "x", true },
		{ "file:/d/*", ".x", false },
		{ "file:/d/*", "x.part", false },
		{ "file:/d/*.csv", "x.csv", true },
		{ "file:/d/*.csv", "x.csv.tmp", false },
		{ "file:/d/?", "ab", false },
		{ "file:/d/[ab]", "b", true },
		{ "file:/d/\\*", "*", true },
		{ "file:/d/\\*", "x", false },
		/* By its name: whoever waits for that, means it. */
		{ "file:/d/x.part", "x.part", true },
		{ "file:/d/.x", ".x", true },
		{ "file:/d/x", "y", false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(rows[i].input,
		             fileinput_matches(rows[i].input, rows[i].name),
		             rows[i].matches);
}

static void
a_file_is_there_when_nobody_writes_to_it(void **state)
{
	struct scratch *s = *state;
	autofree char *input = input_in(s, "x");
	struct settle settle = { 0 };
	autostr why = STR_INIT;
	int fd;

	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 0);
	check_contains("absent", str_text(&why), "there is no such file");
	assert_int_equal(settle.recheck_ns, 0);
	fd = sys_create(s->fd, "x", 0644);
	assert_int_equal(sys_write_all(fd, "half", 4), 0);
	str_clear(&why);
	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 0);
	check_contains("writer", str_text(&why), "is being written to");
	assert_true(settle.recheck_ns > NOW);
	close(fd);
	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 1);
}

static void
an_empty_file_is_there_when_it_has_been_quiet(void **state)
{
	struct scratch *s = *state;
	autofree char *input = input_in(s, "x");
	struct settle settle = { 0 };
	autostr why = STR_INIT;

	scratch_write(s->fd, "x", "");
	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 0);
	assert_int_equal(settle.recheck_ns, NOW + SETTLE);
	assert_int_equal(
		fileinput_look(input, &settle, NOW + SETTLE, SETTLE, &why), 1);
}

static void
only_a_regular_file_counts(void **state)
{
	struct scratch *s = *state;
	static const char *const names[] = { "dir", "fifo", "nowhere", "loop" };
	struct settle settle = { 0 };
	autofree char *link = input_in(s, "link");
	autostr why = STR_INIT;

	scratch_mkdir(s->fd, "dir");
	scratch_fifo(s->fd, "fifo");
	scratch_symlink(s->fd, "absent", "nowhere");
	scratch_symlink(s->fd, "loop", "loop");
	for (size_t i = 0; i < countof(names); i++) {
		autofree char *input = input_in(s, names[i]);

		check_number(names[i],
		             fileinput_look(input, &settle, NOW, SETTLE, &why),
		             0);
	}
	/* What a link leads to does. */
	scratch_write(s->fd, "file", "x");
	scratch_symlink(s->fd, "file", "link");
	assert_int_equal(fileinput_look(link, &settle, NOW, SETTLE, &why), 1);
}

static void
a_pattern_is_there_with_the_first_whole_file(void **state)
{
	struct scratch *s = *state;
	autofree char *input = input_in(s, "*.csv");
	struct settle settle = { 0 };
	autostr why = STR_INIT;
	struct err err = { "" };
	autofree char *copied = NULL;
	autoclose int to = -1;
	int fd;

	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 0);
	check_contains("none", str_text(&why), "no file matches");
	fd = sys_create(s->fd, "half.csv", 0644);
	assert_int_equal(sys_write_all(fd, "half", 4), 0);
	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 0);
	scratch_write(s->fd, "whole.csv", "whole");
	assert_int_equal(fileinput_look(input, &settle, NOW, SETTLE, &why), 1);
	/* And what is not whole is not copied either. */
	scratch_mkdir(s->fd, "to");
	to = sys_opendir(s->fd, "to");
	if (fileinput_copy(input, to, &err) < 0)
		fail_msg("%s", err.text);
	copied = scratch_list(s->fd, "to");
	assert_string_equal(copied, "whole.csv");
	close(fd);
}

static void
what_is_not_there_cannot_be_copied(void **state)
{
	static const char *const names[] = { "x", "*", "no/x" };
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "to");
	for (size_t i = 0; i < countof(names); i++) {
		autofree char *input = input_in(s, names[i]);
		autoclose int to = sys_opendir(s->fd, "to");
		struct err err = { "" };

		check_number(names[i], fileinput_copy(input, to, &err),
		             -ENOENT);
		check_contains(names[i], err.text, "cannot fetch input 'file:");
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_cannot_be_waited_for_is_refused_with_a_remedy),
		cmocka_unit_test(its_parts_are_known),
		cmocka_unit_test(a_pattern_takes_no_private_names),
		TEST(a_file_is_there_when_nobody_writes_to_it),
		TEST(an_empty_file_is_there_when_it_has_been_quiet),
		TEST(only_a_regular_file_counts),
		TEST(a_pattern_is_there_with_the_first_whole_file),
		TEST(what_is_not_there_cannot_be_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

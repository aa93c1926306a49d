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
#include "base/str.h"
#include "base/sys.h"
#include "cli/source.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define NO_LIMIT INT64_MAX

/* "ID|BODY" of a task. */
static char *
content(const struct task *t)
{
	autoclose int fd = source_body(t, NULL);
	autostr out = STR_INIT;

	assert_true(fd >= 0);
	str_addf(&out, "%s|", t->id ? t->id : "");
	assert_int_equal(sys_read_all(fd, 1 << 20, &out), 0);
	return str_take(&out);
}

static char *
read_source(const struct source *s)
{
	autotask t = TASK_INIT;
	struct err err = { "" };

	if (source_read(s, &t, &err) < 0)
		return mem_dup(err.text);
	return content(&t);
}

/* The same of a file of this name and text; the complaint if it has none. */
static char *
read_file(const struct scratch *dir, const char *name, const char *text)
{
	autofree char *path = mem_printf("%s/%s", dir->path, name);
	struct err err = { "" };
	struct source s;
	char *got;
	int r;

	scratch_write(dir->fd, name, text);
	r = source_open(&s, path, NO_LIMIT, &err);
	got = r < 0 ? mem_dup(err.text) : read_source(&s);
	source_close(&s);
	return got;
}

static void
the_name_of_a_file_says_what_it_is(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{ "a.md", "---\nid: x\n---\nbody\n", "x|body\n" },
		{ "a.markdown", "---\nid: x\n---\n", "x|" },
		{ "a.md", "no header", "|no header" },
		{ "a.md", "", "|" },
		{ "a.txt", "---\nid: x\n---\nbody\n",
		  "|---\nid: x\n---\nbody\n" },
		{ "a", "---\n", "|---\n" },
		{ "a.task.json", "{\"id\":\"x\",\"body\":\"b\\nc\"}",
		  "x|b\nc" },
		{ "a.task.json", "{\"id\":\"x\"}", "x|" },
		{ "a.task.json", "{\"body\":null}", "|" },
		{ "a.json", "{\"id\":\"x\"}", "|{\"id\":\"x\"}" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *got =
			read_file(*state, rows[i].name, rows[i].text);

		check_text(rows[i].text, got, rows[i].want);
	}
}

static void
a_fault_is_told_with_file_line_and_column(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} rows[] = {
		{ "a.md", "---\nid: x\nprioriti: high\n---\n", "/a.md:3:1: " },
		{ "a.md", "---\nid: x\n", "/a.md:1:1: " },
		{ "a.md", "---\nid: [\n---\n", "/a.md:" },
		{ "a.task.json", "{\"body\":[1]}", "body must be a string" },
		{ "a.task.json", "{\"boddy\":\"x\"}", "did you mean 'body'" },
		{ "a.task.json", "{", "/a.task.json" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *got =
			read_file(*state, rows[i].name, rows[i].text);

		check_contains(rows[i].text, got, rows[i].said);
	}
}

static void
a_source_can_be_read_again(void **state)
{
	const struct scratch *dir = *state;
	autofree char *path = mem_printf("%s/a.md", dir->path);
	struct source file, text;

	scratch_write(dir->fd, "a.md", "---\nid: x\n---\nbody");
	assert_int_equal(source_open(&file, path, NO_LIMIT, NULL), 0);
	assert_int_equal(source_open_text(&text, "---\nbody", NULL), 0);
	for (int i = 0; i < 2; i++) {
		autofree char *first = read_source(&file);
		autofree char *second = read_source(&text);

		assert_string_equal(first, "x|body");
		assert_string_equal(second, "|---\nbody");
	}
	source_close(&file);
	source_close(&text);
}

/* Make `text` standard input, through a pipe, and open that. */
static int
open_piped(struct source *s, const char *text, int64_t max)
{
	autoclose int saved = dup(STDIN_FILENO);
	int pipe_fds[2];
	int r;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(sys_write_all(pipe_fds[1], text, strlen(text)), 0);
	(void)close(pipe_fds[1]);
	assert_true(dup2(pipe_fds[0], STDIN_FILENO) >= 0);
	(void)close(pipe_fds[0]);
	r = source_open(s, "-", max, NULL);
	assert_true(dup2(saved, STDIN_FILENO) >= 0);
	return r;
}

static void
standard_input_is_all_body(void **state)
{
	autofree char *got = NULL;
	autofree char *stem = NULL;
	struct source s;

	(void)state;
	assert_int_equal(open_piped(&s, "---\nid: x\n---\nbody", 100), 0);
	got = read_source(&s);
	stem = source_stem(&s);
	assert_string_equal(got, "|---\nid: x\n---\nbody");
	assert_string_equal(stem, "task");
	source_close(&s);
}

static void
what_is_too_large_is_refused(void **state)
{
	const struct scratch *dir = *state;
	autofree char *path = mem_printf("%s/a", dir->path);
	struct source s;

	scratch_write(dir->fd, "a", "12345");
	assert_int_equal(source_open(&s, path, 4, NULL), -EFBIG);
	assert_int_equal(source_open(&s, path, 5, NULL), 0);
	source_close(&s);
	assert_int_equal(open_piped(&s, "12345", 4), -EFBIG);
	source_close(&s);
	assert_int_equal(open_piped(&s, "12345", 5), 0);
	source_close(&s);
}

static void
what_is_no_file_is_refused(void **state)
{
	const struct scratch *dir = *state;
	autofree char *none = mem_printf("%s/none", dir->path);
	struct source s;

	assert_int_equal(source_open(&s, none, 5, NULL), -EBADMSG);
	assert_int_equal(source_open(&s, dir->path, 5, NULL), -EISDIR);
}

static void
an_id_is_made_from_the_name_of_the_file(void **state)
{
	static const struct {
		const char *path, *stem;
	} rows[] = {
		{ "brief.md", "brief" },
		{ "docs/brief.v2.md", "brief.v2" },
		{ "/x/a b.task.json", "a-b" },
		{ "README", "README" },
		{ "x/.profile", "profile" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct source s = { rows[i].path, -1 };
		autofree char *stem = source_stem(&s);

		check_text(rows[i].path, stem, rows[i].stem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_of_a_file_says_what_it_is),
		cmocka_unit_test(a_fault_is_told_with_file_line_and_column),
		cmocka_unit_test(a_source_can_be_read_again),
		cmocka_unit_test(standard_input_is_all_body),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(an_id_is_made_from_the_name_of_the_file),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

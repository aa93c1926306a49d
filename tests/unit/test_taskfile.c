/*
 * Tasks as files and directories: task_open(), task_digest() and taskdir.h.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/task.h"
#include "spool/taskdir.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

/* The body of an open task. */
static char *
body_of(const struct task *t)
{
	autostr text = STR_INIT;
	char *room;
	ssize_t n;

	if (t->json_body)
		return mem_dup(t->json_body);
	room = str_reserve(&text, 4096);
	n = pread(t->fd, room, 4096, t->body_at);
	assert_true(n >= 0);
	return mem_dupn(room, (size_t)n);
}

static void
a_file_is_read_as_markdown_whatever_its_name(void **state)
{
	static const char *const names[] = { "a.md", "a", "a.txt",
		                             "5.000000000001.0.a" };
	struct scratch *s = *state;

	for (size_t i = 0; i < countof(names); i++) {
		autotask t = TASK_INIT;
		autofree char *body = NULL;

		scratch_write(s->fd, names[i], "---\nid: x\n---\nDo it.\n");
		assert_int_equal(task_open(s->fd, names[i], &t, NULL), 0);
		assert_string_equal(t.id, "x");
		assert_false(t.directory);
		assert_null(t.file);
		assert_int_equal(t.size, strlen("---\nid: x\n---\nDo it.\n"));
		body = body_of(&t);
		check_text(names[i], body, "Do it.\n");
	}
}

static void
any_bytes_may_be_a_body(void **state)
{
	struct scratch *s = *state;
	autotask t = TASK_INIT;
	autotask behind = TASK_INIT;

	scratch_write_bytes(s->fd, "a",
	                    "\x7f"
	                    "ELF\0\0\xff\xfe",
	                    8);
	assert_int_equal(task_open(s->fd, "a", &t, NULL), 0);
	assert_int_equal(t.body_at, 0);
	assert_int_equal(t.size, 8);
	scratch_write_bytes(s->fd, "b", "---\n---\n\0\xff", 10);
	assert_int_equal(task_open(s->fd, "b", &behind, NULL), 0);
	assert_int_equal(behind.body_at, 8);
}

static void
an_empty_file_is_a_task_without_a_body(void **state)
{
	struct scratch *s = *state;
	autotask t = TASK_INIT;
	autofree char *body = NULL;

	scratch_write(s->fd, "a.md", "");
	assert_int_equal(task_open(s->fd, "a.md", &t, NULL), 0);
	body = body_of(&t);
	assert_string_equal(body, "");
}

static void
a_json_task_has_the_same_keys_and_a_body(void **state)
{
	struct scratch *s = *state;
	autotask t = TASK_INIT;
	struct err err = { "" };

	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "d/x.task.json",
	              "{\"id\": \"x\", \"priority\": \"low\",\n"
	              " \"after\": [\"pm/a\"], \"retries\": 2,\n"
	              " \"timeout\": \"5s\", \"body\": \"Do \\u00e4.\\n\"}");
	if (task_open(s->fd, "d", &t, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(t.id, "x");
	assert_int_equal(task_class_of(&t), CLASS_LOW);
	assert_string_equal(t.after[0], "pm/a");
	assert_int_equal(t.retries, 2);
	assert_int_equal(t.timeout_ms, 5000);
	assert_string_equal(t.json_body, "Do \xc3\xa4.\n");
	assert_string_equal(t.file, "x.task.json");
	assert_true(t.directory);
}

static void
a_json_body_may_be_left_out_or_null(void **state)
{
	static const char *const rows[] = { "{}", "{\"body\":null}",
		                            "{\"body\":\"\"}" };
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "d");
	for (size_t i = 0; i < countof(rows); i++) {
		autotask t = TASK_INIT;

		scratch_write(s->fd, "d/x.task.json", rows[i]);
		assert_int_equal(task_open(s->fd, "d", &t, NULL), 0);
		check_text(rows[i], t.json_body, "");
	}
}

static void
a_json_mistake_is_told(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "{", "x.task.json:1:" },
		{ "{\"id\":\"a\",}", "x.task.json:1:" },
		{ "[]", "x.task.json: a map" },
		{ "{\n \"prioriti\": \"low\"}", "did you mean 'priority'?" },
		{ "{\"body\": 3.5, \"id\": [1]}", "id" },
		{ "{\"body\": [\"a\"]}", "body must be a string" },
		{ "{\"body\": {}}", "body must be a string" },
		{ "{\"id\":\"a\",\"id\":\"b\"}", "'id' stands twice" },
		{ "{\"id\":\"a\"} x", "x.task.json:1:" },
		{ "{\"after\":[\"x\"]}", "'x' is not a ref" },
	};
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "d");
	for (size_t i = 0; i < countof(rows); i++) {
		autotask t = TASK_INIT;
		struct err err = { "" };

		scratch_write(s->fd, "d/x.task.json", rows[i].text);
		check_number(rows[i].text, task_open(s->fd, "d", &t, &err),
		             -EBADMSG);
		check_contains(rows[i].text, err.text, rows[i].message);
		assert_int_equal(t.fd, -1);
	}
}

static void
which_file_of_a_directory_is_the_task(void **state)
{
	static const struct {
		const char *row;
		const char *files[5];
		const char *task; /* NULL: refused */
	} rows[] = {
		{ "task.md wins",
		  { "a.md", "task.md", "x.task.json" },
		  "task.md" },
		{ "the only JSON",
		  { "a.txt", "x.task.json", "b.md" },
		  "x.task.json" },
		{ "the only Markdown", { "a.txt", "b.md", "c.csv" }, "b.md" },
		{ "the only file", { "data.csv" }, "data.csv" },
		{ "nothing", { NULL }, NULL },
		{ "two of Markdown", { "a.md", "b.md" }, NULL },
		{ "two of JSON", { "a.task.json", "b.task.json" }, NULL },
		{ "two of neither", { "a.txt", "b.txt" }, NULL },
		{ "only a directory", { "task.md/" }, NULL },
		{ "a directory and a file", { "sub/", "a.txt" }, "a.txt" },
	};
	struct scratch *s = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *dir = mem_printf("d%zu", i);
		autotask t = TASK_INIT;
		struct err err = { "" };
		int r;

		scratch_mkdir(s->fd, dir);
		for (int k = 0; rows[i].files[k]; k++) {
			autofree char *path =
				mem_printf("%s/%s", dir, rows[i].files[k]);

			if (str_ends(path, "/"))
				scratch_mkdir(s->fd, path);
			else
				scratch_write(s->fd, path, "{}");
		}
		r = task_open(s->fd, dir, &t, &err);
		check_number(rows[i].row, r, rows[i].task ? 0 : -EBADMSG);
		if (r == 0)
			check_text(rows[i].row, t.file, rows[i].task);
		else
			check_contains(rows[i].row, err.text, "'task.md'");
	}
}

static void
a_plain_file_that_begins_with_a_rule_is_all_body(void **state)
{
	struct scratch *s = *state;
	autotask t = TASK_INIT;
	autofree char *body = NULL;

	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "d/notes.txt", "---\nnot: yaml: at all\n");
	assert_int_equal(task_open(s->fd, "d", &t, NULL), 0);
	body = body_of(&t);
	assert_string_equal(body, "---\nnot: yaml: at all\n");
}

/* Make something that is no file; false if that cannot be had here. */
static bool
make_special(int dfd, const char *kind, const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	autoclose int fd = -1;

	if (strcmp(kind, "a symbolic link") == 0)
		scratch_symlink(dfd, "/dev/null", name);
	else if (strcmp(kind, "a FIFO") == 0)
		scratch_fifo(dfd, name);
	else if (strcmp(kind, "a device") == 0)
		return mknodat(dfd, name, S_IFCHR | 0600, 0x0103) == 0;
	else {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		(void)snprintf(sa.sun_path, sizeof(sa.sun_path),
		               "/proc/self/fd/%d/%s", dfd, name);
		assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)),
		                 0);
	}
	return true;
}

static const char *const specials[] = { "a symbolic link", "a FIFO", "a device",
	                                "a socket" };

static void
what_is_no_file_is_no_task_and_blocks_nobody(void **state)
{
	struct scratch *s = *state;

	for (size_t i = 0; i < countof(specials); i++) {
		autotask t = TASK_INIT;
		struct err err = { "" };

		if (!make_special(s->fd, specials[i], "x"))
			continue;
		assert_true(task_open(s->fd, "x", &t, &err) < 0);
		check_contains(specials[i], err.text, "'x'");
		assert_int_equal(t.fd, -1);
		scratch_unlink(s->fd, "x");
	}
}

static int
count_files(void *arg, int parent, const char *name, const char *path,
            int directory)
{
	(void)parent;
	(void)name;
	str_addf(arg, "%s%s ", path, directory ? "/" : "");
	return 0;
}

static void
nothing_else_may_stand_in_a_directory(void **state)
{
	struct scratch *s = *state;

	scratch_mkdir(s->fd, "d");
	scratch_mkdir(s->fd, "d/sub");
	scratch_write(s->fd, "d/task.md", "");
	for (size_t i = 0; i < countof(specials); i++) {
		autostr seen = STR_INIT;
		struct err err = { "" };

		if (!make_special(s->fd, specials[i], "d/sub/x"))
			continue;
		check_number(specials[i],
		             taskdir_walk(s->fd, "d", count_files, &seen, &err),
		             -EBADMSG);
		check_contains(specials[i], err.text, specials[i]);
		check_contains(specials[i], err.text, "'sub/x'");
		scratch_unlink(s->fd, "d/sub/x");
	}
}

static void
a_walk_is_sorted_and_names_directories_first(void **state)
{
	struct scratch *s = *state;
	autostr seen = STR_INIT;

	scratch_mkdir(s->fd, "d");
	scratch_mkdir(s->fd, "d/b");
	scratch_mkdir(s->fd, "d/b/c");
	scratch_write(s->fd, "d/z", "");
	scratch_write(s->fd, "d/a", "");
	scratch_write(s->fd, "d/b/c/x", "");
	scratch_write(s->fd, "d/b/.hidden", "");
	assert_int_equal(taskdir_walk(s->fd, "d", count_files, &seen, NULL), 0);
	assert_string_equal(str_text(&seen), "a b/ b/.hidden b/c/ b/c/x z ");
}

static void
a_walk_has_limits(void **state)
{
	struct scratch *s = *state;
	autostr path = STR_INIT, seen = STR_INIT;
	struct err err = { "" };

	str_adds(&path, "d");
	for (int depth = 0; depth <= TASKDIR_DEPTH_MAX + 1; depth++) {
		scratch_mkdir(s->fd, str_text(&path));
		str_adds(&path, "/d");
	}
	assert_int_equal(taskdir_walk(s->fd, "d", count_files, &seen, &err),
	                 -EBADMSG);
	check_contains("deep", err.text, "16 levels");
	scratch_mkdir(s->fd, "many");
	scratch_write(s->fd, "many/0", "");
	for (int i = 1; i <= TASKDIR_FILES_MAX; i++) {
		autofree char *name = mem_printf("many/%d", i);

		assert_int_equal(linkat(s->fd, "many/0", s->fd, name, 0), 0);
	}
	assert_int_equal(taskdir_walk(s->fd, "many", count_files, &seen, &err),
	                 -EBADMSG);
	check_contains("many", err.text, "more than 10000 files");
}

static void
a_name_that_can_stand_nowhere_else_is_refused_in_a_directory(void **state)
{
	static const char *const names[] = { "a\nb", "a\033b", "a\x7f",
		                             "\xff\xfe" };
	struct scratch *s = *state;

	for (size_t i = 0; i < countof(names); i++) {
		autofree char *dir = mem_printf("d%zu", i);
		autofree char *path = mem_printf("%s/%s", dir, names[i]);
		autostr seen = STR_INIT;
		struct err err = { "" };

		scratch_mkdir(s->fd, dir);
		scratch_write(s->fd, path, "");
		check_number(names[i],
		             taskdir_walk(s->fd, dir, count_files, &seen, &err),
		             -EBADMSG);
		assert_null(strpbrk(err.text, "\n\033\x7f\xff"));
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_as_markdown_whatever_its_name),
		TEST(any_bytes_may_be_a_body),
		TEST(an_empty_file_is_a_task_without_a_body),
		TEST(a_json_task_has_the_same_keys_and_a_body),
		TEST(a_json_body_may_be_left_out_or_null),
		TEST(a_json_mistake_is_told),
		TEST(which_file_of_a_directory_is_the_task),
		TEST(a_plain_file_that_begins_with_a_rule_is_all_body),
		TEST(what_is_no_file_is_no_task_and_blocks_nobody),
		TEST(nothing_else_may_stand_in_a_directory),
		TEST(a_walk_is_sorted_and_names_directories_first),
		TEST(a_walk_has_limits),
		TEST(a_name_that_can_stand_nowhere_else_is_refused_in_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

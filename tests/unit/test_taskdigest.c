#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/task.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static void
digest(struct scratch *s, const char *name, char *hex)
{
	autotask t = TASK_INIT;
	struct err err = { "" };

	if (task_open(s->fd, name, &t, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(task_digest(s->fd, name, &t, hex), 0);
	assert_int_equal(strlen(hex), 64);
}

static const char reference[] = "---\nid: a\ntitle: t\n---\nDo it.\n";

static void
who_asks_and_how_it_is_traced_does_not_matter(void **state)
{
	static const char *const same[] = {
		"---\nid: other\ntitle: t\n---\nDo it.\n",
		"---\ntitle: t\n---\nDo it.\n",
		"---\ntitle: 't'\nuser: anna\ndevice: phone\n---\nDo it.\n",
		"---\ntitle: t\ntrace: 00-1-2-3\n---\nDo it.\n",
		"---\n# a comment\ntitle: \"t\"\n\n---\nDo it.\n",
		"---\r\ntitle: t\r\n---\r\nDo it.\n",
	};
	struct scratch *s = *state;
	char want[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];

	scratch_write(s->fd, "a", reference);
	digest(s, "a", want);
	for (size_t i = 0; i < countof(same); i++) {
		scratch_write(s->fd, "b", same[i]);
		digest(s, "b", got);
		check_text(same[i], got, want);
	}
}

static void
what_is_asked_for_does_matter(void **state)
{
	static const char *const other[] = {
		"---\ntitle: u\n---\nDo it.\n",
		"---\ntitle: t\n---\nDo it",
		"---\ntitle: t\n---\n",
		"---\ntitle: t\nafter: a/b\n---\nDo it.\n",
		"---\ntitle: t\ninputs: a/b/c\n---\nDo it.\n",
		"---\ntitle: t\ntimeout: 1s\n---\nDo it.\n",
		"---\ntitle: t\ntimeout: 0\n---\nDo it.\n",
		"---\ntitle: t\nretries: 0\n---\nDo it.\n",
		"---\ntitle: t\noutputs: x\n---\nDo it.\n",
		"---\ntitle: t\nlabels: {a: b}\n---\nDo it.\n",
		"---\ntitle: t\non_dependency_failure: block\n---\nDo it.\n",
		"title: t\nDo it.\n",
	};
	struct scratch *s = *state;
	char seen[countof(other) + 1][DIGEST_TEXT_MAX];

	scratch_write(s->fd, "a", reference);
	digest(s, "a", seen[countof(other)]);
	for (size_t i = 0; i < countof(other); i++) {
		scratch_write(s->fd, "b", other[i]);
		digest(s, "b", seen[i]);
	}
	for (size_t i = 0; i <= countof(other); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
}

/* Two lists must not be taken for one that is split elsewhere. */
static void
the_borders_between_values_matter(void **state)
{
	static const char *const other[] = {
		"---\noutputs: [a, b]\n---\n",
		"---\noutputs: ['a, b']\n---\n",
		"---\noutputs: [a]\nlabels: {b: ''}\n---\n",
		"---\ntitle: \"x\\ny\"\n---\n",
		"---\ntitle: 'x'\n---\ny\n",
	};
	struct scratch *s = *state;
	char seen[countof(other)][DIGEST_TEXT_MAX];

	for (size_t i = 0; i < countof(other); i++) {
		scratch_write(s->fd, "b", other[i]);
		digest(s, "b", seen[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
}

static void
attachments_belong_to_what_is_asked_for(void **state)
{
	struct scratch *s = *state;
	char first[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];

	scratch_mkdir(s->fd, "d");
	scratch_mkdir(s->fd, "d/sub");
	scratch_write(s->fd, "d/task.md", reference);
	scratch_write(s->fd, "d/sub/data", "1");
	digest(s, "d", first);
	digest(s, "d", got);
	assert_string_equal(got, first);
	scratch_write(s->fd, "d/sub/data", "2");
	digest(s, "d", got);
	assert_string_not_equal(got, first);
	scratch_write(s->fd, "d/sub/data", "1");
	scratch_rename(s->fd, "d/sub/data", "d/sub/datum");
	digest(s, "d", got);
	assert_string_not_equal(got, first);
	scratch_rename(s->fd, "d/sub/datum", "d/sub/data");
	digest(s, "d", got);
	assert_string_equal(got, first);
}

static void
a_directory_of_one_file_is_that_file(void **state)
{
	struct scratch *s = *state;
	char file[DIGEST_TEXT_MAX], dir[DIGEST_TEXT_MAX];

	scratch_write(s->fd, "a.md", reference);
	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "d/task.md", reference);
	digest(s, "a.md", file);
	digest(s, "d", dir);
	assert_string_equal(dir, file);
}

static void
a_json_task_is_equal_to_its_markdown(void **state)
{
	struct scratch *s = *state;
	char md[DIGEST_TEXT_MAX], json[DIGEST_TEXT_MAX];

	scratch_write(s->fd, "a.md", reference);
	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "d/a.task.json",
	              "{\"title\":\"t\",\"body\":\"Do it.\\n\"}");
	digest(s, "a.md", md);
	digest(s, "d", json);
	assert_string_equal(json, md);
}

static void
a_link_among_the_attachments_is_an_error(void **state)
{
	struct scratch *s = *state;
	autotask t = TASK_INIT;
	char hex[DIGEST_TEXT_MAX];

	scratch_mkdir(s->fd, "d");
	scratch_write(s->fd, "d/task.md", reference);
	scratch_symlink(s->fd, "/dev/null", "d/x");
	assert_int_equal(task_open(s->fd, "d", &t, NULL), 0);
	assert_int_equal(task_digest(s->fd, "d", &t, hex), -EBADMSG);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_asks_and_how_it_is_traced_does_not_matter),
		TEST(what_is_asked_for_does_matter),
		TEST(the_borders_between_values_matter),
		TEST(attachments_belong_to_what_is_asked_for),
		TEST(a_directory_of_one_file_is_that_file),
		TEST(a_json_task_is_equal_to_its_markdown),
		TEST(a_link_among_the_attachments_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

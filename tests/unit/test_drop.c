#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/drop.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define PLENTY (1 << 30)

/* A descriptor of a file with this content, from its beginning. */
static int
body(struct fixture *f, const char *text)
{
	int fd;

	scratch_write(f->scratch->fd, "body", text);
	fd = sys_open(f->scratch->fd, "body", O_RDONLY);
	assert_true(fd >= 0);
	return fd;
}

static int
drop_one(struct fixture *f, const char *id, const char *text, int64_t max,
         struct err *err)
{
	autotask t = TASK_INIT;
	autoclose int fd = body(f, text);
	struct drop_batch b;
	int r;

	task_default(&t);
	t.id = mem_dup(id);
	drop_begin(&b, f->desk);
	r = drop_add(&b, &t, fd, max, err);
	return r < 0 ? r : drop_commit(&b, err);
}

static void
a_dropped_task_is_what_was_given(void **state)
{
	struct fixture *f = *state;
	autotask t = TASK_INIT;
	autotask back = TASK_INIT;
	autoclose int fd = body(f, "skipped, Do it.\n");
	struct drop_batch b;
	autofree char *name = NULL;
	char text[32] = "";

	task_default(&t);
	t.id = mem_dup("brief");
	t.title = mem_dup("a: \"b\"");
	t.retries = 4;
	assert_int_equal(lseek(fd, strlen("skipped, "), SEEK_SET), 9);
	drop_begin(&b, f->desk);
	assert_int_equal(drop_add(&b, &t, fd, PLENTY, NULL), 0);
	assert_int_equal(drop_commit(&b, NULL), 0);
	name = scratch_list(f->desk->at[PLACE_INBOX], ".");
	assert_int_equal(task_open(f->desk->at[PLACE_INBOX], name, &back, NULL),
	                 0);
	assert_string_equal(back.id, "brief");
	assert_string_equal(back.title, "a: \"b\"");
	assert_int_equal(back.retries, 4);
	assert_true(pread(back.fd, text, sizeof(text) - 1, back.body_at) > 0);
	assert_string_equal(text, "Do it.\n");
}

static void
the_name_of_a_drop_tells_its_id(void **state)
{
	static const char *const ids[] = { "a", "a.b", "a-1_x.task.json" };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(ids); i++) {
		autofree char *name = NULL;
		autofree char *id = NULL;
		struct found found;

		assert_int_equal(drop_one(f, ids[i], "", PLENTY, NULL), 0);
		name = scratch_list(f->desk->at[PLACE_INBOX], ".");
		id = find_drop_id(name);
		assert_string_equal(id, ids[i]);
		assert_int_equal(find_task(f->desk, ids[i], &found), 0);
		assert_int_equal(found.place, PLACE_INBOX);
		assert_true(strlen(name) <= INBOX_NAME_MAX);
		scratch_unlink(f->desk->at[PLACE_INBOX], name);
	}
}

static void
drops_of_a_process_sort_in_their_order(void **state)
{
	struct fixture *f = *state;
	autofree char *names = NULL;
	char *save = NULL;
	int i = 0;

	for (i = 0; i < 20; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "t%d", i);
		assert_int_equal(drop_one(f, id, "", PLENTY, NULL), 0);
	}
	names = scratch_list(f->desk->at[PLACE_INBOX], ".");
	i = 0;
	for (char *n = strtok_r(names, " ", &save); n;
	     n = strtok_r(NULL, " ", &save)) {
		autofree char *id = find_drop_id(n);
		char want[16];

		(void)snprintf(want, sizeof(want), "t%d", i++);
		assert_string_equal(id, want);
	}
	assert_int_equal(i, 20);
}

static void
the_size_has_a_limit_header_included(void **state)
{
	struct fixture *f = *state;
	/* "---\nid: a\n---\n" and ten more. */
	const int64_t exact = 14 + 10;
	struct err err = { "" };
	autofree char *places = NULL;

	assert_int_equal(drop_one(f, "a", "0123456789", exact - 1, &err),
	                 -EFBIG);
	assert_int_equal(drop_one(f, "a", "0123456789", 3, &err), -EFBIG);
	check_contains("where", err.text, "agents/pm/inbox");
	places = fixture_places(f);
	assert_string_equal(places, "");
	assert_int_equal(drop_one(f, "a", "0123456789", exact, NULL), 0);
}

static void
a_body_from_a_pipe_is_refused_whole(void **state)
{
	struct fixture *f = *state;
	autotask t = TASK_INIT;
	struct drop_batch b;
	autofree char *places = NULL;
	int fds[2];

	task_default(&t);
	t.id = mem_dup("a");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)close(fds[1]);
	drop_begin(&b, f->desk);
	assert_true(drop_add(&b, &t, fds[0], PLENTY, NULL) < 0);
	(void)close(fds[0]);
	places = fixture_places(f);
	assert_string_equal(places, "");
}

static void
a_new_id_is_a_name_nobody_has(void **state)
{
	static const char *const stems[] = {
		"brief",
		"",
		"...",
		"a b",
		("a-very-long-stem-that-goes-on-and-on-and-on-and-on-and-on-"
		 "and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-"
		 "and-on-and-on"),
	};

	(void)state;
	for (size_t i = 0; i < countof(stems); i++) {
		autofree char *one =
			drop_new_id(stems[i], 1795235958123456789, 0);
		autofree char *two =
			drop_new_id(stems[i], 1795235958123456789, 1);
		autofree char *later =
			drop_new_id(stems[i], 1795235958123457789, 0);

		assert_true(name_ok(one));
		assert_true(name_ok(two));
		assert_string_not_equal(one, two);
		assert_string_not_equal(one, later);
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dropped_task_is_what_was_given),
		TEST(the_name_of_a_drop_tells_its_id),
		TEST(drops_of_a_process_sort_in_their_order),
		TEST(the_size_has_a_limit_header_included),
		TEST(a_body_from_a_pipe_is_refused_whole),
		TEST(a_new_id_is_a_name_nobody_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "spool/seal.h"
#include "spool/task.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define MAX_BYTES 100000

static int
seal(struct fixture *f, const char *name, char *sealed, struct err *err)
{
	(void)snprintf(sealed, INBOX_CLAIMED_MAX, "%s", name);
	return seal_claimed(f->desk, sealed, MAX_BYTES, err);
}

static void
a_form_that_its_name_tells_keeps_that_name(void **state)
{
	static const struct {
		const char *dropped, *text;
		bool wrapped;
	} rows[] = {
		{ "a.md", "---\nid: a\n---\n", false },
		{ "a.markdown", "text", false },
		{ "a.txt", "text", false },
		{ "a", "", false },
		{ "a.task.json", "{}", true },
		{ "a.txt", "---\nnot a header\n", true },
		{ "a", "\xef\xbb\xbf---\n", true },
		{ "a.txt", "----", true },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		autofree char *claimed =
			mem_printf("000000000001,%s", rows[i].dropped);
		autofree char *path =
			mem_printf("%s/%s", claimed, rows[i].dropped);
		char sealed[INBOX_CLAIMED_MAX];
		autofree char *private = NULL;
		autotask t = TASK_INIT;

		fixture_put(f, PLACE_ADMIT, claimed, rows[i].text);
		check_number(rows[i].dropped, seal(f, claimed, sealed, NULL),
		             0);
		check_text(rows[i].dropped, sealed, claimed);
		check_number(rows[i].dropped, fixture_has(f, PLACE_ADMIT, path),
		             rows[i].wrapped);
		/* As an entry it is read as it was meant. */
		assert_int_equal(
			task_open(f->desk->at[PLACE_ADMIT], claimed, &t, NULL),
			0);
		assert_int_equal(t.directory, rows[i].wrapped);
		private = fixture_private(f);
		assert_string_equal(private, "");
		fixture_free(f);
	}
}

static void
a_shared_directory_is_copied_whole(void **state)
{
	struct fixture *f = *state;
	int admit = f->desk->at[PLACE_ADMIT];
	char sealed[INBOX_CLAIMED_MAX];
	autofree char *want = mem_printf("000000000001.%u,d", getuid());
	autofree char *shown = mem_printf("admit/%s ", want);
	autofree char *path = mem_printf("%s/sub/data", want);
	autofree char *places = NULL;
	autofree char *text = NULL;

	scratch_mkdir(admit, "000000000001,d");
	scratch_mkdir(admit, "000000000001,d/sub");
	scratch_write(admit, "000000000001,d/task.md", "text");
	scratch_write(admit, "000000000001,d/sub/data", "data");
	assert_int_equal(sys_link(admit, "000000000001,d/sub/data",
	                          f->scratch->fd, "mine"),
	                 0);
	assert_int_equal(seal(f, "000000000001,d", sealed, NULL), 0);
	assert_string_equal(sealed, want);
	scratch_write(f->scratch->fd, "mine", "changed");
	text = scratch_read(admit, path);
	assert_string_equal(text, "data");
	places = fixture_places(f);
	assert_string_equal(places, shown);
}

static void
what_may_not_stand_in_a_task_is_refused(void **state)
{
	static const struct {
		const char *row, *make, *why;
	} rows[] = {
		{ "a link", "link", "a symbolic link" },
		{ "a pipe", "fifo", "a FIFO" },
		{ "a name", "name", "cannot be the name" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		int admit = f->desk->at[PLACE_ADMIT];
		char sealed[INBOX_CLAIMED_MAX];
		struct err err = { "" };

		scratch_mkdir(admit, "000000000001,d");
		scratch_write(admit, "000000000001,d/task.md", "text");
		if (strcmp(rows[i].make, "link") == 0)
			scratch_symlink(admit, "/dev/null", "000000000001,d/x");
		else if (strcmp(rows[i].make, "fifo") == 0)
			scratch_fifo(admit, "000000000001,d/x");
		else
			scratch_write(admit, "000000000001,d/x\ny", "");
		check_number(rows[i].row,
		             seal(f, "000000000001,d", sealed, &err), -EBADMSG);
		check_contains(rows[i].row, err.text, rows[i].why);
		fixture_free(f);
	}
}

/* What was admitted must fit into its result beside what it brings forth. */
static void
a_task_may_have_half_of_what_a_result_may(void **state)
{
	struct fixture *f = *state;
	int admit = f->desk->at[PLACE_ADMIT];
	char sealed[INBOX_CLAIMED_MAX];
	struct err err = { "" };
	autostr path = STR_INIT;

	scratch_mkdir(admit, "000000000001,d");
	for (int i = 0; i < 5000; i++) {
		autofree char *name = mem_printf("000000000001,d/%d", i);

		scratch_write(admit, name, "");
	}
	assert_int_equal(seal(f, "000000000001,d", sealed, NULL), 0);
	scratch_write(admit, "000000000001,d/one-more", "");
	assert_int_equal(seal(f, "000000000001,d", sealed, &err), -EBADMSG);
	check_contains("many", err.text, "more than 5000 files");
	str_adds(&path, "000000000002,d");
	for (int depth = 0; depth < 16; depth++) {
		scratch_mkdir(admit, str_text(&path));
		str_adds(&path, "/d");
	}
	assert_int_equal(seal(f, "000000000002,d", sealed, NULL), 0);
	scratch_mkdir(admit, str_text(&path));
	assert_int_equal(seal(f, "000000000002,d", sealed, &err), -EBADMSG);
	check_contains("deep", err.text, "too deep");
}

static void
a_wrapping_that_was_begun_is_finished_or_undone(void **state)
{
	struct fixture *f = *state;
	int admit = f->desk->at[PLACE_ADMIT];
	autofree char *places = NULL;

	/* Only made, and filled already. */
	fixture_put(f, PLACE_ADMIT, "000000000001,a.task.json", "{}");
	scratch_mkdir(admit, ".000000000001,a.task.json");
	scratch_mkdir(admit, ".000000000002,b.task.json");
	scratch_write(admit, ".000000000002,b.task.json/b.task.json", "{}");
	assert_int_equal(seal_recover(f->desk, NULL), 0);
	places = fixture_places(f);
	assert_string_equal(places, "admit/000000000001,a.task.json "
	                            "admit/000000000002,b.task.json ");
	assert_true(scratch_has(admit, "000000000002,b.task.json/b.task.json"));
}

static void
a_copy_that_was_begun_is_finished_or_undone(void **state)
{
	struct fixture *f = *state;
	int admit = f->desk->at[PLACE_ADMIT];
	autofree char *places = NULL;

	/* One half made, and one whole whose original is still there. */
	fixture_put(f, PLACE_ADMIT, "000000000001,a.md", "text");
	scratch_mkdir(admit, ".copy");
	scratch_write(admit, ".copy/half", "te");
	fixture_put(f, PLACE_ADMIT, "000000000002,b.md", "text");
	fixture_put(f, PLACE_ADMIT, "000000000002.1000,b.md", "text");
	assert_int_equal(seal_recover(f->desk, NULL), 0);
	places = fixture_places(f);
	assert_string_equal(places, "admit/000000000001,a.md "
	                            "admit/000000000002.1000,b.md ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_that_its_name_tells_keeps_that_name),
		TEST(a_shared_directory_is_copied_whole),
		cmocka_unit_test(what_may_not_stand_in_a_task_is_refused),
		TEST(a_task_may_have_half_of_what_a_result_may),
		TEST(a_wrapping_that_was_begun_is_finished_or_undone),
		TEST(a_copy_that_was_begun_is_finished_or_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

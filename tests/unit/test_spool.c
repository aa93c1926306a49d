#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/spool.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static void
a_spool_is_laid_out_once_and_opens(void **state)
{
	struct scratch *s = *state;
	autospool *spool = NULL;
	autofree char *names = NULL;
	autofree char *before = NULL;
	autofree char *after = NULL;

	assert_int_equal(spool_make(s->path, NULL), 0);
	names = scratch_list(s->fd, ".");
	assert_string_equal(names, "agents format gm");
	before = scratch_snapshot(s->fd, ".");
	assert_int_equal(spool_make(s->path, NULL), 0);
	after = scratch_snapshot(s->fd, ".");
	assert_string_equal(after, before);
	assert_int_equal(spool_open(s->path, &spool, NULL), 0);
	assert_true(spool->durable);
	assert_int_equal(spool->root[0], '/');
}

static void
what_is_no_spool_is_refused_with_a_remedy(void **state)
{
	struct scratch *s = *state;
	struct spool *spool = NULL;
	autofree char *nowhere = mem_printf("%s/nowhere", s->path);
	struct err err = { "" };

	assert_int_equal(spool_open(s->path, &spool, &err), -ENOENT);
	check_contains("remedy", err.text, "spoolhand init");
	assert_int_equal(spool_open(nowhere, &spool, &err), -ENOENT);
	check_contains("path", err.text, nowhere);
	assert_int_equal(spool_make(nowhere, &err), -ENOENT);
	assert_null(spool);
}

static void
any_other_format_is_refused_and_left_alone(void **state)
{
	static const char *const rows[] = { "",
		                            "spoolhand 2\n",
		                            "spoolhand 1",
		                            "spoolhand 1\nmore\n",
		                            "spoolhand 10\n",
		                            "something else\n" };
	struct scratch *s = *state;

	assert_int_equal(spool_make(s->path, NULL), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		struct spool *spool = NULL;
		struct err err = { "" };
		autofree char *text = NULL;

		scratch_write(s->fd, "format", rows[i]);
		check_number(rows[i], spool_open(s->path, &spool, &err),
		             -EBADMSG);
		check_contains(rows[i], err.text, "format");
		assert_int_equal(spool_make(s->path, NULL), 0);
		text = scratch_read(s->fd, "format");
		check_text(rows[i], text, rows[i]);
	}
}

static void
a_tree_moved_under_us_is_still_ours(void **state)
{
	struct scratch *s = *state;
	autofree char *here = mem_printf("%s/here", s->path);
	autospool *spool = NULL;

	scratch_mkdir(s->fd, "here");
	assert_int_equal(spool_make(here, NULL), 0);
	assert_int_equal(spool_open(here, &spool, NULL), 0);
	scratch_rename(s->fd, "here", "there");
	assert_int_equal(sys_exists(spool->fd, "format"), 1);
	assert_int_equal(sys_mkdir(spool->agents_fd, "x", 0755), 0);
	assert_true(scratch_has(s->fd, "there/agents/x"));
}

static void
a_weakness_is_told_in_a_sentence_or_not_at_all(void **state)
{
	struct scratch *s = *state;
	autospool *spool = NULL;
	autostr why = STR_INIT;
	int r;

	assert_int_equal(spool_make(s->path, NULL), 0);
	assert_int_equal(spool_open(s->path, &spool, NULL), 0);
	r = spool_weakness(spool, &why);
	assert_int_equal(r, why.len > 0);
	assert_in_range(spool_needs_polling(spool), 0, 1);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_spool_is_laid_out_once_and_opens),
		TEST(what_is_no_spool_is_refused_with_a_remedy),
		TEST(any_other_format_is_refused_and_left_alone),
		TEST(a_tree_moved_under_us_is_still_ours),
		TEST(a_weakness_is_told_in_a_sentence_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

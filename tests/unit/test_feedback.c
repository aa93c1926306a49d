#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "spool/feedback.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
words_are_kept_as_they_can_be_handed_on(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, from;
		const char *want;
	} rows[] = {
		{ "", 0, 0, "" },
		{ "too long\n", 9, 0, "too long" },
		{ "worker\ntoo long\n\n \n", 18, 7, "too long" },
		{ "one\n two\tx\n", 11, 0, "one\n two\tx" },
		{ "a\0b", 3, 0, "a b" },
		{ "\xff"
		  "a\xc3\xa4",
		  4, 0,
		  "\xef\xbf\xbd"
		  "a\xc3\xa4" },
		{ "short", 5, 99, "" },
	};
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];

	scratch_mkdir(work, "t");
	for (size_t i = 0; i < countof(rows); i++) {
		autostr words = STR_INIT, again = STR_INIT;

		scratch_write_bytes(work, "t/stderr", rows[i].bytes, rows[i].n);
		check_number(rows[i].want,
		             feedback_keep(f->desk, "t", (off_t)rows[i].from,
		                           &words),
		             0);
		check_text(rows[i].want, str_text(&words), rows[i].want);
		assert_int_equal(feedback_read(f->desk, "t", &again), 0);
		check_text(rows[i].want, str_text(&again), rows[i].want);
	}
}

static void
of_many_words_the_last_are_kept(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	autostr text = STR_INIT, words = STR_INIT;

	scratch_mkdir(work, "t");
	for (int i = 0; i < 30000; i++)
		str_adds(&text, "\xe2\x82\xac"); /* three bytes */
	str_adds(&text, "the end");
	scratch_write(work, "t/stderr", str_text(&text));
	assert_int_equal(feedback_keep(f->desk, "t", 0, &words), 0);
	assert_true(words.len <= FEEDBACK_MAX);
	assert_true(words.len > FEEDBACK_MAX - 4);
	assert_true(str_starts(str_text(&words), "\xe2\x82\xac"));
	assert_true(str_ends(str_text(&words), "the end"));
	assert_true(utf8_valid(str_text(&words), words.len));
}

static void
without_any_there_are_none(void **state)
{
	struct fixture *f = *state;
	autostr words = STR_INIT;

	assert_int_equal(feedback_read(f->desk, "t", &words), 0);
	assert_int_equal(words.len, 0);
	assert_int_equal(feedback_keep(f->desk, "t", 0, &words), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			words_are_kept_as_they_can_be_handed_on, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(of_many_words_the_last_are_kept,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(without_any_there_are_none,
		                                fixture_setup,
		                                fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

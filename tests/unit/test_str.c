#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/libcheck.h"

static void
an_unused_string_reads_as_the_empty_text(void **state)
{
	struct str s = STR_INIT;
	autofree char *taken = NULL;

	(void)state;
	assert_string_equal(str_text(&s), "");
	str_clear(&s);
	assert_string_equal(str_text(&s), "");
	taken = str_take(&s);
	assert_string_equal(taken, "");
	str_done(&s);
}

static void
what_is_added_stands_in_order_and_is_terminated(void **state)
{
	autostr s = STR_INIT;

	(void)state;
	str_adds(&s, "one");
	str_addc(&s, ' ');
	str_add(&s, "two-and-more", 3);
	str_addf(&s, " %d%s", 3, "!");
	assert_string_equal(str_text(&s), "one two 3!");
	assert_int_equal(s.len, strlen("one two 3!"));
	assert_int_equal(s.data[s.len], '\0');
}

static void
a_string_grows_over_many_adds_and_holds_nul_bytes(void **state)
{
	autostr s = STR_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_addc(&s, (char)(i % 256));
	assert_int_equal(s.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)s.data[i], i % 256);
	str_add(&s, NULL, 0);
	assert_int_equal(s.len, 100000);
}

static void
reserving_changes_neither_length_nor_content(void **state)
{
	autostr s = STR_INIT;
	char *room;

	(void)state;
	str_adds(&s, "keep");
	room = str_reserve(&s, 5000);
	assert_ptr_equal(room, s.data + 4);
	assert_true(s.cap >= 5005);
	assert_string_equal(str_text(&s), "keep");
}

static void
a_taken_string_is_the_callers_and_the_rest_is_empty(void **state)
{
	struct str s = STR_INIT;
	autofree char *taken = NULL;

	(void)state;
	str_adds(&s, "mine");
	taken = str_take(&s);
	assert_string_equal(taken, "mine");
	assert_null(s.data);
	assert_int_equal(s.len, 0);
	str_adds(&s, "again");
	assert_string_equal(str_text(&s), "again");
	str_done(&s);
}

static void
clearing_keeps_the_memory(void **state)
{
	autostr s = STR_INIT;
	size_t cap;

	(void)state;
	str_adds(&s, "some text");
	cap = s.cap;
	str_clear(&s);
	assert_int_equal(s.len, 0);
	assert_string_equal(str_text(&s), "");
	assert_int_equal(s.cap, cap);
}

static void
every_byte_is_escaped_to_printable_ascii_alone(void **state)
{
	autostr all = STR_INIT;

	(void)state;
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;

		str_add_escaped(&all, &byte, 1);
	}
	for (size_t i = 0; i < all.len; i++)
		assert_in_range(all.data[i], 0x20, 0x7e);
}

static void
escapes_are_those_of_c(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want;
	} rows[] = {
		{ "plain", 5, "plain" },
		{ "a b", 3, "a b" },
		{ "a\\b", 3, "a\\\\b" },
		{ "a\nb\tc", 5, "a\\nb\\tc" },
		{ "\033[31m", 5, "\\x1b[31m" },
		{ "\xc3\xa4", 2, "\\xc3\\xa4" },
		{ "\x7f", 1, "\\x7f" },
		{ "a\0b", 3, "a\\x00b" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr out = STR_INIT;

		str_add_escaped(&out, rows[i].text, rows[i].n);
		check_text(rows[i].want, str_text(&out), rows[i].want);
	}
}

static void
beginnings_and_endings_are_told(void **state)
{
	static const struct {
		const char *s, *part;
		bool starts, ends;
	} rows[] = {
		{ "task.md", "task", true, false },
		{ "task.md", ".md", false, true },
		{ "task", "task", true, true },
		{ "task", "", true, true },
		{ "", "", true, true },
		{ "", "x", false, false },
		{ "md", ".md", false, false },
		{ "abab", "ab", true, true },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		check_number(rows[i].s, str_starts(rows[i].s, rows[i].part),
		             rows[i].starts);
		check_number(rows[i].s, str_ends(rows[i].s, rows[i].part),
		             rows[i].ends);
	}
}

static void
the_nearest_word_is_suggested_and_a_far_one_is_not(void **state)
{
	static const char *const words[] = { "priority", "after", "inputs",
		                             "timeout",  "id",    "retries" };
	static const struct {
		const char *word, *want;
	} rows[] = {
		{ "prioriti", "priority" }, { "prority", "priority" },
		{ "aftr", "after" },        { "input", "inputs" },
		{ "Timeout", "timeout" },   { "ie", "id" },
		{ "retry", NULL },          { "xx", NULL },
		{ "completely", NULL },     { "after", "after" },
		{ "tries", NULL },          { "retires", "retries" },
		{ "atfer", "after" },       { "di", "id" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const char *got =
			str_nearest(rows[i].word, words, countof(words));

		check_text(rows[i].word, got ? got : "(none)",
		           rows[i].want ? rows[i].want : "(none)");
	}
}

static void
a_word_of_any_length_may_be_asked_for(void **state)
{
	autofree char *huge = mem_new(1, 100001);
	const char *words[] = { huge, "aaa" };

	(void)state;
	memset(huge, 'a', 100000);
	assert_null(str_nearest(huge, words, countof(words)));
	assert_string_equal(str_nearest("aa", words, countof(words)), "aaa");
	huge[64] = '\0';
	assert_ptr_equal(str_nearest(huge, words, countof(words)), huge);
	assert_null(str_nearest("word", words, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unused_string_reads_as_the_empty_text),
		cmocka_unit_test(
			what_is_added_stands_in_order_and_is_terminated),
		cmocka_unit_test(
			a_string_grows_over_many_adds_and_holds_nul_bytes),
		cmocka_unit_test(reserving_changes_neither_length_nor_content),
		cmocka_unit_test(
			a_taken_string_is_the_callers_and_the_rest_is_empty),
		cmocka_unit_test(clearing_keeps_the_memory),
		cmocka_unit_test(
			every_byte_is_escaped_to_printable_ascii_alone),
		cmocka_unit_test(escapes_are_those_of_c),
		cmocka_unit_test(beginnings_and_endings_are_told),
		cmocka_unit_test(
			the_nearest_word_is_suggested_and_a_far_one_is_not),
		cmocka_unit_test(a_word_of_any_length_may_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

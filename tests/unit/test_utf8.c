#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "tests/support/libcheck.h"

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *row, *text;
	size_t bad;         /* offset of the first bad byte; the length: none */
	const char *mended; /* NULL: the text itself */
} rows[] = {
	{ "nothing", "", 0, NULL },
	{ "ASCII", "hello", 5, NULL },
	{ "two bytes", "\xc3\xa4", 2, NULL },
	{ "three bytes", "\xe2\x82\xac", 3, NULL },
	{ "four bytes", "\xf0\x9f\x98\x80", 4, NULL },
	{ "the last code point", "\xf4\x8f\xbf\xbf", 4, NULL },
	{ "beyond the last", "\xf4\x90\x80\x80", 0, FFFD FFFD FFFD FFFD },
	{ "before the surrogates", "\xed\x9f\xbf", 3, NULL },
	{ "the first surrogate", "\xed\xa0\x80", 0, FFFD FFFD FFFD },
	{ "the last surrogate", "\xed\xbf\xbf", 0, FFFD FFFD FFFD },
	{ "after the surrogates", "\xee\x80\x80", 3, NULL },
	{ "overlong in two", "\xc0\xaf", 0, FFFD FFFD },
	{ "overlong in two, high", "\xc1\xbf", 0, FFFD FFFD },
	{ "overlong in three", "\xe0\x9f\xbf", 0, FFFD FFFD FFFD },
	{ "the least in three", "\xe0\xa0\x80", 3, NULL },
	{ "overlong in four", "\xf0\x8f\xbf\xbf", 0, FFFD FFFD FFFD FFFD },
	{ "the least in four", "\xf0\x90\x80\x80", 4, NULL },
	{ "a lone continuation", "a\x80z", 1, "a" FFFD "z" },
	{ "a cut sequence", "ab\xe2\x82", 2, "ab" FFFD FFFD },
	{ "a broken sequence", "\xe2\x82z", 0, FFFD FFFD "z" },
	{ "five bytes", "\xf8\x88\x80\x80\x80", 0, FFFD FFFD FFFD FFFD FFFD },
	{ "fe and ff", "\xfe\xff", 0, FFFD FFFD },
};

static void
the_first_bad_byte_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t n = strlen(rows[i].text);

		check_number(rows[i].row,
		             (int64_t)utf8_first_bad(rows[i].text, n),
		             (int64_t)rows[i].bad);
		check_number(rows[i].row, utf8_valid(rows[i].text, n),
		             rows[i].bad == n);
	}
}

static void
bad_bytes_are_mended_one_for_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *got =
			utf8_mend(rows[i].text, strlen(rows[i].text));

		check_text(rows[i].row, got,
		           rows[i].mended ? rows[i].mended : rows[i].text);
		assert_true(utf8_valid(got, strlen(got)));
	}
}

static void
nothing_beyond_the_length_is_read(void **state)
{
	(void)state;
	/* The rest of the sequence is there, but not ours. */
	assert_int_equal(utf8_first_bad("\xe2\x82\xac", 2), 0);
	assert_int_equal(utf8_first_bad("a\xc3\xa4", 2), 1);
	assert_true(utf8_valid("\xff", 0));
}

static void
a_nul_byte_is_valid_text(void **state)
{
	(void)state;
	assert_true(utf8_valid("a\0b", 3));
}

static void
width_counts_code_points(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} widths[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "\xc3\xa4\xe2\x82\xac", 2 },
		{ "a\xf0\x9f\x98\x80z", 3 },
	};

	(void)state;
	for (size_t i = 0; i < countof(widths); i++)
		check_number(widths[i].text,
		             (int64_t)utf8_width(widths[i].text),
		             (int64_t)widths[i].width);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_bad_byte_is_found),
		cmocka_unit_test(bad_bytes_are_mended_one_for_one),
		cmocka_unit_test(nothing_beyond_the_length_is_read),
		cmocka_unit_test(a_nul_byte_is_valid_text),
		cmocka_unit_test(width_counts_code_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

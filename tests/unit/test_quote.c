#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/node.h"
#include "base/quote.h"
#include "base/str.h"
#include "tests/support/libcheck.h"

static void
words_paths_and_options_stand_without_quotes(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "wc", "wc" },
		{ "-w", "-w" },
		{ "--fast", "--fast" },
		{ "/bin/sh", "/bin/sh" },
		{ "./a.sh", "./a.sh" },
		{ "a=b+c", "a=b+c" },
		{ "10", "10" },
		{ "_", "_" },
		{ "", "\"\"" },
		{ "-", "\"-\"" },
		{ "--", "\"--\"" },
		{ "---", "\"---\"" },
		{ "...", "\"...\"" },
		{ "....", "...." },
		{ "---a", "\"---a\"" },
		{ "~", "\"~\"" },
		{ "null", "\"null\"" },
		{ "No", "\"No\"" },
		{ "north", "north" },
		{ "a b", "\"a b\"" },
		{ "a: b", "\"a: b\"" },
		{ "a,b", "\"a,b\"" },
		{ "#a", "\"#a\"" },
		{ "*.md", "\"*.md\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\tc", "\"a\\nb\\tc\"" },
		{ "\033\x7f", "\"\\u001b\\u007f\"" },
		{ "\xc3\xa4", "\"\xc3\xa4\"" },
		{ "\xc2\x85", "\"\\u0085\"" },
		{ "\xe2\x80\xa8", "\"\\u2028\"" },
		{ "\xef\xbb\xbf", "\"\\ufeff\"" },
		{ "\xff", "\"\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr got = STR_INIT;

		quote_add(&got, rows[i].text);
		check_text(rows[i].text, str_text(&got), rows[i].want);
	}
}

/* UTF-8 of a code point; `buf` holds five bytes. */
static void
encode(unsigned c, char *buf)
{
	memset(buf, 0, 5);
	if (c < 0x80) {
		buf[0] = (char)c;
	} else if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		buf[0] = (char)(0xe0 | c >> 12);
		buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (c & 0x3f));
	} else {
		buf[0] = (char)(0xf0 | c >> 18);
		buf[1] = (char)(0x80 | (c >> 12 & 0x3f));
		buf[2] = (char)(0x80 | (c >> 6 & 0x3f));
		buf[3] = (char)(0x80 | (c & 0x3f));
	}
}

static void
check_read_back(const char *text, const char *before, const char *after)
{
	autostr yaml = STR_INIT;
	struct err err = { "" };
	autonode *n = NULL;
	const struct node *value;

	str_adds(&yaml, before);
	quote_add(&yaml, text);
	str_adds(&yaml, after);
	n = node_parse_yaml(str_text(&yaml), yaml.len, "f", 1, &err);
	if (!n) {
		fail_msg("%s: %s", str_text(&yaml), err.text);
		return;
	}
	value = n->first;
	assert_false(node_is_null(value));
	check_text(str_text(&yaml), value->text, text);
}

static void
every_character_is_read_back_in_every_place(void **state)
{
	static const unsigned last = 0x10ffff;

	(void)state;
	for (unsigned c = 1; c <= last; c += c < 0x3000 ? 1 : 0x101) {
		char one[5];
		autostr text = STR_INIT;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		encode(c, one);
		check_read_back(one, "a: ", "\n");
		str_addf(&text, "x%sy", one);
		check_read_back(str_text(&text), "a: ", "\n");
		check_read_back(str_text(&text), "[", ", b]");
		check_read_back(str_text(&text), "{a: ", "}");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_paths_and_options_stand_without_quotes),
		cmocka_unit_test(every_character_is_read_back_in_every_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

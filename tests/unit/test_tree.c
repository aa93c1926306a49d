#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/node.h"
#include "base/str.h"
#include "tests/support/libcheck.h"
#include "tests/support/libnode.h"

static void
bytes_that_are_no_text_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} rows[] = {
		{ "a: \xff", 4,
		  "f:1:4: the byte 0xff is not UTF-8; save the file as UTF-8" },
		{ "\n\xc3\xa4\xc3", 4,
		  "f:2:2: the byte 0xc3 is not UTF-8; save the file as UTF-8" },
		{ "a: \xed\xa0\x80", 6,
		  "f:1:4: the byte 0xed is not UTF-8; save the file as UTF-8" },
		{ "\xff\xfe[\0", 4, "f:1:1: this is UTF-16; save it as UTF-8" },
		{ "\xfe\xff\0[", 4, "f:1:1: this is UTF-16; save it as UTF-8" },
		{ "a\0b", 3,
		  "f:1:2: a control byte, 0x00, may not stand here; remove it" },
		{ "a: \033[m", 6,
		  "f:1:4: a control byte, 0x1b, may not stand here; remove it" },
		{ "\xef\xbb\xbf\r\n\rx\x7f", 8,
		  "f:3:2: a control byte, 0x7f, may not stand here; remove it" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		libnode_refused(true, rows[i].text, rows[i].len, rows[i].want);
		libnode_refused(false, rows[i].text, rows[i].len, rows[i].want);
	}
}

/* `n` times `text`, with something before and after. */
static void
check_limit(bool yaml, const char *before, const char *text, size_t n,
            const char *after, const char *want)
{
	autostr all = STR_INIT;
	struct err err = { "" };
	autonode *root = NULL;

	str_adds(&all, before);
	for (size_t i = 0; i < n; i++)
		str_adds(&all, text);
	str_adds(&all, after);
	root = libnode_parse(yaml, str_text(&all), all.len, &err);
	check_text(text, err.text, want);
	check_number(text, root != NULL, !want[0]);
}

static void
there_is_an_end_to_what_is_read(void **state)
{
	static const char deep[] = "this is nested more than 32 levels deep";
	static const char many[] = "there are more than 20000 values";
	autostr text = STR_INIT;

	(void)state;
	for (int yaml = 0; yaml < 2; yaml++) {
		str_clear(&text);
		str_addf(&text, "f:1:33: %s", deep);
		check_limit(yaml, "", "[", 32,
		            "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "");
		check_limit(yaml, "", "[", 33, "", str_text(&text));
		check_limit(yaml, "", "[", 1 << 20, "", str_text(&text));
		check_limit(yaml, "", "[", (1 << 20) + 1, "",
		            "f: the text is larger than 1 MiB");
		check_limit(yaml, "[", "1,", 19998, "1]", "");
		check_limit(yaml, "{\"a\": \"", "b", (1 << 20) - 8, "\"}",
		            "f: the text is larger than 1 MiB");
		check_limit(yaml, "{\"a\": \"", "b", (1 << 20) - 9, "\"}", "");
	}
	str_clear(&text);
	str_addf(&text, "f:1:40000: %s", many);
	check_limit(true, "[", "1,", 19999, "1]", str_text(&text));
	str_clear(&text);
	str_addf(&text, "f: %s", many);
	check_limit(false, "[", "1,", 19999, "1]", str_text(&text));
	str_clear(&text);
	str_addf(&text, "f:1:40001: %s", many);
	check_limit(false, "[", "1,", 20000, "1]", str_text(&text));
	check_limit(true, "", "- ", 32, "x", "");
	check_limit(true, "", "- ", 33, "x",
	            "f:1:65: this is nested more than 32 levels deep");
}

static void
keys_are_shown_without_harm(void **state)
{
	autostr text = STR_INIT;
	autostr want = STR_INIT;

	(void)state;
	libnode_refused(
		true, "\"\\e[m\": 1\n\"\\e[m\": 1\n", 20,
		"f:2:1: the key '\\x1b[m' stands twice in this map, first "
		"in line 1; remove one of them");
	for (int i = 0; i < 2; i++) {
		str_addc(&text, '"');
		for (int k = 0; k < 500; k++)
			str_addc(&text, 'k');
		str_adds(&text, "\": 1\n");
	}
	str_adds(&want, "f:2:1: the key '");
	for (int k = 0; k < 60; k++)
		str_addc(&want, 'k');
	str_adds(&want, "' stands twice in this map, first in line 1; remove "
	                "one of them");
	libnode_refused(true, str_text(&text), text.len, str_text(&want));
}

/* A text cut anywhere is a tree or a complaint, never a crash. */
static void
every_beginning_of_a_text_is_read_or_refused(void **state)
{
	static const char yaml[] =
		"%YAML 1.1\n--- # x\na: [1, 'b', {c: \"d\\x41\"}]\n"
		"e: |+2\n    f\n  g\n? h\n: - i\n  - >-\n    j\n\xc3\xa4: ~\n";
	static const char json[] =
		" {\"a\": [1.5, \"b\\u00e4\\\"\", {\"c\": null}], \"d\": true}\n";

	(void)state;
	for (size_t n = 0; n <= strlen(yaml); n++) {
		struct err err = { "" };
		autofree char *cut = malloc(n + 1);
		autonode *root = NULL;

		memcpy(cut, yaml, n);
		root = libnode_parse(true, cut, n, &err);
		assert_true(!root == (err.text[0] != '\0'));
	}
	for (size_t n = 0; n <= strlen(json); n++) {
		struct err err = { "" };
		autofree char *cut = malloc(n + 1);
		autonode *root = NULL;

		memcpy(cut, json, n);
		root = libnode_parse(false, cut, n, &err);
		assert_true(!root == (err.text[0] != '\0'));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(there_is_an_end_to_what_is_read),
		cmocka_unit_test(keys_are_shown_without_harm),
		cmocka_unit_test(every_beginning_of_a_text_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

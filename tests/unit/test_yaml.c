#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/node.h"
#include "tests/support/libcheck.h"
#include "tests/support/libnode.h"

static void
yaml_gives_scalars_lists_and_maps(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a: 1\nb: two words\n", "{a:1 b:two words}" },
		{ "a:\n  - x\n  - y: 1\n    z: 2\n", "{a:[x {y:1 z:2}]}" },
		{ "a:\n- x\n", "{a:[x]}" },
		{ "[a, [b, c], {d: e}]", "[a [b c] {d:e}]" },
		{ "[a: b]", "[{a:b}]" },
		{ "just text", "just text" },
		{ "a: 'x'\nb: \"y\\n\"\nc: |\n  z\n  z\nd: >\n  u\n  v\n",
		  "{a:\"x\" b:\"y\\n\" c:\"z\\nz\\n\" d:\"u v\\n\"}" },
		{ "a: []\nb: {}\nc:\n", "{a:[] b:{} c:}" },
		{ "'a b': 1\n? c\n: 2\n", "{a b:1 c:2}" },
		{ "a: http://b/c#d # e\n", "{a:http://b/c#d}" },
		{ "a: 'it''s'\n", "{a:\"it's\"}" },
		{ "--- {a: 1}\n...\n", "{a:1}" },
		{ "%YAML 1.1\n---\na: 1\n", "{a:1}" },
		{ "a: \xc3\xa4\n", "{a:\\xc3\\xa4}" },
		{ "a: 1\r\nb: 2\r\n", "{a:1 b:2}" },
		{ "\xef\xbb\xbf"
		  "a: 1\n",
		  "{a:1}" },
		{ "a: true\nb: 0x10\nc: 010\n", "{a:true b:0x10 c:010}" },
		{ "<<: 1", "{<<:1}" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		libnode_check(true, rows[i].text, rows[i].want);
}

static void
every_value_of_yaml_knows_its_place(void **state)
{
	static const char text[] = "a: 1\n"
				   "\xc3\xa4\xc3\xb6:  x\n"
				   "l:\n"
				   "  - {k: v}\r\n"
				   "  -   w\n"
				   "n:\n";
	static const struct {
		const char *key;
		size_t key_line, key_column, line, column;
	} rows[] = {
		{ "a", 11, 1, 11, 4 },
		{ "\xc3\xa4\xc3\xb6", 12, 1, 12, 6 },
		{ "l", 13, 1, 14, 3 },
		{ "n", 16, 1, 16, 3 },
	};
	autonode *n = node_parse_yaml(text, strlen(text), "f", 11, NULL);
	const struct node *item;

	(void)state;
	assert_non_null(n);
	for (size_t i = 0; i < countof(rows); i++) {
		const struct node *m = node_get(n, rows[i].key);

		assert_non_null(m);
		check_number(rows[i].key, (int64_t)m->key_line,
		             (int64_t)rows[i].key_line);
		check_number(rows[i].key, (int64_t)m->key_column,
		             (int64_t)rows[i].key_column);
		check_number(rows[i].key, (int64_t)m->line,
		             (int64_t)rows[i].line);
		check_number(rows[i].key, (int64_t)m->column,
		             (int64_t)rows[i].column);
	}
	item = node_get(n, "l")->first;
	assert_int_equal(item->column, 5);
	assert_int_equal(item->first->key_column, 6);
	assert_int_equal(item->first->column, 9);
	assert_int_equal(item->next->line, 15);
	assert_int_equal(item->next->column, 7);
}

static void
what_is_wrong_with_yaml_is_said_with_a_remedy(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a: 'x\nb: 2\n",
		  "f:1:4: the quote that opens here is not closed; add it "
		  "at the end" },
		{ "a: \"x\n---\n",
		  "f:1:4: the quote that opens here is not closed; add it "
		  "at the end" },
		{ "a: [1, 2\nb: 3\n",
		  "f:1:4: the list is not closed; add the missing ',' or ']'" },
		{ "a: [1, 2",
		  "f:1:4: the list is not closed; add the missing ',' or ']'" },
		{ "a: [1,\n",
		  "f:2:1: a list or map is not closed; add the missing ']' "
		  "or '}'" },
		{ "a: {x: 1\n",
		  "f:1:4: the map is not closed; add the missing ',' or '}'" },
		{ "a: {x\n",
		  "f:1:4: the map is not closed; add the missing ',' or '}'" },
		{ "a: [b, c}\n",
		  "f:1:9: the list is not closed; add the missing ',' or ']'" },
		{ "a: [,]\n",
		  "f:1:5: a value is missing before ','; add it, or remove "
		  "a ','" },
		{ "a:\n\tb: 1\n", "f:2:1: a tab cannot indent; use spaces" },
		{ "a: b\n\tc: d\n", "f:2:1: a tab cannot indent; use spaces" },
		{ "a: |\n\tfoo\n", "f:2:1: a tab cannot indent; use spaces" },
		{ "- a\n-\tb: c\n\td: e\n",
		  "f:2:2: a tab cannot indent; use spaces" },
		{ "a: *x\n",
		  "f:1:4: an alias (*x) is not allowed; write the value "
		  "again, or put it in quotes" },
		{ "a: *.md\n",
		  "f:1:4: a value cannot begin with '*'; put it in quotes" },
		{ "a: &x 1\n",
		  "f:1:4: an anchor (&x) is not allowed; remove it, or put "
		  "the value in quotes" },
		{ "a: &\n",
		  "f:1:4: a value cannot begin with '&'; put it in quotes" },
		{ "a: !x b\n",
		  "f:1:4: a tag (!x) is not allowed; remove it, or put the "
		  "value in quotes" },
		{ "a: !!str b\n",
		  "f:1:4: a tag (!x) is not allowed; remove it, or put the "
		  "value in quotes" },
		{ "a: !<x\n",
		  "f:1:4: a value cannot begin with '!'; put it in quotes" },
		{ "a: !e!x b\n",
		  "f:1:4: a value cannot begin with '!'; put it in quotes" },
		{ "a: @x\n",
		  "f:1:4: a value cannot begin with '@'; put it in quotes" },
		{ "a: `x`\n",
		  "f:1:4: a value cannot begin with '`'; put it in quotes" },
		{ "a: %x\n",
		  "f:1:4: a value cannot begin with '%'; put it in quotes" },
		{ "%x\n",
		  "f:1:1: a line cannot begin with '%'; put the value in "
		  "quotes" },
		{ "%YAML 9.9\n---\n",
		  "f:1:1: this is a version of YAML that cannot be read; "
		  "remove the line" },
		{ "%TAG x\n",
		  "f:1:1: a line cannot begin with '%'; put the value in "
		  "quotes" },
		{ "a\nb: 1\n",
		  "f:2:2: a ':' is not expected here; look at the "
		  "indentation, put a blank after the ':' above, or put the "
		  "value in quotes" },
		{ "a: b: c\n",
		  "f:1:5: a ':' is not expected here; look at the "
		  "indentation, put a blank after the ':' above, or put the "
		  "value in quotes" },
		{ "[a:]\n",
		  "f:1:3: a ':' is not expected here; put a blank after it, or "
		  "put the value in quotes" },
		{ "a: 1\nb\n",
		  "f:2:1: a ':' is missing here; write 'key: value'" },
		{ "a: ? x\n",
		  "f:1:4: a value cannot begin with '? '; put it in quotes" },
		{ "a: - b\n",
		  "f:1:4: a list item cannot begin here; give it a line of "
		  "its own" },
		{ "- a\nb: 1\n",
		  "f:2:1: a list item, '- x', is expected here; look at the "
		  "indentation" },
		{ "a:\n    b: 1\n  c: 2\n",
		  "f:3:3: a key is expected here; look at the indentation" },
		{ "a: 'it's'\n",
		  "f:1:8: the value before this has ended; put all of it in "
		  "quotes, or remove the rest" },
		{ "a: \"b\" c\n",
		  "f:1:8: the value before this has ended; put all of it in "
		  "quotes, or remove the rest" },
		{ "a: \"\\q\"\n",
		  "f:1:5: there is no such escape in double quotes; write "
		  "\\\\ for a backslash, or use single quotes" },
		{ "a: \"\\ud800\"\n",
		  "f:1:7: there is no such escape in double quotes; write "
		  "\\\\ for a backslash, or use single quotes" },
		{ "a: |x\n",
		  "f:1:5: text after '|' or '>' begins on the next line" },
		{ "a: |0\n",
		  "f:1:5: the number after '|' or '>' must be 1 to 9" },
		{ "a: 1\n...\nb: 2\n",
		  "f:3:1: a document begins with '---'; put that before "
		  "this, or remove it" },
		{ "a: 1\n--- \nb: 2\n",
		  "f:2:1: a second document begins here; a file holds one" },
		{ "{a: 1}: b\n",
		  "f:1:1: a key cannot be a list or a map; put it in quotes" },
		{ "a: {{b}}\n",
		  "f:1:5: a key cannot be a list or a map; put it in quotes" },
		{ "? *x\n: b\n",
		  "f:1:3: an alias (*x) is not allowed; write the value "
		  "again, or put it in quotes" },
		{ ": x\n",
		  "f:1:1: a key is expected here; look at the indentation" },
		{ "a: \"b\\0c\"\n", "f:1:4: a value may not hold a NUL, \\0" },
		{ "a: 1\nb: 2\na: 3\nb: 4\n",
		  "f:3:1: the key 'a' stands twice in this map, first in "
		  "line 1; remove one of them" },
		{ "a: {b: 1, b: 2}\n",
		  "f:1:11: the key 'b' stands twice in this map, first in "
		  "line 1; remove one of them" },
		{ "a: \xc2\x80\n",
		  "f:1:4: a control character may not stand here; remove it" },
		{ "a: b\xe2\x80\xa8\xef\xbf\xbe\n",
		  "f:1:6: a control character may not stand here; remove it" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		libnode_refused(true, rows[i].text, strlen(rows[i].text),
		                rows[i].want);
}

static void
lines_are_counted_from_where_the_text_stands(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_null(
		node_parse_yaml("a: 1\nb: [\n\nc: d\n", 16, "t.md", 2, &err));
	assert_string_equal(err.text,
	                    "t.md:3:4: the list is not closed; add the "
	                    "missing ',' or ']'");
	assert_null(node_parse_yaml("a: 1\na: 2\n", 10, "t.md", 2, &err));
	assert_string_equal(err.text,
	                    "t.md:3:1: the key 'a' stands twice in this map, "
	                    "first in line 2; remove one of them");
	assert_null(node_parse_yaml("a\xff", 2, "t.md", 7, &err));
	assert_string_equal(err.text, "t.md:7:2: the byte 0xff is not UTF-8; "
	                              "save the file as UTF-8");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_gives_scalars_lists_and_maps),
		cmocka_unit_test(every_value_of_yaml_knows_its_place),
		cmocka_unit_test(what_is_wrong_with_yaml_is_said_with_a_remedy),
		cmocka_unit_test(lines_are_counted_from_where_the_text_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

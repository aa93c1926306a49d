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
json_gives_the_same_kinds(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"a\": 1, \"b\": \"two words\"}", "{a:1 b:\"two words\"}" },
		{ "[true, false, null]", "[true false null]" },
		{ "[0, -1, 9007199254740992, 1.0]",
		  "[0 -1 9007199254740992 1]" },
		{ "[0.1, 1e30, -2.5]", "[0.1 1e+30 -2.5]" },
		{ "[9223372036854775807]", "[9.2233720368547758e+18]" },
		{ "[0.30000000000000004]", "[0.30000000000000004]" },
		{ "[1e999]", "[inf]" },
		{ "\"\\u00e4\\n\\\"\\\\\"", "\"\\xc3\\xa4\\n\"\\\\\"" },
		{ "{\"\": {}, \"x\": []}", "{:{} x:[]}" },
		{ "\xef\xbb\xbf[1]", "[1]" },
		{ " \r\n\t[1]\n", "[1]" },
		{ "[\"[,}{'#\"]", "[\"[,}{'#\"]" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		libnode_check(false, rows[i].text, rows[i].want);
}

static void
what_is_wrong_with_json_is_said_with_a_remedy(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"a\": 1,}",
		  "f:1:9: there is a comma before this '}'; remove it" },
		{ "[1,]",
		  "f:1:4: there is a comma before this ']'; remove it" },
		{ "[1, 2", "f:1:1: the '[' that opens here is not closed" },
		{ "{\"a\": [1}", "f:1:9: ']' is expected here, not '}'" },
		{ "{\"a\": 1}}", "f:1:9: this '}' closes nothing; remove it" },
		{ "{'a': 1}", "f:1:2: JSON has no single quotes; write \"" },
		{ "# x\n{}", "f:1:1: JSON has no comments; remove it" },
		{ "{} // x", "f:1:4: JSON has no comments; remove it" },
		{ "{\"a: 1}",
		  "f:1:2: the quote that opens here is not closed in its "
		  "line" },
		{ "{\"a\": \"x\ny\"}",
		  "f:1:7: the quote that opens here is not closed in its "
		  "line" },
		{ "{\"a\": 1 \"b\": 2}",
		  "f:1:9: this is not valid JSON; a comma or colon is "
		  "missing before it" },
		{ "{\"a\" 1}",
		  "f:1:6: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "[1 2]",
		  "f:1:4: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "{a: 1}",
		  "f:1:3: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "[1,,2]",
		  "f:1:4: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "{} x",
		  "f:1:4: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "nul",
		  "f:1:1: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "\"\\q\"",
		  "f:1:2: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "\"\\u0000\"", "f:1:2: a string may not hold \\u0000" },
		{ "\"\\\\u0000\" 1",
		  "f:1:11: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "{\"\xc3\xa4\": \"\xc3\xa4\" 1}",
		  "f:1:11: this is not valid JSON; look for a missing quote "
		  "or comma" },
		{ "{\"a\": 1, \"a\": 2}",
		  "f: the key 'a' stands twice in one map; remove one of "
		  "them" },
		{ "{\"a\": {\"b\": 1, \"c\": 2, \"b\": 3}}",
		  "f: the key 'b' stands twice in one map; remove one of "
		  "them" },
		{ "\n\n]", "f:3:1: this ']' closes nothing; remove it" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		libnode_refused(false, rows[i].text, strlen(rows[i].text),
		                rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_gives_the_same_kinds),
		cmocka_unit_test(what_is_wrong_with_json_is_said_with_a_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

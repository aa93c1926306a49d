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
a_text_of_nothing_is_an_empty_map(void **state)
{
	static const char *const both[] = {
		"", " ", "\n\n", "null", "\xef\xbb\xbf", " null\n",
	};
	static const char *const yaml[] = { "# only\n", "---\n", "~", "---",
		                            "--- # x\n...\n" };

	(void)state;
	for (size_t i = 0; i < countof(both); i++) {
		libnode_check(true, both[i], "{}");
		libnode_check(false, both[i], "{}");
	}
	for (size_t i = 0; i < countof(yaml); i++)
		libnode_check(true, yaml[i], "{}");
}

static void
only_what_is_absent_is_null(void **state)
{
	static const struct {
		const char *text;
		bool yaml, null;
	} rows[] = {
		{ "a:", true, true },
		{ "a: ~", true, true },
		{ "a: null", true, true },
		{ "a: ''", true, false },
		{ "a: 'null'", true, false },
		{ "a: \"~\"", true, false },
		{ "a: |\n", true, false },
		{ "a: Null", true, false },
		{ "a: []", true, false },
		{ "a: {}", true, false },
		{ "{\"a\": null}", false, true },
		{ "{\"a\": \"\"}", false, false },
		{ "{\"a\": \"null\"}", false, false },
		{ "{\"a\": false}", false, false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autonode *n = libnode_parse(rows[i].yaml, rows[i].text,
		                            strlen(rows[i].text), NULL);

		assert_non_null(n);
		check_number(rows[i].text, node_is_null(node_get(n, "a")),
		             rows[i].null);
	}
}

static void
complaints_name_the_place_where_there_is_one(void **state)
{
	struct err err = { "" };
	autonode *yaml = libnode_parse(true, "a:\n  b: 1\n", 10, &err);
	autonode *json = libnode_parse(false, "{\"a\": 1}", 8, &err);

	(void)state;
	assert_int_equal(node_complain(node_get(node_get(yaml, "a"), "b"),
	                               "x.yaml", &err, -9, "no %d", 7),
	                 -9);
	assert_string_equal(err.text, "x.yaml:2:6: no 7");
	assert_int_equal(
		node_complain(node_get(json, "a"), "x.json", &err, -9, "no"),
		-9);
	assert_string_equal(err.text, "x.json: no");
	assert_int_equal(node_complain(json, "x", NULL, -9, "no"), -9);
}

static void
a_member_is_found_in_a_map_alone(void **state)
{
	autonode *n = libnode_parse(true, "a: {b: 1}\nc: [b]\n", 17, NULL);

	(void)state;
	assert_non_null(node_get(node_get(n, "a"), "b"));
	assert_null(node_get(n, "b"));
	assert_null(node_get(node_get(n, "c"), "b"));
	assert_null(node_get(node_get(node_get(n, "a"), "b"), "b"));
	node_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_of_nothing_is_an_empty_map),
		cmocka_unit_test(only_what_is_absent_is_null),
		cmocka_unit_test(complaints_name_the_place_where_there_is_one),
		cmocka_unit_test(a_member_is_found_in_a_map_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/libcheck.h"

static struct json *
parse(const char *text)
{
	struct json *j = json_parse(text, strlen(text), NULL);

	if (!j)
		fail_msg("not JSON: %s", text);
	return j;
}

static void
what_is_printed_is_read_back(void **state)
{
	static const char *const rows[] = {
		"{}",
		"[]",
		"null",
		"true",
		"[1,2.5,-3,\"four\",null,{\"five\":[]}]",
		"{\"a\":{\"b\":{\"c\":\"\\n\\t\\\"\\\\\"}}}",
		"\"\xc3\xa4\xf0\x9f\x98\x80\"",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autojson *j = parse(rows[i]);
		autostr out = STR_INIT;

		json_print(j, &out);
		check_text(rows[i], str_text(&out), rows[i]);
	}
}

static void
a_line_of_output_is_one_line(void **state)
{
	autojson *o = json_new_object();
	autostr out = STR_INIT;

	(void)state;
	json_set_str(o, "text", "one\ntwo\r\n");
	json_print(o, &out);
	assert_null(strchr(str_text(&out), '\n'));
	assert_null(strchr(str_text(&out), '\r'));
	str_clear(&out);
	json_pretty(o, &out);
	assert_true(str_ends(str_text(&out), "}\n"));
}

static void
an_error_says_where(void **state)
{
	static const struct {
		const char *text, *place;
	} rows[] = {
		{ "", "line 1, column 1" },
		{ "{", "line 1" },
		{ "{\"a\":1}x", "line 1, column 8" },
		{ "{\n \"a\": 1,\n \"b\": ?\n}", "line 3, column 7" },
		{ "{}\n{}", "line 2, column 1" },
		{ "[1,]", "line 1, column 4" },
		{ "nul", "line 1, column 1" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err err = { "" };

		assert_null(
			json_parse(rows[i].text, strlen(rows[i].text), &err));
		check_contains(rows[i].text, err.text, rows[i].place);
	}
}

static void
only_the_given_bytes_are_parsed(void **state)
{
	/* A buffer without a NUL, as it comes from a journal. */
	autofree char *exact = mem_new(1, 7);
	autojson *j = NULL;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		exact[i] = "{\"a\":7}"[i];
	j = json_parse(exact, 7, NULL);
	assert_non_null(j);
	assert_int_equal(json_int(json_get(j, "a"), 0), 7);
	assert_null(json_parse("{\"a\":7}", 6, NULL));
	assert_null(json_parse("{}\0", 3, NULL));
	assert_null(json_parse("12", 0, NULL));
}

static void
blanks_around_the_value_are_fine(void **state)
{
	autojson *j = parse(" \t\r\n {\"a\": 1} \r\n\t ");

	(void)state;
	assert_int_equal(json_int(json_get(j, "a"), 0), 1);
}

static void
deep_nesting_is_refused_not_fatal(void **state)
{
	autofree char *deep = mem_new(1, 100001);

	(void)state;
	memset(deep, '[', 100000);
	assert_null(json_parse(deep, 100000, NULL));
}

static void
getters_take_nothing_and_the_wrong_type(void **state)
{
	autojson *o = parse("{\"s\":\"x\",\"n\":3,\"b\":true,\"a\":[1],"
	                    "\"z\":null}");
	const struct json *none = json_get(json_get(o, "no"), "way");

	(void)state;
	assert_null(none);
	assert_null(json_get(NULL, "x"));
	assert_null(json_at(NULL, 0));
	assert_null(json_at(json_get(o, "a"), 1));
	assert_int_equal(json_len(NULL), 0);
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_string_equal(json_str(none, "else"), "else");
	assert_string_equal(json_str(json_get(o, "n"), "else"), "else");
	assert_int_equal(json_int(json_get(o, "s"), 9), 9);
	assert_int_equal(json_int(json_get(o, "b"), 9), 9);
	assert_true(json_bool(json_get(o, "n"), true));
	assert_true(json_bool(json_get(o, "b"), false));
	assert_true(json_is_null(json_get(o, "z")));
	assert_false(json_is_object(NULL));
	assert_false(json_is_array(NULL));
	assert_false(json_is_string(NULL));
	assert_false(json_is_number(NULL));
	assert_false(json_is_bool(NULL));
	assert_false(json_is_null(NULL));
}

static void
keys_are_found_by_their_case(void **state)
{
	autojson *o = parse("{\"Id\":1,\"id\":2}");

	(void)state;
	assert_int_equal(json_int(json_get(o, "id"), 0), 2);
	assert_int_equal(json_int(json_get(o, "Id"), 0), 1);
	assert_null(json_get(o, "ID"));
}

static void
integers_are_exact_to_10_to_the_15th(void **state)
{
	static const int64_t rows[] = {
		0,
		1,
		-1,
		1795235958123,
		999999999999,
		999999999999999,
		1000000000000000,
		-1000000000000000,
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autojson *j = json_new_int(rows[i]);
		autojson *back = NULL;
		autostr out = STR_INIT;

		json_print(j, &out);
		back = parse(str_text(&out));
		check_number(str_text(&out), json_int(back, -7), rows[i]);
	}
}

static void
numbers_no_integer_can_hold_give_the_default(void **state)
{
	static const char *const rows[] = { "1e300", "-1e300", "1e17",
		                            "9007199254740994" };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autojson *j = parse(rows[i]);

		check_number(rows[i], json_int(j, 42), 42);
	}
}

static void
a_member_set_twice_stands_once(void **state)
{
	autojson *o = json_new_object();
	autostr out = STR_INIT;

	(void)state;
	json_set_int(o, "a", 1);
	json_set_str(o, "a", "two");
	json_set_bool(o, "b", true);
	json_set_str(o, "c", NULL);
	json_print(o, &out);
	assert_string_equal(str_text(&out),
	                    "{\"a\":\"two\",\"b\":true,\"c\":null}");
}

static void
members_are_walked_in_order(void **state)
{
	autojson *o = json_new_object();
	struct json *list = json_new_array();
	autostr seen = STR_INIT;

	(void)state;
	json_set_int(o, "one", 1);
	json_set(o, "list", list);
	json_push(list, json_new_str("x"));
	json_push(list, json_new_int(2));
	for (const struct json *m = json_first(o); m; m = json_next(m))
		str_addf(&seen, "%s ", json_key(m));
	assert_string_equal(str_text(&seen), "one list ");
	assert_int_equal(json_len(list), 2);
	assert_string_equal(json_str(json_at(list, 0), ""), "x");
	assert_string_equal(json_key(json_at(list, 0)), "");
}

static void
output_is_valid_utf8_whatever_was_put_in(void **state)
{
	autojson *o = json_new_object();
	autostr out = STR_INIT;

	(void)state;
	json_set_str(o, "bad", "a\xff\xe2\x82z");
	json_print(o, &out);
	assert_true(utf8_valid(str_text(&out), out.len));
	assert_string_equal(str_text(&out), "{\"bad\":\"a\xef\xbf\xbd"
	                                    "\xef\xbf\xbd\xef\xbf\xbdz\"}");
}

static void
output_is_valid_utf8_whatever_was_read(void **state)
{
	autojson *j = json_parse("{\"k\xff\":\"a\xff\"}", 11, NULL);
	autostr out = STR_INIT;

	(void)state;
	if (!j)
		return; /* refusing it is fine, too */
	json_print(j, &out);
	assert_true(utf8_valid(str_text(&out), out.len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(a_line_of_output_is_one_line),
		cmocka_unit_test(an_error_says_where),
		cmocka_unit_test(only_the_given_bytes_are_parsed),
		cmocka_unit_test(blanks_around_the_value_are_fine),
		cmocka_unit_test(deep_nesting_is_refused_not_fatal),
		cmocka_unit_test(getters_take_nothing_and_the_wrong_type),
		cmocka_unit_test(keys_are_found_by_their_case),
		cmocka_unit_test(integers_are_exact_to_10_to_the_15th),
		cmocka_unit_test(numbers_no_integer_can_hold_give_the_default),
		cmocka_unit_test(a_member_set_twice_stands_once),
		cmocka_unit_test(members_are_walked_in_order),
		cmocka_unit_test(output_is_valid_utf8_whatever_was_put_in),
		cmocka_unit_test(output_is_valid_utf8_whatever_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

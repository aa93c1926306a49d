#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/node.h"
#include "base/str.h"
#include "tests/support/libcheck.h"

struct target {
	char *title, *agent;
	int64_t retries, timeout_ms, bytes;
	bool quiet;
	int colour;
	char **args, **env;
};

#define AT(member) offsetof(struct target, member)

static const char *const colours[] = { "red", "green", NULL };

static const struct key table[] = {
	{ "title", KEY_STRING, AT(title), 0, 20, NULL, "none", "" },
	{ "agent", KEY_NAME, AT(agent), 0, 0, NULL, NULL, "" },
	{ "retries", KEY_INT, AT(retries), 0, 9, NULL, "3", "" },
	{ "timeout", KEY_DURATION, AT(timeout_ms), 0, 60000, NULL, "5s", "" },
	{ "bytes", KEY_SIZE, AT(bytes), 0, 1 << 30, NULL, "1M", "" },
	{ "quiet", KEY_BOOL, AT(quiet), 0, 0, NULL, "yes", "" },
	{ "colour", KEY_CHOICE, AT(colour), 0, 0, colours, "green", "" },
	{ "args", KEY_STRINGS, AT(args), 1, 3, NULL, NULL, "" },
	{ "env", KEY_PAIRS, AT(env), 0, 2, NULL, NULL, "" },
};

static const char *const others[] = { "agents", "defaults", NULL };

#define NKEYS countof(table)

/* Everything in the target as it would be written, one key after another. */
static void
print_all(const struct target *t, struct str *out)
{
	for (size_t i = 0; i < NKEYS; i++) {
		str_addf(out, "%s%s: ", i ? " " : "", table[i].name);
		keys_print(&table[i], t, out);
	}
}

static int
bind(const char *yaml, struct target *t, struct err *err)
{
	autonode *map = node_parse_yaml(yaml, strlen(yaml), "f", 1, err);

	assert_non_null(map);
	return keys_bind(table, NKEYS, map, "f", others, t, err);
}

static void
a_target_begins_with_the_fallbacks(void **state)
{
	struct target t = { 0 };
	autostr got = STR_INIT;

	(void)state;
	keys_default(table, NKEYS, &t);
	print_all(&t, &got);
	assert_string_equal(str_text(&got),
	                    "title: none agent: ~ retries: 3 timeout: 5s "
	                    "bytes: 1M quiet: true colour: green args: ~ "
	                    "env: ~");
	keys_done(table, NKEYS, &t);
	assert_null(t.title);
	keys_done(table, NKEYS, &t);
}

static void
what_is_written_takes_the_place_of_the_fallback(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
		{ "{}", "title: none agent: ~ retries: 3 timeout: 5s bytes: 1M "
		        "quiet: true colour: green args: ~ env: ~" },
		{ "~", "title: none agent: ~ retries: 3 timeout: 5s bytes: 1M "
		       "quiet: true colour: green args: ~ env: ~" },
		{ "{title: , retries: ~, args: null, env: }",
		  "title: none agent: ~ retries: 3 timeout: 5s bytes: 1M "
		  "quiet: true colour: green args: ~ env: ~" },
		{ "{title: 'a b', agent: pm, retries: 0, timeout: 90s}", NULL },
		{ "title: 'null'\nagent: pm\nretries: 0\ntimeout: 10s\n"
		  "bytes: 2K\nquiet: off\ncolour: red\nargs: [a, -b, 'c d']\n"
		  "env: {A: 1, B: ''}\n",
		  "title: \"null\" agent: pm retries: 0 timeout: 10s bytes: 2K "
		  "quiet: false colour: red args: [a, -b, \"c d\"] "
		  "env: {A: 1, B: \"\"}" },
		{ "{args: one, agents: {x: 1}, defaults: [2]}",
		  "title: none agent: ~ retries: 3 timeout: 5s bytes: 1M "
		  "quiet: true colour: green args: [one] env: ~" },
		{ "{env: {}, title: ''}",
		  "title: \"\" agent: ~ retries: 3 timeout: 5s bytes: 1M "
		  "quiet: true colour: green args: ~ env: ~" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct target t = { 0 };
		struct err err = { "" };
		autostr got = STR_INIT;
		int r;

		keys_default(table, NKEYS, &t);
		r = bind(rows[i].yaml, &t, &err);
		if (rows[i].want) {
			check_text(rows[i].yaml, err.text, "");
			print_all(&t, &got);
			check_text(rows[i].yaml, str_text(&got), rows[i].want);
		} else {
			check_number(rows[i].yaml, r, -EBADMSG);
		}
		keys_done(table, NKEYS, &t);
	}
}

static void
what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
		{ "titl: x", "f:1:1: unknown key 'titl'; did you mean "
		             "'title'?" },
		{ "a: 1\n", "f:1:1: unknown key 'a'; the keys here are title, "
		            "agent, retries, timeout, bytes, quiet, colour, "
		            "args, env, agents, defaults" },
		{ "title: x\ndefault: 1\n", "f:2:1: unknown key 'default'; did "
		                            "you mean 'defaults'?" },
		{ "{\"\\e[m\": 1}",
		  "f:1:2: unknown key '\\x1b[m'; the keys here are title, "
		  "agent, retries, timeout, bytes, quiet, colour, args, env, "
		  "agents, defaults" },
		{ "[a]", "f:1:1: a map, 'key: value', is expected, not a "
		         "list" },
		{ "a", "f:1:1: a map, 'key: value', is expected, not a single "
		       "value" },
		{ "title: [a]", "f:1:8: title: a single value is expected, not "
		                "a list" },
		{ "retries: {a: 1}", "f:1:10: retries: a single value is "
		                     "expected, not a map" },
		{ "retries: many",
		  "f:1:10: retries: 'many' is not a whole number" },
		{ "retries: 10", "f:1:10: retries: '10' is too large; the most "
		                 "is 9" },
		{ "title: x\ntimeout: 5\n",
		  "f:2:10: timeout: '5' has no unit; write 5s for seconds, or "
		  "ms, m, h, d" },
		{ "colour: gren", "f:1:9: colour: 'gren' is not one of red, "
		                  "green; did you mean 'green'?" },
		{ "title: 123456789012345678901",
		  "f:1:8: title: the text is longer than 20 bytes" },
		{ "args: {a: 1}", "f:1:7: args: a list is expected, not a "
		                  "map" },
		{ "args: []", "f:1:7: args: it may not be empty" },
		{ "args: [1, 2, 3, 4]",
		  "f:1:7: args: there are more than 3 entries" },
		{ "args:\n  - a\n  - [b]\n", "f:3:5: args: a single value is "
		                             "expected, not a list" },
		{ "args:\n  - a\n  -\n", "f:3:4: args: a value is missing; "
		                         "write \"\" for an empty text" },
		{ "env: [A=1]", "f:1:6: env: a map is expected, not a list" },
		{ "env: x", "f:1:6: env: a map is expected, not a single "
		            "value" },
		{ "env: {A: [1]}", "f:1:10: env: a single value is expected, "
		                   "not a list" },
		{ "env:\n  A:\n", "f:2:5: env: a value is missing; write \"\" "
		                  "for an empty text" },
		{ "env: {A=B: 1}", "f:1:12: env: 'A=B' is no name; it may not "
		                   "be empty or hold a '='" },
		{ "env: {'': 1}", "f:1:11: env: '' is no name; it may not be "
		                  "empty or hold a '='" },
		{ "env: {A: 1, B: 2, C: 3}",
		  "f:1:6: env: there are more than 2 entries" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct target t = { 0 };
		struct err err = { "" };

		check_number(rows[i].yaml, bind(rows[i].yaml, &t, &err),
		             -EBADMSG);
		check_text(rows[i].yaml, err.text, rows[i].want);
		keys_done(table, NKEYS, &t);
		check_number(rows[i].yaml, bind(rows[i].yaml, &t, NULL),
		             -EBADMSG);
		keys_done(table, NKEYS, &t);
	}
}

static void
json_is_bound_without_places(void **state)
{
	static const char good[] =
		"{\"title\": \"x\", \"retries\": 2, \"quiet\": false,"
		" \"args\": [1, \"2\"], \"env\": {\"A\": true}}";
	static const char bad[] = "{\"retries\": 2.5}";
	autonode *map = node_parse_json(good, strlen(good), "f", NULL);
	autonode *wrong = node_parse_json(bad, strlen(bad), "f", NULL);
	struct target t = { 0 };
	struct err err = { "" };
	autostr got = STR_INIT;

	(void)state;
	assert_int_equal(keys_bind(table, NKEYS, map, "f", NULL, &t, &err), 0);
	print_all(&t, &got);
	assert_string_equal(str_text(&got),
	                    "title: x agent: ~ retries: 2 timeout: 0 bytes: 0 "
	                    "quiet: false colour: red args: [1, 2] "
	                    "env: {A: \"true\"}");
	assert_int_equal(keys_bind(table, NKEYS, wrong, "f", NULL, &t, &err),
	                 -EBADMSG);
	assert_string_equal(err.text,
	                    "f: retries: '2.5' is not a whole number");
	keys_done(table, NKEYS, &t);
}

static void
a_second_map_is_laid_over_the_first(void **state)
{
	struct target t = { 0 };
	autostr got = STR_INIT;

	(void)state;
	assert_int_equal(
		bind("{title: a, args: [1, 2], env: {A: 1, B: 2}}", &t, NULL),
		0);
	assert_int_equal(bind("{args: [3], env: {B: 4}}", &t, NULL), 0);
	print_all(&t, &got);
	assert_string_equal(str_text(&got),
	                    "title: a agent: ~ retries: 0 timeout: 0 bytes: 0 "
	                    "quiet: false colour: red args: [3] "
	                    "env: {A: 1, B: 4}");
	assert_int_equal(bind("{env: {C: 5}}", &t, NULL), 0);
	str_clear(&got);
	keys_print(keys_find(table, NKEYS, "env"), &t, &got);
	assert_string_equal(str_text(&got), "{A: 1, B: 4, C: 5}");
	keys_done(table, NKEYS, &t);
}

static void
an_option_sets_one_value_and_adds_to_lists(void **state)
{
	struct target t = { 0 };
	struct err err = { "" };
	static const struct {
		const char *key, *text, *want;
	} rows[] = {
		{ "title", "x", "" },
		{ "title", "y", "" },
		{ "retries", "4", "" },
		{ "retries", "x", "--retries: 'x' is not a whole number" },
		{ "args", "a", "" },
		{ "args", "", "" },
		{ "args", "~", "" },
		{ "args", "d", "--args: there are more than 3 entries" },
		{ "env", "A=1", "" },
		{ "env", "A=2=3", "" },
		{ "env", "B=", "" },
		{ "env", "B", "--env: 'B' is not written NAME=VALUE" },
		{ "env", "=1", "--env: '=1' is not written NAME=VALUE" },
	};
	autostr got = STR_INIT;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct key *key = keys_find(table, NKEYS, rows[i].key);
		autostr what = STR_INIT;
		int r;

		str_addf(&what, "--%s", rows[i].key);
		err.text[0] = '\0';
		r = keys_set(key, str_text(&what), rows[i].text, &t, &err);
		check_text(rows[i].text, err.text, rows[i].want);
		check_number(rows[i].text, r, rows[i].want[0] ? -EBADMSG : 0);
	}
	print_all(&t, &got);
	assert_string_equal(
		str_text(&got),
		"title: \"y\" agent: ~ retries: 4 timeout: 0 bytes: 0 "
		"quiet: false colour: red args: [a, \"\", \"~\"] "
		"env: {A: 2=3, B: \"\"}");
	keys_done(table, NKEYS, &t);
}

static void
a_key_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(keys_find(table, NKEYS, "retries"), &table[2]);
	assert_null(keys_find(table, NKEYS, "retrie"));
	assert_null(keys_find(table, NKEYS, ""));
	assert_null(keys_find(table, 0, "title"));
}

static void
lists_grow_and_are_counted(void **state)
{
	char **list = NULL;

	(void)state;
	assert_int_equal(keys_count(NULL), 0);
	keys_append(&list, "a");
	keys_append(&list, "b");
	assert_int_equal(keys_count(list), 2);
	assert_string_equal(list[1], "b");
	assert_null(list[2]);
	keys_free_list(list);
	keys_free_list(NULL);
}

/* What is printed is what can be bound again. */
static void
what_is_printed_can_be_read_again(void **state)
{
	static const char *const texts[] = {
		"a",     "",      "~",   "null",     "a: b",  "- a", "[x]",
		"{y}",   "#z",    "a\n", "  two  ",  "'q'",   "\"",  "\\",
		"a,b",   "\t",    "&a",  "*a",       "!a",    "%a",  "@",
		"12:30", "a #b",  "---", "key: 'v'", "\x01x", "=",   "a=b=c",
		"?",     "? key", ":",   "-",        "|",     ">",   "`",
	};

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		struct target t = { 0 }, again = { 0 };
		autostr pair = STR_INIT, yaml = STR_INIT;

		str_addf(&pair, "A=%s", texts[i]);
		assert_int_equal(keys_set(&table[7], "", texts[i], &t, NULL),
		                 0);
		assert_int_equal(keys_set(&table[7], "", texts[i], &t, NULL),
		                 0);
		assert_int_equal(
			keys_set(&table[8], "", str_text(&pair), &t, NULL), 0);
		assert_int_equal(keys_set(&table[0], "", texts[i], &t, NULL),
		                 0);
		str_adds(&yaml, "args: ");
		keys_print(&table[7], &t, &yaml);
		str_adds(&yaml, "\nenv: ");
		keys_print(&table[8], &t, &yaml);
		str_adds(&yaml, "\ntitle: ");
		keys_print(&table[0], &t, &yaml);
		assert_int_equal(bind(str_text(&yaml), &again, NULL), 0);
		assert_string_equal(again.args[0], texts[i]);
		assert_string_equal(again.args[1], texts[i]);
		assert_string_equal(again.env[0], str_text(&pair));
		assert_string_equal(again.title, texts[i]);
		keys_done(table, NKEYS, &t);
		keys_done(table, NKEYS, &again);
	}
}

struct nest {
	char *title;
	int64_t max, wait_ms, on;
	double factor;
	char **words;
};

#define IN(member) offsetof(struct nest, member)

static const struct key nested[] = {
	{ "title", KEY_STRING, IN(title), 0, 20, NULL, NULL, "" },
	{ "retry.max", KEY_INT, IN(max), 0, 9, NULL, "1", "" },
	{ "retry.pause.wait", KEY_DURATION, IN(wait_ms), 0, 60000, NULL, "1s",
	  "" },
	{ "retry.factor", KEY_NUMBER, IN(factor), 1, 10, NULL, "2", "" },
	{ "retry.on", KEY_SET, IN(on), 0, 0, colours, "[red, green]", "" },
	{ "signs.words", KEY_STRINGS, IN(words), 0, 3, NULL, NULL, "" },
};

static int
bind_nested(const char *yaml, struct nest *t, struct err *err)
{
	autonode *map = node_parse_yaml(yaml, strlen(yaml), "f", 1, err);

	assert_non_null(map);
	return keys_bind(nested, countof(nested), map, "f", others, t, err);
}

static void
maps_in_a_map_are_laid_over_key_by_key(void **state)
{
	struct nest t = { 0 };
	autostr got = STR_INIT;

	(void)state;
	keys_default(nested, countof(nested), &t);
	assert_int_equal(bind_nested("{retry: {max: 3, on: [green]}, "
	                             "signs: {words: [a, b]}}",
	                             &t, NULL),
	                 0);
	assert_int_equal(bind_nested("retry:\n  pause: {wait: 5s}\n"
	                             "  factor: 1.5\n  max:\nsigns:\n",
	                             &t, NULL),
	                 0);
	for (size_t i = 0; i < countof(nested); i++) {
		str_addf(&got, "%s=", nested[i].name);
		keys_print(&nested[i], &t, &got);
		str_addc(&got, ' ');
	}
	assert_string_equal(str_text(&got),
	                    "title=~ retry.max=3 retry.pause.wait=5s "
	                    "retry.factor=1.5 retry.on=[green] "
	                    "signs.words=[a, b] ");
	keys_done(nested, countof(nested), &t);
	assert_null(t.words);
}

static void
what_is_wrong_in_a_map_in_a_map_is_said_with_its_place(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
		{ "retry: 3", "f:1:8: retry: a map, 'key: value', is expected, "
		              "not a single value" },
		{ "retry: {pause: [1]}",
		  "f:1:16: pause: a map, 'key: value', is expected, not a "
		  "list" },
		{ "retry:\n  mx: 3\n",
		  "f:2:3: retry: unknown key 'mx'; did you mean 'max'?" },
		{ "retry: {x: 3}", "f:1:9: retry: unknown key 'x'; the keys "
		                   "here are max, pause, factor, on" },
		{ "retry: {agents: 3}",
		  "f:1:9: retry: unknown key 'agents'; the keys here are max, "
		  "pause, factor, on" },
		{ "retry: {pause: {x: 1}}",
		  "f:1:17: retry.pause: unknown key 'x'; the keys here are "
		  "wait" },
		{ "retri: {}", "f:1:1: unknown key 'retri'; did you mean "
		               "'retry'?" },
		{ "x: 1", "f:1:1: unknown key 'x'; the keys here are title, "
		          "retry, signs, agents, defaults" },
		{ "retry.max: 1", "f:1:1: unknown key 'retry.max'; the keys "
		                  "here are title, retry, signs, agents, "
		                  "defaults" },
		{ "retry: {pause.wait: 1s}",
		  "f:1:9: retry: unknown key 'pause.wait'; the keys here are "
		  "max, pause, factor, on" },
		{ "{'': 1}", "f:1:2: unknown key ''; the keys here are title, "
		             "retry, signs, agents, defaults" },
		{ "retry: {max: 10}", "f:1:14: retry.max: '10' is too large; "
		                      "the most is 9" },
		{ "retry: {on: [red, gren]}",
		  "f:1:19: retry.on: 'gren' is not one of red, green; did you "
		  "mean 'green'?" },
		{ "retry: {on: [[red]]}", "f:1:14: retry.on: a single value is "
		                          "expected, not a list" },
		{ "retry: {on: {a: 1}}", "f:1:13: retry.on: a list is "
		                         "expected, not a map" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct nest t = { 0 };
		struct err err = { "" };

		check_number(rows[i].yaml, bind_nested(rows[i].yaml, &t, &err),
		             -EBADMSG);
		check_text(rows[i].yaml, err.text, rows[i].want);
		keys_done(nested, countof(nested), &t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_begins_with_the_fallbacks),
		cmocka_unit_test(
			what_is_written_takes_the_place_of_the_fallback),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(json_is_bound_without_places),
		cmocka_unit_test(a_second_map_is_laid_over_the_first),
		cmocka_unit_test(an_option_sets_one_value_and_adds_to_lists),
		cmocka_unit_test(a_key_is_found_by_its_whole_name),
		cmocka_unit_test(lists_grow_and_are_counted),
		cmocka_unit_test(what_is_printed_can_be_read_again),
		cmocka_unit_test(maps_in_a_map_are_laid_over_key_by_key),
		cmocka_unit_test(
			what_is_wrong_in_a_map_in_a_map_is_said_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

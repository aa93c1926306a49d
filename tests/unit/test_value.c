#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/str.h"
#include "base/value.h"
#include "tests/support/libcheck.h"

struct target {
	int64_t number, set;
	double part;
	char *text;
	bool truth;
	int choice;
};

#define AT(member) offsetof(struct target, member)

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct key count = {
	"count", KEY_INT, AT(number), -5, 100, NULL, "0", "a number",
};
static const struct key any = {
	"any", KEY_INT, AT(number), INT64_MIN, INT64_MAX, NULL, "0", "a number",
};
static const struct key wait = {
	"wait", KEY_DURATION, AT(number), 10, 7200000, NULL, "1s", "a time",
};
static const struct key room = {
	"room", KEY_SIZE, AT(number), 1024, 1LL << 41, NULL, "1M", "a size",
};
static const struct key most = {
	"most", KEY_SIZE, AT(number), 0, INT64_MAX, NULL, "0", "a size",
};
static const struct key truth = {
	"truth", KEY_BOOL, AT(truth), 0, 0, NULL, "false", "a truth",
};
static const struct key colour = {
	"colour", KEY_CHOICE, AT(choice), 0, 0, colours, "red", "a colour",
};
static const struct key part = {
	"part", KEY_NUMBER, AT(part), 0, 1000, NULL, "0", "a part",
};
static const struct key more = {
	"more", KEY_NUMBER, AT(part), 1, 10, NULL, "1", "a factor",
};
static const struct key set = {
	"set", KEY_SET, AT(set), 0, 0, colours, "[red, blue]", "a set",
};
static const struct key when = {
	"when", KEY_TIME, AT(number), 0, 0, NULL, NULL, "a moment",
};
static const struct key text = {
	"text", KEY_STRING, AT(text), 1, 5, NULL, NULL, "a text",
};
static const struct key long_text = {
	"text", KEY_STRING, AT(text), 0, 0, NULL, NULL, "a text",
};
static const struct key name = {
	"name", KEY_NAME, AT(text), 0, 0, NULL, NULL, "a name",
};

static void
a_value_is_set_and_printed_in_its_shortest_form(void **state)
{
	static const struct {
		const struct key *key;
		const char *text, *want;
	} rows[] = {
		{ &count, "0", "0" },
		{ &count, "-5", "-5" },
		{ &count, "100", "100" },
		{ &count, "007", "7" },
		{ &any, "9223372036854775807", "9223372036854775807" },
		{ &any, "-9223372036854775807", "-9223372036854775807" },
		{ &wait, "10ms", "10ms" },
		{ &wait, "1500ms", "1500ms" },
		{ &wait, "90s", "90s" },
		{ &wait, "60s", "1m" },
		{ &wait, "120m", "2h" },
		{ &room, "1K", "1K" },
		{ &room, "1024", "1K" },
		{ &room, "1025", "1025" },
		{ &room, "65536K", "64M" },
		{ &room, "2T", "2T" },
		{ &most, "0", "0" },
		{ &most, "0G", "0" },
		{ &most, "8388607T", "8388607T" },
		{ &most, "9223372036854775807", "9223372036854775807" },
		{ &when, "2026-11-21T05:39:18.123+01:00",
		  "2026-11-21T04:39:18.123Z" },
		{ &truth, "true", "true" },
		{ &truth, "yes", "true" },
		{ &truth, "on", "true" },
		{ &truth, "false", "false" },
		{ &truth, "no", "false" },
		{ &truth, "off", "false" },
		{ &colour, "red", "red" },
		{ &colour, "blue", "blue" },
		{ &part, "0", "0" },
		{ &part, "2", "2" },
		{ &part, "1000", "1000" },
		{ &part, "0.5", "0.5" },
		{ &part, "00.50", "0.5" },
		{ &part, "2.0", "2" },
		{ &part, "0.000001", "0.000001" },
		{ &part, "999.999999", "999.999999" },
		{ &set, "blue", "[blue]" },
		{ &set, "[]", "[]" },
		{ &set, "[blue, red]", "[red, blue]" },
		{ &text, "a b", "\"a b\"" },
		{ &text, "12345", "12345" },
		{ &long_text, "", "\"\"" },
		{ &name, "a.b-c_1", "a.b-c_1" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct target t = { 0 };
		struct err err = { "" };
		autostr got = STR_INIT;
		int r = value_set(rows[i].key, rows[i].text, &t, &err);

		if (r < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		value_print(rows[i].key, &t, &got);
		check_text(rows[i].text, str_text(&got), rows[i].want);
		free(t.text);
	}
}

static void
a_value_of_another_type_is_refused(void **state)
{
	static const struct {
		const struct key *key;
		const char *text, *want;
	} rows[] = {
		{ &count, "", "'' is not a whole number" },
		{ &count, "x", "'x' is not a whole number" },
		{ &count, "1.5", "'1.5' is not a whole number" },
		{ &count, "1e3", "'1e3' is not a whole number" },
		{ &count, "+1", "'+1' is not a whole number" },
		{ &count, " 1", "' 1' is not a whole number" },
		{ &count, "0x10", "'0x10' is not a whole number" },
		{ &count, "--1", "'--1' is not a whole number" },
		{ &count, "99999999999999999999x",
		  "'99999999999999999999x' is not a whole number" },
		{ &count, "\xc3\xa4", "'\\xc3\\xa4' is not a whole number" },
		{ &wait, "5",
		  "'5' has no unit; write 5s for seconds, or ms, m, h, d" },
		{ &wait, "",
		  "'' is not a duration; write as in 500ms, 10s, "
		  "5m, 1h, 7d" },
		{ &wait, "-1s",
		  "'-1s' is not a duration; write as in 500ms, "
		  "10s, 5m, 1h, 7d" },
		{ &wait, "1.5s",
		  "'1.5s' is not a duration; write as in 500ms, "
		  "10s, 5m, 1h, 7d" },
		{ &wait, "1 s",
		  "'1 s' is not a duration; write as in 500ms, "
		  "10s, 5m, 1h, 7d" },
		{ &room, "",
		  "'' is not a size; write bytes, or as in 64K, "
		  "16M, 1G" },
		{ &room, "64k",
		  "'64k' is not a size; write bytes, or as in "
		  "64K, 16M, 1G" },
		{ &room, "64KB",
		  "'64KB' is not a size; write bytes, or as in "
		  "64K, 16M, 1G" },
		{ &room, "-1",
		  "'-1' is not a size; write bytes, or as in "
		  "64K, 16M, 1G" },
		{ &room, "M",
		  "'M' is not a size; write bytes, or as in 64K, "
		  "16M, 1G" },
		{ &part, "", "'' is not a number; write as in 2 or 0.5" },
		{ &part, ".5", "'.5' is not a number; write as in 2 or 0.5" },
		{ &part, "5.", "'5.' is not a number; write as in 2 or 0.5" },
		{ &part, "-", "'-' is not a number; write as in 2 or 0.5" },
		{ &part, "-1", "'-1' is too small; the least is 0" },
		{ &part, "-0.5", "'-0.5' is too small; the least is 0" },
		{ &part, "1e3", "'1e3' is not a number; write as in 2 or 0.5" },
		{ &part, "nan", "'nan' is not a number; write as in 2 or 0.5" },
		{ &part, "0.1234567",
		  "'0.1234567' has too many digits; write at most 6 after the "
		  "point" },
		{ &set, "gren",
		  "'gren' is not one of red, green, blue; did you mean "
		  "'green'?" },
		{ &when, "tomorrow",
		  "'tomorrow' is not a time; write as in "
		  "2026-11-21T09:30:00Z or 2026-11-21T09:30+01:00, or "
		  "2026-11-21 09:30 for local time" },
		{ &when, "2300-01-01T00:00Z",
		  "'2300-01-01T00:00Z' is not of the years 1970 to 2250" },
		{ &truth, "1", "'1' is not true or false" },
		{ &truth, "True", "'True' is not true or false" },
		{ &colour, "gren",
		  "'gren' is not one of red, green, blue; "
		  "did you mean 'green'?" },
		{ &colour, "", "'' is not one of red, green, blue" },
		{ &colour, "orange\n",
		  "'orange\\n' is not one of red, green, blue" },
		{ &name, "a b",
		  "'a b' is not a name; use letters, digits, "
		  "'.', '_' and '-', and begin with neither '.' "
		  "nor '-'" },
		{ &name, "../x",
		  "'../x' is not a name; use letters, digits, "
		  "'.', '_' and '-', and begin with neither "
		  "'.' nor '-'" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct target t = { .number = 77, .choice = 2, .truth = true };
		struct err err = { "" };

		check_number(rows[i].text,
		             value_set(rows[i].key, rows[i].text, &t, &err),
		             -EBADMSG);
		check_text(rows[i].text, err.text, rows[i].want);
		assert_int_equal(t.number, 77);
		assert_int_equal(t.choice, 2);
		assert_true(t.truth);
		assert_null(t.text);
	}
}

static void
a_value_out_of_range_is_refused_with_the_limit(void **state)
{
	static const struct {
		const struct key *key;
		const char *text, *want;
	} rows[] = {
		{ &count, "-6", "'-6' is too small; the least is -5" },
		{ &count, "101", "'101' is too large; the most is 100" },
		{ &count, "99999999999999999999",
		  "'99999999999999999999' is too large; the most is 100" },
		{ &count, "-99999999999999999999",
		  "'-99999999999999999999' is too small; the least is -5" },
		{ &wait, "9ms", "'9ms' is too small; the least is 10ms" },
		{ &wait, "0", "'0' is too small; the least is 10ms" },
		{ &wait, "3h", "'3h' is too large; the most is 2h" },
		{ &wait, "99999999999999999999d",
		  "'99999999999999999999d' is too large; the most is 2h" },
		{ &room, "1023", "'1023' is too small; the least is 1K" },
		{ &room, "3T", "'3T' is too large; the most is 2T" },
		{ &room, "9999999999T",
		  "'9999999999T' is too large; the most is 2T" },
		{ &room, "99999999999999999999",
		  "'99999999999999999999' is too large; the most is 2T" },
		{ &most, "8388608T",
		  "'8388608T' is too large; the most is "
		  "9223372036854775807" },
		{ &part, "1000.1", "'1000.1' is too large; the most is 1000" },
		{ &more, "0.9", "'0.9' is too small; the least is 1" },
		{ &more, "99999999999999999999",
		  "'99999999999999999999' is too large; the most is 10" },
		{ &text, "", "it may not be empty" },
		{ &text, "123456", "the text is longer than 5 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct target t = { 0 };
		struct err err = { "" };

		check_number(rows[i].text,
		             value_set(rows[i].key, rows[i].text, &t, &err),
		             -EBADMSG);
		check_text(rows[i].text, err.text, rows[i].want);
	}
}

static void
a_text_takes_the_place_of_the_one_before(void **state)
{
	struct target t = { 0 };
	autostr got = STR_INIT;

	(void)state;
	value_print(&text, &t, &got);
	assert_string_equal(str_text(&got), "~");
	assert_int_equal(value_set(&text, "one", &t, NULL), 0);
	assert_int_equal(value_set(&text, "two", &t, NULL), 0);
	assert_int_equal(value_set(&text, "too long", &t, NULL), -EBADMSG);
	assert_string_equal(t.text, "two");
	free(t.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_value_is_set_and_printed_in_its_shortest_form),
		cmocka_unit_test(a_value_of_another_type_is_refused),
		cmocka_unit_test(
			a_value_out_of_range_is_refused_with_the_limit),
		cmocka_unit_test(a_text_takes_the_place_of_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

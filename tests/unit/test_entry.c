#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/entry.h"
#include "tests/support/libcheck.h"

static void
a_name_says_class_sequence_attempts_and_id(void **state)
{
	struct entry e = { 0 };
	char again[ENTRY_NAME_MAX];

	(void)state;
	assert_int_equal(entry_parse("5.000000000042.3.brief.v2", &e), 0);
	assert_int_equal(e.cls, CLASS_MEDIUM);
	assert_int_equal(e.seq, 42);
	assert_int_equal(e.attempts, 3);
	assert_string_equal(e.id, "brief.v2");
	assert_string_equal(entry_format(&e, again),
	                    "5.000000000042.3.brief.v2");
}

static void
what_is_read_is_written_the_same(void **state)
{
	static const char *const rows[] = {
		"1.000000000000.0.a",
		"5.999999999999.999999.a",
		"9.000000000001.10.a-b_c.d",
	};
	autofree char *longest_id = mem_new(1, NAME_LONGEST + 1);
	autofree char *longest = NULL;
	char again[ENTRY_NAME_MAX];
	struct entry e;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(entry_parse(rows[i], &e), 0);
		check_text(rows[i], entry_format(&e, again), rows[i]);
	}
	memset(longest_id, 'x', NAME_LONGEST);
	longest = mem_printf("9.999999999999.999999.%s", longest_id);
	assert_int_equal(strlen(longest) + 1, ENTRY_NAME_MAX);
	assert_int_equal(entry_parse(longest, &e), 0);
	assert_string_equal(entry_format(&e, again), longest);
}

/*
 * Among them those that would be read as an entry and written as another
 * name: nothing could ever move such a file.
 */
static void
anything_else_is_no_entry(void **state)
{
	static const char *const rows[] = {
		"",
		".",
		"brief.md",
		"5",
		"5.",
		"5.000000000001",
		"5.000000000001.0",
		"5.000000000001.0.",
		"5.00000000001.0.a",
		"5.0000000000001.0.a",
		"5.00000000000a.0.a",
		"5.000000000001..a",
		"5.000000000001.x.a",
		"5.000000000001.-1.a",
		"5.000000000001.1000000.a",
		"5.000000000001.00.a",
		"5.000000000001.01.a",
		"0.000000000001.0.a",
		"2.000000000001.0.a",
		"55.000000000001.0.a",
		"5.000000000001.0..a",
		"5.000000000001.0.-a",
		"5.000000000001.0.a b",
		"5.000000000001.0.a/b",
		"5.000000000001.0.a\n",
		" 5.000000000001.0.a",
		"5,000000000001,0,a",
		"+5.000000000001.0.a",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct entry e = { .seq = 77 };

		check_number(rows[i], entry_parse(rows[i], &e), -EBADMSG);
		check_number(rows[i], (int64_t)e.seq, 77);
	}
}

static void
an_id_that_is_too_long_is_no_entry(void **state)
{
	autofree char *id = mem_new(1, NAME_LONGEST + 2);
	autofree char *name = NULL;
	struct entry e;

	(void)state;
	memset(id, 'x', NAME_LONGEST + 1);
	name = mem_printf("5.000000000001.0.%s", id);
	assert_int_equal(entry_parse(name, &e), -EBADMSG);
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
schedule_order_is_the_order_of_names(void **state)
{
	static const char *const rows[] = {
		"1.000000000009.0.z", "1.000000000010.5.a",
		"5.000000000001.0.b", "5.000000000002.9.a",
		"5.999999999999.0.a", "9.000000000000.0.a",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		for (size_t k = 0; k < countof(rows); k++) {
			struct entry a, b;

			assert_int_equal(entry_parse(rows[i], &a), 0);
			assert_int_equal(entry_parse(rows[k], &b), 0);
			assert_int_equal(sign(entry_compare(&a, &b)),
			                 sign(strcmp(rows[i], rows[k])));
		}
	}
}

static void
attempts_do_not_change_the_place_in_the_queue(void **state)
{
	struct entry a, b;

	(void)state;
	assert_int_equal(entry_parse("5.000000000007.0.a", &a), 0);
	assert_int_equal(entry_parse("5.000000000007.12.a", &b), 0);
	assert_int_equal(entry_compare(&a, &b), 0);
}

static void
classes_have_names(void **state)
{
	(void)state;
	assert_string_equal(entry_class_name(CLASS_HIGH), "high");
	assert_string_equal(entry_class_name(CLASS_MEDIUM), "medium");
	assert_string_equal(entry_class_name(CLASS_LOW), "low");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_says_class_sequence_attempts_and_id),
		cmocka_unit_test(what_is_read_is_written_the_same),
		cmocka_unit_test(anything_else_is_no_entry),
		cmocka_unit_test(an_id_that_is_too_long_is_no_entry),
		cmocka_unit_test(schedule_order_is_the_order_of_names),
		cmocka_unit_test(attempts_do_not_change_the_place_in_the_queue),
		cmocka_unit_test(classes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "base/strset.h"

#define MANY 20000

static void
an_unused_set_is_empty(void **state)
{
	autostrset s = STRSET_INIT;
	size_t at = 0;

	(void)state;
	assert_false(strset_has(&s, "a"));
	assert_int_equal(strset_get(&s, "a"), -1);
	assert_false(strset_remove(&s, "a"));
	assert_null(strset_next(&s, &at));
}

static void
what_is_added_is_there_once(void **state)
{
	autostrset s = STRSET_INIT;
	char text[] = "a";

	(void)state;
	assert_true(strset_add(&s, text));
	text[0] = 'x'; /* it is a copy that is kept */
	assert_true(strset_has(&s, "a"));
	assert_false(strset_has(&s, "x"));
	assert_false(strset_add(&s, "a"));
	assert_true(strset_add(&s, ""));
	assert_true(strset_has(&s, ""));
	assert_true(strset_remove(&s, "a"));
	assert_false(strset_has(&s, "a"));
	assert_false(strset_remove(&s, "a"));
	assert_true(strset_has(&s, ""));
}

static void
each_has_its_tag(void **state)
{
	autostrset s = STRSET_INIT;

	(void)state;
	assert_true(strset_add(&s, "a"));
	assert_int_equal(strset_get(&s, "a"), 0);
	strset_tag(&s, "a", 3);
	strset_tag(&s, "b", 255);
	assert_int_equal(strset_get(&s, "a"), 3);
	assert_int_equal(strset_get(&s, "b"), 255);
	assert_false(strset_add(&s, "b"));
	assert_int_equal(strset_get(&s, "b"), 255);
	assert_true(strset_remove(&s, "b"));
	assert_true(strset_add(&s, "b"));
	assert_int_equal(strset_get(&s, "b"), 0);
}

/* Against an array that is as simple as can be. */
static void
a_long_random_life_leaves_what_it_should(void **state)
{
	autostrset s = STRSET_INIT;
	autofree unsigned char *there = mem_new(MANY, 1);
	unsigned seed = 7;
	size_t at = 0, n = 0, want = 0;
	const char *text;

	(void)state;
	for (int i = 0; i < 20 * MANY; i++) {
		int k = rand_r(&seed) % MANY;
		char name[16];

		(void)snprintf(name, sizeof(name), "id-%d", k);
		if (rand_r(&seed) % 2) {
			assert_int_equal(strset_add(&s, name), !there[k]);
			there[k] = 1;
		} else {
			assert_int_equal(strset_remove(&s, name), there[k]);
			there[k] = 0;
		}
	}
	for (int k = 0; k < MANY; k++)
		want += there[k];
	while ((text = strset_next(&s, &at))) {
		assert_true(there[atoi(text + 3)]);
		n++;
	}
	assert_int_equal(n, want);
	assert_int_equal(s.used, want);
	/* Removed ones do not take room for ever. */
	assert_true(s.size <= 8 * (size_t)MANY);
}

static void
names_that_come_and_go_do_not_fill_it(void **state)
{
	autostrset s = STRSET_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", i);
		assert_true(strset_add(&s, name));
		assert_true(strset_remove(&s, name));
	}
	assert_int_equal(s.used, 0);
	assert_true(s.size <= 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unused_set_is_empty),
		cmocka_unit_test(what_is_added_is_there_once),
		cmocka_unit_test(each_has_its_tag),
		cmocka_unit_test(a_long_random_life_leaves_what_it_should),
		cmocka_unit_test(names_that_come_and_go_do_not_fill_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

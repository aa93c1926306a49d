#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "agent/dues.h"
#include "base/cleanup.h"

#define MANY 500

static void
the_first_is_found_whatever_is_set_and_taken_out(void **state)
{
	struct due all[MANY] = { 0 };
	struct dues d = { 0 };
	unsigned seed = 7;

	(void)state;
	assert_null(dues_first(&d));
	for (int step = 0; step < 20000; step++) {
		struct due *due = &all[rand_r(&seed) % MANY];
		const struct due *first = NULL;

		dues_set(&d, due,
		         rand_r(&seed) % 3 ? rand_r(&seed) % 1000 : DUES_NEVER);
		for (size_t i = 0; i < MANY; i++)
			if (all[i].place &&
			    (!first || all[i].when_ns < first->when_ns))
				first = &all[i];
		if (!first)
			assert_null(dues_first(&d));
		else
			assert_int_equal(dues_first(&d)->when_ns,
			                 first->when_ns);
	}
	dues_done(&d);
}

static void
they_come_out_in_order(void **state)
{
	struct due all[MANY] = { 0 };
	struct dues d = { 0 };
	int64_t last = -1;

	(void)state;
	for (int i = 0; i < MANY; i++)
		dues_set(&d, &all[i], (i * 7919) % MANY);
	for (int i = 0; i < MANY; i++) {
		struct due *due = dues_first(&d);

		assert_true(due->when_ns > last);
		last = due->when_ns;
		dues_set(&d, due, DUES_NEVER);
		assert_int_equal(due->place, 0);
	}
	assert_null(dues_first(&d));
	dues_done(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_first_is_found_whatever_is_set_and_taken_out),
		cmocka_unit_test(they_come_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

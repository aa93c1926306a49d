#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/clock.h"
#include "base/mem.h"
#include "cli/deadline.h"
#include "cli/verb.h"
#include "tests/support/libcheck.h"

static void
the_deadline_is_a_duration_from_now(void **state)
{
	static const struct arg_option table[] = {
		{ "timeout", 0, "DURATION", false, "" },
	};
	static const struct {
		const char *value;
		int status;
		int64_t ms;
	} rows[] = {
		{ "0", EXIT_FINE, 0 },       { "1500ms", EXIT_FINE, 1500 },
		{ "2m", EXIT_FINE, 120000 }, { "5", EXIT_USAGE, 0 },
		{ "soon", EXIT_USAGE, 0 },   { "", EXIT_USAGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *value = mem_dup(rows[i].value);
		char option[] = "--timeout";
		char *argv[] = { option, value };
		int64_t before = clock_boot_ns();
		int64_t deadline = 0;
		struct args a;

		assert_int_equal(args_parse(&a, table, 1, 2, argv), 0);
		check_number(value, deadline_option(&a, "timeout", &deadline),
		             rows[i].status);
		args_done(&a);
		if (rows[i].status != EXIT_FINE)
			continue;
		assert_true(deadline >= before + rows[i].ms * CLOCK_NS_PER_MS);
		assert_true(deadline <=
		            clock_boot_ns() + rows[i].ms * CLOCK_NS_PER_MS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deadline_is_a_duration_from_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/stall.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/support/libcheck.h"

#define S(n) ((n)*CLOCK_NS_PER_S)
#define WALL S(1000000)

/* At boot second 100 it had written 5 bytes at second 90. */
static const struct stall_look before = {
	.out = { 5, WALL + S(90) },
	.wall_ns = WALL + S(100),
	.boot_ns = S(100),
};

static struct stall_look
look(int64_t boot_ns, int64_t wall_ns, off_t size, int64_t mtime_ns)
{
	return (struct stall_look){ .out = { size, mtime_ns },
		                    .wall_ns = wall_ns,
		                    .boot_ns = boot_ns };
}

static void
what_was_written_is_a_sign_of_its_time(void **state)
{
	const struct {
		const char *row;
		struct stall_look now;
		int64_t sign_ns;
	} rows[] = {
		{ "nothing", look(S(160), WALL + S(160), 5, WALL + S(90)), 0 },
		{ "grown", look(S(160), WALL + S(160), 9, WALL + S(130)),
		  S(130) },
		{ "written over", look(S(160), WALL + S(160), 5, WALL + S(130)),
		  S(130) },
		{ "cut short", look(S(160), WALL + S(160), 0, WALL + S(101)),
		  S(101) },
		{ "an old time", look(S(160), WALL + S(160), 9, WALL + S(20)),
		  S(100) },
		{ "a time to come",
		  look(S(160), WALL + S(160), 9, WALL + S(900)), S(160) },
		{ "clock set forward",
		  look(S(160), WALL + S(9160), 9, WALL + S(130)), S(160) },
		{ "clock set back",
		  look(S(160), WALL - S(9000), 9, WALL + S(130)), S(160) },
		{ "clock set, nothing written",
		  look(S(160), WALL + S(9160), 5, WALL + S(90)), 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(rows[i].row,
		             stall_written_ns(&before, &rows[i].now),
		             rows[i].sign_ns);
}

static void
the_later_of_the_two_outputs_counts(void **state)
{
	struct stall_look now = look(S(160), WALL + S(160), 9, WALL + S(120));

	(void)state;
	now.errors = (struct stall_file){ 1, WALL + S(140) };
	check_number("stderr", stall_written_ns(&before, &now), S(140));
	now.errors.mtime_ns = WALL + S(110);
	check_number("stdout", stall_written_ns(&before, &now), S(120));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_a_sign_of_its_time),
		cmocka_unit_test(the_later_of_the_two_outputs_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

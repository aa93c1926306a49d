/*
 * A look that begins between the line of a move and its rename.
 *
 * The mover is held up there for the time that a look takes, so that every
 * other rename falls into the middle of one, in a journal that has long
 * stopped growing.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/move.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define OTHERS 3000
#define LOOKS  200

static unsigned seed = 1;

static void
dawdle(int64_t at_most_ns)
{
	int64_t end = clock_boot_ns() + rand_r(&seed) % at_most_ns;

	while (clock_boot_ns() < end)
		;
}

static int
hold_up_renames(enum sys_op op, const char *name)
{
	(void)name;
	if (op == SYS_RENAME)
		dawdle(4 * CLOCK_NS_PER_MS);
	return 0;
}

static void
keep_moving(struct fixture *f, struct entry e)
{
	static const struct move round[] = {
		{ .from = PLACE_RUNNING, .to = PLACE_BLOCKED },
		{ .from = PLACE_BLOCKED, .to = PLACE_READY },
		{ .from = PLACE_READY, .to = PLACE_RUNNING },
	};

	sys_fault = hold_up_renames;
	for (size_t i = 0;; i = (i + 1) % countof(round)) {
		if (move_task(f->desk, &f->journal, &round[i], &e, 1) < 0)
			_exit(1);
		dawdle(8 * CLOCK_NS_PER_MS);
	}
}

static void
a_move_announced_before_the_look_is_not_missed(void **state)
{
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_RUNNING, 1, "a", "");
	struct found found;
	pid_t pid;
	int r = 0;

	/* They stand between blocked/ and running/ in the way of a look. */
	for (uint64_t i = 0; i < OTHERS; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "other-%d", (int)i);
		(void)fixture_task(f, PLACE_READY, 2 + i, id, "");
	}
	pid = fork();
	if (pid == 0)
		keep_moving(f, e);
	for (int i = 0; i < LOOKS && r == 0; i++)
		r = find_task(f->desk, "a", &found);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	assert_int_equal(r, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_move_announced_before_the_look_is_not_missed,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "spool/lane.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define S CLOCK_NS_PER_S

static const struct lane_limits three = { .running = 3 };
static const struct lane_limits one = { .running = 1 };

static struct lane *
enter(struct fixture *f, const char *agent)
{
	struct lane *l = NULL;
	struct err err = { "" };

	if (lane_open(f->spool, "llm", agent, &l, &err) < 0)
		fail_msg("%s", err.text);
	return l;
}

/* A try of the task "t" of this agent, so many seconds after the boot. */
static int
try(struct lane *l, const struct lane_limits *limits, int64_t s, bool impatient)
{
	struct lane_now now = { s * S, 1795235958000 + s * 1000, "boot" };
	int64_t next_ns = 0;

	return lane_take(l, limits, "pm/t", &now, impatient, &next_ns);
}

static void
look(struct fixture *f, const struct lane_limits *limits, struct lane_view *v)
{
	struct lane_now now = { 100 * S, 1795235958000, "boot" };

	assert_int_equal(lane_look(f->spool, "llm", limits, &now, v), 0);
}

static size_t
held(struct fixture *f)
{
	struct lane_view v;
	size_t n;

	look(f, &three, &v);
	n = keys_count(v.held);
	lane_view_done(&v);
	return n;
}

static void
a_lane_that_nobody_used_is_empty_and_not_made_by_looking(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(held(f), 0);
	assert_false(scratch_has(f->scratch->fd, "lanes"));
}

static void
there_is_never_more_than_the_limit(void **state)
{
	struct fixture *f = *state;
	struct lane *all[10];
	int taken = 0;

	for (size_t i = 0; i < countof(all); i++) {
		autofree char *name = mem_printf("a%zu", i);

		all[i] = enter(f, name);
		taken += try(all[i], &three, 1, false) == LANE_TAKEN;
	}
	assert_int_equal(taken, 3);
	assert_int_equal(held(f), 3);
	assert_true(lane_slot(all[0]) >= 0);
	assert_int_equal(lane_slot(all[9]), -1);
	for (size_t i = 0; i < countof(all); i++)
		lane_close(all[i]);
	assert_int_equal(held(f), 0);
}

static void
a_lower_limit_counts_those_who_came_in_under_the_higher(void **state)
{
	struct fixture *f = *state;
	autolane *a = enter(f, "a");
	autolane *b = enter(f, "b");
	autolane *c = enter(f, "c");

	assert_int_equal(try(a, &three, 1, false), LANE_TAKEN);
	assert_int_equal(try(b, &three, 1, false), LANE_TAKEN);
	lane_release(a); /* slot 0 is free, slot 1 is not */
	assert_int_equal(try(c, &one, 2, false), LANE_FULL);
	lane_release(b);
	assert_int_equal(try(c, &one, 2, false), LANE_TAKEN);
}

static void
those_who_wait_are_served_in_their_order(void **state)
{
	struct fixture *f = *state;
	autolane *a = enter(f, "a");
	autolane *b = enter(f, "b");
	autolane *c = enter(f, "c");

	assert_int_equal(try(a, &one, 1, false), LANE_TAKEN);
	assert_int_equal(try(b, &one, 2, false), LANE_FULL);
	assert_int_equal(try(c, &one, 3, false), LANE_FULL);
	lane_release(a);
	assert_int_equal(try(a, &one, 4, false), LANE_TURN);
	assert_int_equal(try(c, &one, 5, false), LANE_TURN);
	assert_int_equal(try(b, &one, 6, false), LANE_TAKEN);
	lane_release(b);
	assert_int_equal(try(a, &one, 7, false), LANE_TURN);
	assert_int_equal(try(c, &one, 8, false), LANE_TAKEN);
	lane_release(c);
	assert_int_equal(try(a, &one, 9, false), LANE_TAKEN);
}

static void
who_leaves_the_line_is_in_nobodys_way(void **state)
{
	struct fixture *f = *state;
	autolane *a = enter(f, "a");
	autolane *b = enter(f, "b");

	assert_int_equal(try(a, &one, 1, false), LANE_TAKEN);
	assert_int_equal(try(b, &one, 2, false), LANE_FULL);
	assert_true(scratch_has(f->scratch->fd, "lanes/llm/wait.b"));
	lane_leave(b);
	assert_false(scratch_has(f->scratch->fd, "lanes/llm/wait.b"));
	lane_release(a);
	assert_int_equal(try(a, &one, 3, false), LANE_TAKEN);
}

static void
a_ticket_that_nobody_holds_does_not_count(void **state)
{
	struct fixture *f = *state;
	autolane *a = enter(f, "a");

	scratch_write(f->scratch->fd, "lanes/llm/wait.dead", "1\n");
	assert_int_equal(try(a, &one, 3, false), LANE_TAKEN);
}

static void
patience_with_those_who_came_first_has_an_end(void **state)
{
	struct fixture *f = *state;
	autolane *a = enter(f, "a");
	autolane *b = enter(f, "b");

	assert_int_equal(try(a, &one, 1, false), LANE_TAKEN);
	assert_int_equal(try(b, &one, 2, false), LANE_FULL);
	lane_release(a);
	assert_int_equal(try(a, &one, 3, false), LANE_TURN);
	assert_int_equal(try(a, &one, 4, true), LANE_TAKEN);
}

static void
starts_are_limited_with_and_without_a_limit_of_those_that_run(void **state)
{
	static const struct lane_limits rows[] = {
		{ .per_minute = 2 },
		{ .running = 5, .per_minute = 2 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		int64_t t = 100 + 1000 * (int64_t)i;
		struct lane_now now = { (t + 3) * S, 1795235958000, "boot" };
		autolane *a = enter(f, "a");
		int64_t next_ns = 0;

		assert_int_equal(try(a, &rows[i], t, false), LANE_TAKEN);
		lane_release(a);
		assert_int_equal(try(a, &rows[i], t + 2, false), LANE_TAKEN);
		lane_release(a);
		assert_int_equal(
			lane_take(a, &rows[i], "pm/t", &now, false, &next_ns),
			LANE_RATE);
		assert_true(next_ns == (t + 60) * S);
		assert_int_equal(try(a, &rows[i], t + 59, true), LANE_RATE);
		assert_int_equal(try(a, &rows[i], t + 60, false), LANE_TAKEN);
		lane_release(a);
	}
}

static void
what_is_in_a_lane_is_shown(void **state)
{
	static const struct lane_limits limits = { 3, 1 };
	struct fixture *f = *state;
	autolane *a = enter(f, "a");
	struct lane_view v;

	assert_int_equal(try(a, &limits, 90, false), LANE_TAKEN);
	look(f, &limits, &v);
	assert_int_equal(keys_count(v.held), 1);
	assert_string_equal(v.held[0], "pm/t");
	assert_int_equal(v.begun, 1);
	assert_true(v.next_ms == 1795235958000 + 50 * 1000);
	lane_view_done(&v);
}

/* Take a slot, and keep it by a child of a child alone. */
static void
take_and_die(struct fixture *f, int go)
{
	struct lane *l = NULL;
	char byte;

	if (lane_open(f->spool, "llm", "a", &l, NULL) < 0 ||
	    try(l, &one, 1, false) != LANE_TAKEN)
		_exit(1);
	if (fork() == 0) {
		(void)!read(go, &byte, 1);
		_exit(0);
	}
	(void)kill(getpid(), SIGKILL);
}

static bool
nobody_has_it(void *fixture)
{
	return held(fixture) == 0;
}

static void
a_slot_is_taken_while_anything_that_inherited_it_lives(void **state)
{
	struct fixture *f = *state;
	autolane *b = enter(f, "b");
	int go[2];
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(go[1]);
		take_and_die(f, go[0]);
	}
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	assert_int_equal(try(b, &one, 2, false), LANE_FULL);
	(void)close(go[1]);
	(void)close(go[0]);
	check_until(nobody_has_it, f);
	assert_int_equal(try(b, &one, 3, false), LANE_TAKEN);
}

static void
strange_names_are_no_slots(void **state)
{
	static const char *const names[] = {
		"slot.", "slot.x", "slot.1x", "slot.99999", "slot.-1", "slots",
	};
	struct fixture *f = *state;
	autolane *a = enter(f, "a");

	for (size_t i = 0; i < countof(names); i++) {
		autofree char *path = mem_printf("lanes/llm/%s", names[i]);

		scratch_write(f->scratch->fd, path, "pm/x\n");
	}
	assert_int_equal(held(f), 0);
	assert_int_equal(try(a, &one, 1, false), LANE_TAKEN);
	assert_int_equal(held(f), 1);
}

static void
a_lane_that_cannot_be_made_is_told_of(void **state)
{
	struct fixture *f = *state;
	struct lane *l = NULL;
	struct err err = { "" };

	scratch_write(f->scratch->fd, "lanes", "a file");
	assert_true(lane_open(f->spool, "llm", "a", &l, &err) < 0);
	check_contains("err", err.text, "/lanes/llm'");
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lane_that_nobody_used_is_empty_and_not_made_by_looking),
		TEST(there_is_never_more_than_the_limit),
		TEST(a_lower_limit_counts_those_who_came_in_under_the_higher),
		TEST(those_who_wait_are_served_in_their_order),
		TEST(who_leaves_the_line_is_in_nobodys_way),
		TEST(a_ticket_that_nobody_holds_does_not_count),
		TEST(patience_with_those_who_came_first_has_an_end),
		TEST(starts_are_limited_with_and_without_a_limit_of_those_that_run),
		TEST(what_is_in_a_lane_is_shown),
		TEST(a_slot_is_taken_while_anything_that_inherited_it_lives),
		TEST(strange_names_are_no_slots),
		TEST(a_lane_that_cannot_be_made_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "orchestrator/roster.h"
#include "tests/support/libcheck.h"

#define S CLOCK_NS_PER_S

static const struct roster_rules rules = {
	.backoff_ns = 1 * S,
	.backoff_max_ns = 10 * S,
	.window_ns = 60 * S,
	.after = 3,
};

static const struct roster_end failed = { true, 1, 0 };
static const struct roster_end killed = { true, -1, 9 };
static const struct roster_end held = { true, 75, 0 };

/* What happened to an agent that ended at `now`, and what it was told. */
struct told {
	enum roster_verdict verdict;
	int64_t pause_ns;
	char why[512];
};

static struct told
end_it(struct roster_agent *a, const struct roster_end *end, int64_t now)
{
	struct told told = { .pause_ns = -1 };
	autostr why = STR_INIT;

	told.verdict = roster_ended(a, &rules, end, now, &told.pause_ns, &why);
	(void)snprintf(told.why, sizeof(told.why), "%s", str_text(&why));
	return told;
}

static void
run_from(struct roster_agent *a, int64_t now)
{
	assert_true(roster_move(a, ROSTER_RUNS, now));
	assert_int_equal(a->state, ROSTER_UP);
}

/* The table once more, by hand: what each event leads to, 0 is refused. */
static void
every_event_in_every_state_leads_where_the_picture_says(void **state)
{
	enum { NO, DUE, UP, STOP, QUAR, DOWN };
	static const int want[ROSTER_NSTATES][ROSTER_NEVENTS] = {
		/*                RUNS ENDS  CONDEMN RESUME STOP */
		[ROSTER_NONE] = { NO, NO, NO, NO, NO },
		[ROSTER_DUE] = { UP, NO, QUAR, NO, DOWN },
		[ROSTER_UP] = { NO, DUE, QUAR, NO, STOP },
		[ROSTER_STOPPING] = { NO, DOWN, NO, NO, NO },
		[ROSTER_QUARANTINED] = { NO, NO, NO, DUE, DOWN },
		[ROSTER_DOWN] = { NO, NO, NO, NO, NO },
	};

	(void)state;
	for (int s = 0; s < ROSTER_NSTATES; s++)
		for (int ev = 0; ev < ROSTER_NEVENTS; ev++) {
			struct roster_agent a = {
				.state = (enum roster_state)s,
			};
			const char *row = roster_state_name(a.state);
			int next = want[s][ev];

			check_number(row, (int)roster_after(a.state, ev), next);
			check_number(row, roster_move(&a, ev, 1), next != NO);
			check_number(row, (int)a.state, next ? next : s);
		}
}

static void
the_pause_doubles_up_to_its_limit(void **state)
{
	static const struct {
		unsigned streak;
		int64_t seconds;
	} rows[] = { { 0, 1 },  { 1, 2 },     { 2, 4 },          { 3, 8 },
		     { 4, 10 }, { 1000, 10 }, { UINT32_MAX, 10 } };
	struct roster_rules wide = { .backoff_ns = 3,
		                     .backoff_max_ns = INT64_MAX };
	struct roster_rules narrow = { .backoff_ns = 5, .backoff_max_ns = 2 };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(roster_pause(&rules, rows[i].streak),
		                 rows[i].seconds * S);
	assert_int_equal(roster_pause(&wide, 1000), INT64_MAX);
	assert_int_equal(roster_pause(&narrow, 0), 2);
	assert_int_equal(roster_pause(&narrow, 7), 2);
}

static void
an_agent_that_dies_is_restarted_after_ever_longer_pauses(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	assert_int_equal(a.state, ROSTER_DUE);
	run_from(&a, 100 * S);
	told = end_it(&a, &failed, 101 * S);
	assert_int_equal(told.verdict, ROSTER_RESTART);
	assert_int_equal(told.pause_ns, 1 * S);
	assert_int_equal(a.state, ROSTER_DUE);
	assert_string_equal(told.why, "");
	run_from(&a, 102 * S);
	told = end_it(&a, &killed, 103 * S);
	assert_int_equal(told.verdict, ROSTER_RESTART);
	assert_int_equal(told.pause_ns, 2 * S);
	roster_done(&a);
}

static void
the_third_death_in_the_window_is_one_too_many(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 2; i++) {
		run_from(&a, i * 20 * S);
		(void)end_it(&a, &failed, (i * 20 + 10) * S);
	}
	run_from(&a, 40 * S);
	told = end_it(&a, &killed, 70 * S); /* the first was at 10 */
	assert_int_equal(told.verdict, ROSTER_GIVE_UP);
	assert_int_equal(a.state, ROSTER_QUARANTINED);
	check_contains("count", told.why, "ended 3 times within 1m00s");
	check_contains("last", told.why, "the last time with signal 9 (");
	check_contains("remedy", told.why, "spoolhand resume pm");
	assert_null(strchr(told.why, '\n'));
	roster_done(&a);
}

static void
a_death_that_has_left_the_window_is_forgotten(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 2; i++) {
		run_from(&a, i * 20 * S);
		(void)end_it(&a, &failed, (i * 20 + 10) * S);
	}
	run_from(&a, 40 * S);
	told = end_it(&a, &failed, 70 * S + 1);
	assert_int_equal(told.verdict, ROSTER_RESTART);
	assert_int_equal(told.pause_ns, 4 * S);
	assert_int_equal(a.ndeaths, 2);
	roster_done(&a);
}

static void
having_run_for_longer_than_the_window_wipes_the_slate(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 2; i++) {
		run_from(&a, i * S);
		(void)end_it(&a, &failed, i * S);
	}
	run_from(&a, 10 * S);
	told = end_it(&a, &failed, 70 * S + 1);
	assert_int_equal(told.verdict, ROSTER_RESTART);
	assert_int_equal(told.pause_ns, 1 * S);
	assert_int_equal(a.ndeaths, 1);
	roster_done(&a);
}

static void
a_window_of_one_death_gives_up_at_once(void **state)
{
	struct roster_rules strict = rules;
	struct roster_agent a;
	autostr why = STR_INIT;
	int64_t pause = -1;

	(void)state;
	strict.after = 1;
	roster_init(&a, "pm");
	run_from(&a, 0);
	assert_int_equal(roster_ended(&a, &strict, &failed, S, &pause, &why),
	                 ROSTER_GIVE_UP);
	check_contains("grammar", str_text(&why), "ended 1 time within");
	assert_int_equal(pause, -1);
	roster_done(&a);
}

static void
a_desk_in_other_hands_is_no_death(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 20; i++) {
		run_from(&a, i * S);
		told = end_it(&a, &held, i * S);
		assert_int_equal(told.verdict, ROSTER_LOOK);
		assert_int_equal(a.state, ROSTER_DUE);
		assert_int_equal(told.pause_ns, roster_pause(&rules, i));
	}
	assert_int_equal(a.ndeaths, 0);
	roster_done(&a);
}

static void
some_ends_leave_no_hope(void **state)
{
	static const struct {
		int exit;
		const char *why; /* NULL: there is hope */
	} rows[] = {
		{ 0, NULL },
		{ 1, NULL },
		{ 70, NULL },
		{ 74, NULL },
		{ 78, "its configuration is bad (exit status 78)" },
		{ 126, "its program cannot be run (exit status 126)" },
		{ 127, "its program was not found (exit status 127)" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct roster_end end = { true, rows[i].exit, 0 };
		struct roster_agent a;
		struct told told;

		roster_init(&a, "pm");
		run_from(&a, 0);
		told = end_it(&a, &end, S);
		check_number("verdict", (int)told.verdict,
		             rows[i].why ? ROSTER_GIVE_UP : ROSTER_RESTART);
		check_contains("why", told.why, rows[i].why ? rows[i].why : "");
		check_contains("remedy", told.why,
		               rows[i].why ? "spoolhand resume pm" : "");
		roster_done(&a);
	}
}

static void
an_end_that_nobody_saw_counts_as_a_death(void **state)
{
	static const struct roster_end unseen = { .exit = -1 };
	struct roster_agent a;
	struct told told = { .verdict = ROSTER_RESTART };

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(told.verdict, ROSTER_RESTART);
		run_from(&a, i * S);
		told = end_it(&a, &unseen, i * S);
	}
	assert_int_equal(told.verdict, ROSTER_GIVE_UP);
	check_contains("how", told.why, "unknown status");
	roster_done(&a);
}

static void
an_agent_that_was_told_to_stop_is_let_go(void **state)
{
	struct roster_agent a;

	(void)state;
	roster_init(&a, "pm");
	run_from(&a, 0);
	assert_true(roster_move(&a, ROSTER_STOP, S));
	assert_int_equal(end_it(&a, &killed, 2 * S).verdict, ROSTER_LET_GO);
	assert_int_equal(a.state, ROSTER_DOWN);
	assert_int_equal(a.ndeaths, 0);
	roster_done(&a);
}

static void
resuming_begins_anew(void **state)
{
	struct roster_agent a;
	struct told told;

	(void)state;
	roster_init(&a, "pm");
	for (int i = 0; i < 3; i++) {
		run_from(&a, i * S);
		told = end_it(&a, &failed, i * S);
	}
	assert_int_equal(told.verdict, ROSTER_GIVE_UP);
	assert_true(roster_move(&a, ROSTER_RESUME, 5 * S));
	run_from(&a, 5 * S);
	told = end_it(&a, &failed, 6 * S);
	assert_int_equal(told.verdict, ROSTER_RESTART);
	assert_int_equal(told.pause_ns, 1 * S);
	roster_done(&a);
}

static void
what_can_never_be_started_is_condemned_with_its_reason(void **state)
{
	struct roster_agent a;
	autostr why = STR_INIT;

	(void)state;
	roster_init(&a, "pm");
	assert_int_equal(roster_put_off(&a, &rules), 1 * S);
	assert_int_equal(roster_put_off(&a, &rules), 2 * S);
	assert_int_equal(a.state, ROSTER_DUE);
	roster_condemn(&a, "cannot run 'x': No such file", S, &why);
	assert_int_equal(a.state, ROSTER_QUARANTINED);
	check_contains("reason", str_text(&why),
	               "cannot run 'x': No such file; ");
	roster_done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_event_in_every_state_leads_where_the_picture_says),
		cmocka_unit_test(the_pause_doubles_up_to_its_limit),
		cmocka_unit_test(
			an_agent_that_dies_is_restarted_after_ever_longer_pauses),
		cmocka_unit_test(the_third_death_in_the_window_is_one_too_many),
		cmocka_unit_test(a_death_that_has_left_the_window_is_forgotten),
		cmocka_unit_test(
			having_run_for_longer_than_the_window_wipes_the_slate),
		cmocka_unit_test(a_window_of_one_death_gives_up_at_once),
		cmocka_unit_test(a_desk_in_other_hands_is_no_death),
		cmocka_unit_test(some_ends_leave_no_hope),
		cmocka_unit_test(an_end_that_nobody_saw_counts_as_a_death),
		cmocka_unit_test(an_agent_that_was_told_to_stop_is_let_go),
		cmocka_unit_test(resuming_begins_anew),
		cmocka_unit_test(
			what_can_never_be_started_is_condemned_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

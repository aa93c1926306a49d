#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "spool/state.h"
#include "tests/support/libcheck.h"

/*
 * The moves, written down a second time from the text of the format, by name
 * and not from the table: whoever changes one must change the other.
 */
static const struct {
	const char *from, *to;
	enum task_event ev;
} the_moves[] = {
	{ "PENDING", "READY", EV_INPUTS },   { "READY", "RUNNING", EV_START },
	{ "BLOCKED", "READY", EV_ARRIVE },   { "RUNNING", "BLOCKED", EV_WAIT },
	{ "RUNNING", "COMPLETED", EV_DONE }, { "RUNNING", "FAILED", EV_FAIL },
};

static bool
listed(const char *from, const char *to)
{
	for (size_t i = 0; i < countof(the_moves); i++)
		if (strcmp(the_moves[i].from, from) == 0 &&
		    strcmp(the_moves[i].to, to) == 0)
			return true;
	return false;
}

static void
there_are_six_states(void **state)
{
	static const char *const names[] = { "PENDING", "READY",     "RUNNING",
		                             "BLOCKED", "COMPLETED", "FAILED" };

	(void)state;
	assert_int_equal(TASK_NSTATES - 1, countof(names));
	for (size_t i = 0; i < countof(names); i++)
		assert_true(state_parse(names[i]) != TASK_NONE);
}

static void
of_all_36_pairs_six_are_moves(void **state)
{
	int pairs = 0, accepted = 0;

	(void)state;
	for (int a = TASK_NONE + 1; a < TASK_NSTATES; a++) {
		for (int b = TASK_NONE + 1; b < TASK_NSTATES; b++) {
			enum task_state from = (enum task_state)a;
			enum task_state to = (enum task_state)b;
			char row[64];

			(void)snprintf(row, sizeof(row), "%s to %s",
			               state_name(from), state_name(to));
			check_number(row, state_may_move(from, to),
			             listed(state_name(from), state_name(to)));
			accepted += state_may_move(from, to);
			pairs++;
		}
	}
	assert_int_equal(pairs, 36);
	assert_int_equal(accepted, 6);
}

static void
nothing_moves_from_or_to_no_state(void **state)
{
	(void)state;
	for (int s = TASK_NONE; s < TASK_NSTATES; s++) {
		assert_false(state_may_move(TASK_NONE, (enum task_state)s));
		assert_false(state_may_move((enum task_state)s, TASK_NONE));
	}
}

static void
each_event_has_its_one_move_and_is_refused_elsewhere(void **state)
{
	(void)state;
	for (int s = TASK_NONE; s < TASK_NSTATES; s++) {
		for (int ev = EV_NONE; ev < EV_NEVENTS; ev++) {
			const char *from = state_name((enum task_state)s);
			enum task_state want = TASK_NONE;

			for (size_t i = 0; i < countof(the_moves); i++)
				if (the_moves[i].ev == (enum task_event)ev &&
				    !strcmp(the_moves[i].from, from))
					want = state_parse(the_moves[i].to);
			assert_int_equal(state_after((enum task_state)s,
			                             (enum task_event)ev),
			                 want);
		}
	}
}

static void
the_ends_are_ends(void **state)
{
	(void)state;
	for (int s = TASK_NONE; s < TASK_NSTATES; s++) {
		assert_false(
			state_may_move(TASK_COMPLETED, (enum task_state)s));
		assert_false(state_may_move(TASK_FAILED, (enum task_state)s));
	}
}

static void
only_what_waits_may_be_withdrawn(void **state)
{
	static const bool may[TASK_NSTATES] = {
		[TASK_PENDING] = true,
		[TASK_READY] = true,
		[TASK_BLOCKED] = true,
	};

	(void)state;
	for (int s = TASK_NONE; s < TASK_NSTATES; s++)
		check_number(state_name((enum task_state)s),
		             state_may_withdraw((enum task_state)s), may[s]);
}

/* Both in the case of `name` and in the other. */
static void
other_case(const char *name, char *out)
{
	size_t i;

	for (i = 0; name[i]; i++)
		out[i] = (char)(isupper((unsigned char)name[i]) ?
		                        tolower((unsigned char)name[i]) :
		                        toupper((unsigned char)name[i]));
	out[i] = '\0';
}

static void
names_are_read_back_in_any_case(void **state)
{
	char other[32];

	(void)state;
	for (int s = TASK_NONE + 1; s < TASK_NSTATES; s++) {
		other_case(state_name((enum task_state)s), other);
		assert_int_equal(state_parse(state_name((enum task_state)s)),
		                 s);
		assert_int_equal(state_parse(other), s);
	}
	for (int r = BLOCK_NONE + 1; r < BLOCK_NREASONS; r++) {
		const char *name = state_reason_name((enum block_reason)r);

		other_case(name, other);
		assert_int_equal(state_reason_parse(name), r);
		assert_int_equal(state_reason_parse(other), r);
	}
	for (int o = OUT_NONE + 1; o < OUT_N; o++) {
		const char *name = state_outcome_name((enum outcome)o);

		other_case(name, other);
		assert_int_equal(state_outcome_parse(name), o);
		assert_int_equal(state_outcome_parse(other), o);
	}
}

static void
nonsense_is_no_state_reason_or_outcome(void **state)
{
	static const char *const rows[] = { "",       "x",      "READ",
		                            "READYY", "NONE",   "none",
		                            " READY", "READY ", NULL };

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(state_parse(rows[i]), TASK_NONE);
		assert_int_equal(state_reason_parse(rows[i]), BLOCK_NONE);
		assert_int_equal(state_outcome_parse(rows[i]), OUT_NONE);
	}
}

static void
outcomes_that_are_states_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(state_outcome_name(OUT_COMPLETED),
	                    state_name(TASK_COMPLETED));
	assert_string_equal(state_outcome_name(OUT_FAILED),
	                    state_name(TASK_FAILED));
	assert_int_equal(state_parse(state_outcome_name(OUT_WITHDRAWN)),
	                 TASK_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_six_states),
		cmocka_unit_test(of_all_36_pairs_six_are_moves),
		cmocka_unit_test(nothing_moves_from_or_to_no_state),
		cmocka_unit_test(
			each_event_has_its_one_move_and_is_refused_elsewhere),
		cmocka_unit_test(the_ends_are_ends),
		cmocka_unit_test(only_what_waits_may_be_withdrawn),
		cmocka_unit_test(names_are_read_back_in_any_case),
		cmocka_unit_test(nonsense_is_no_state_reason_or_outcome),
		cmocka_unit_test(outcomes_that_are_states_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

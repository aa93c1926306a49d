/*
 * A result that is removed: whatever fails, and wherever the process dies, it
 * is there whole or is gone, and the journal says which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/keys.h"
#include "spool/admit.h"
#include "spool/correct.h"
#include "spool/fsck.h"
#include "spool/recover.h"
#include "spool/result.h"
#include "spool/retain.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"
#include "tests/support/libsound.h"

static void
prepare(struct fixture *f)
{
	sound_publish(f, "a", OUT_COMPLETED);
	sound_publish(f, "b", OUT_FAILED);
}

static int
remove_both(struct fixture *f)
{
	int r = 0;

	if (fixture_has(f, PLACE_OUTBOX, "a"))
		r = retain_take_out(f->desk, &f->journal, PLACE_OUTBOX, "a",
		                    "old", FIXTURE_NOW);
	if (r == 0 && fixture_has(f, PLACE_FAILED, "b"))
		r = retain_take_out(f->desk, &f->journal, PLACE_FAILED, "b",
		                    "old", FIXTURE_NOW);
	return r < 0 ? r : retain_sweep(f->desk);
}

static void
check_whole(struct fixture *f, const char *row, enum place p, const char *id)
{
	struct err err = { "" };

	if (fixture_has(f, p, id) && result_check(f->desk, p, id, &err) < 0)
		fail_msg("%s: half of a result is seen: %s", row, err.text);
}

static void
check(struct fixture *f, const char *row, int result)
{
	check_whole(f, row, PLACE_OUTBOX, "a");
	check_whole(f, row, PLACE_FAILED, "b");
	if (result >= 0 && (fixture_has(f, PLACE_OUTBOX, "a") ||
	                    fixture_has(f, PLACE_ADMIT, "+a")))
		fail_msg("%s: success was told", row);
}

static int
no_policy(void *arg, const struct entry *e, struct record *rec)
{
	(void)arg;
	(void)e;
	(void)rec;
	return 0;
}

static int
resume(struct fixture *f, bool died)
{
	struct recover_count n;
	char **claimed = NULL;
	int r = 0;

	if (died)
		r = recover_desk(f->desk, &f->journal, FIXTURE_NOW, no_policy,
		                 NULL, &n, NULL);
	if (r == 0)
		r = admit_recover(f->desk, &f->journal, FIXTURE_NOW, &claimed,
		                  NULL);
	keys_free_list(claimed);
	return r < 0 ? r : remove_both(f);
}

static void
after(struct fixture *f, const char *row)
{
	struct sound_heard h = { STR_INIT, 0 };
	autofree char *left = scratch_list(f->desk->at[PLACE_ADMIT], ".");

	check_text(row, left, "");
	check_number(row, fixture_has(f, PLACE_OUTBOX, "a"), false);
	check_number(row, fixture_has(f, PLACE_FAILED, "b"), false);
	(void)sound_fsck(f, false, FIXTURE_NOW, &h);
	check_text(row, str_text(&h.codes), "");
	str_done(&h.codes);
}

static void
a_result_is_whole_or_gone_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, remove_both, check,
		                             resume, after };

	(void)state;
	fault_run(&c);
}

/* A power cut must not bring back the name of what has been deleted. */
static void
it_is_out_of_sight_for_good_before_it_is_deleted(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	prepare(f);
	f->spool->durable = true;
	trace = fault_trace(f, remove_both);
	fault_in_order(trace, "rename:+a ", "fsync:outbox ");
	fault_in_order(trace, "rename:+b ", "fsync:failed ");
	fault_in_order(trace, "fsync:outbox ", "unlink:");
	fault_in_order(trace, "fsync:failed ", "unlink:");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_whole_or_gone_whatever_fails),
		cmocka_unit_test_setup_teardown(
			it_is_out_of_sight_for_good_before_it_is_deleted,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

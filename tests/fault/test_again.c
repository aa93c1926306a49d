#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/keys.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "spool/recover.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static uint64_t next_seq;

static void
prepare(struct fixture *f)
{
	int failed = f->desk->at[PLACE_FAILED];

	next_seq = 1;
	scratch_mkdir(failed, "a");
	scratch_write(failed, "a/task", "Do it.\n");
	scratch_write(failed, "a/result.json", "{\"state\":\"FAILED\"}");
}

/* Each try has a number of its own, as an agent gives it. */
static int
again(struct fixture *f)
{
	struct entry e;

	return admit_again(f->desk, &f->journal, "a", next_seq++, FIXTURE_NOW,
	                   &e, NULL);
}

static void
check(struct fixture *f, const char *row, int result)
{
	bool old = fixture_has(f, PLACE_FAILED, "a") ||
	           fixture_has(f, PLACE_WORK, "a/failed-1/task");

	if (!old)
		fail_msg("%s: the old result is lost", row);
	if (fixture_copies(f, "a") > 1)
		fail_msg("%s: there are %d", row, fixture_copies(f, "a"));
	if (result >= 0 && fixture_copies(f, "a") != 1)
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

/* A living agent reads the request again; a new one recovers first. */
static int
resume(struct fixture *f, bool died)
{
	struct recover_count n;
	char **claimed = NULL;
	int r = 0;

	if (died)
		r = recover_desk(f->desk, &f->journal, FIXTURE_NOW, no_policy,
		                 NULL, &n, NULL);
	else if (fixture_has(f, PLACE_FAILED, "a"))
		r = again(f);
	/* And sooner or later every agent is started again. */
	if (r == 0)
		r = admit_recover(f->desk, &f->journal, FIXTURE_NOW, &claimed,
		                  NULL);
	keys_free_list(claimed);
	if (r == 0 && fixture_has(f, PLACE_FAILED, "a"))
		r = again(f);
	return r;
}

static void
after(struct fixture *f, const char *row)
{
	autofree char *names = scratch_list(f->desk->at[PLACE_PENDING], ".");
	autofree char *left = scratch_list(f->desk->at[PLACE_ADMIT], ".");
	autofree char *text = NULL;

	check_number(row, fixture_copies(f, "a"), 1);
	text = fixture_read(f, PLACE_PENDING, names);
	check_text(row, text, "Do it.\n");
	check_text(row, left, "");
	assert_true(fixture_has(f, PLACE_WORK, "a/failed-1/result.json"));
}

static void
a_failed_task_begins_again_once_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, again, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

static void
a_beginning_is_synced_before_the_old_result_goes(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, again);
	fault_in_order(trace, "link:=5.000000000001.0.a ", "fsync:admit ");
	fault_in_order(trace, "fsync:admit ", "rename:failed-1 ");
	fault_in_order(trace, "rename:failed-1 ", "write:journal.jsonl ");
	fault_in_order(trace, "rename:5.000000000001.0.a ", "fsync:pending ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_failed_task_begins_again_once_whatever_fails),
		cmocka_unit_test_setup_teardown(
			a_beginning_is_synced_before_the_old_result_goes,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

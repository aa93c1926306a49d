#include <errno.h>
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
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/cascade.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
call(struct fixture *f, unsigned n, const char *child, bool detached)
{
	autofree char *dir = mem_printf("work/a/calls/%04u", n);
	autofree char *path = mem_printf("%s/call.json", dir);
	autofree char *agent = mem_dupn(child, strcspn(child, "/"));
	autofree char *ref = mem_dup(child);
	const struct call c = { .n = n,
		                .kind = CALL_CHILD,
		                .what = agent,
		                .begun_ms = FIXTURE_NOW,
		                .child = ref,
		                .detached = detached };
	autostr text = STR_INIT;

	if (n == 1) {
		scratch_mkdir(f->desk->fd, "work/a");
		scratch_mkdir(f->desk->fd, "work/a/calls");
	}
	scratch_mkdir(f->desk->fd, dir);
	calls_print(&c, &text);
	scratch_write(f->desk->fd, path, str_text(&text));
}

/* "qm/b cancel_requested, pm/c ended": what was told, to free. */
static char *
cancel(struct fixture *f)
{
	autocascade told = CASCADE_INIT;
	autostr text = STR_INIT;
	struct err err = { "" };

	/* The second time it is the same. */
	for (int i = 0; i < 2; i++)
		if (cascade_cancel(f->desk, "a", &told, &err) < 0)
			fail_msg("%s", err.text);
	for (size_t i = 0; i < told.n; i++)
		str_addf(&text, "%s%s %s", i ? ", " : "", told.children[i].ref,
		         cascade_fate_name(told.children[i].fate));
	return mem_dup(str_text(&text));
}

static void
who_has_called_nobody_asks_nobody(void **state)
{
	struct fixture *f = *state;
	autofree char *none = cancel(f);

	assert_string_equal(none, "");
	scratch_mkdir(f->desk->fd, "work/a");
	scratch_write(f->desk->fd, "work/a/calls", "no folder");
	free(take_ptr(none));
	none = cancel(f);
	assert_string_equal(none, "");
}

static void
each_child_has_its_fate(void **state)
{
	struct fixture *f = *state;
	autofree char *told = NULL;
	autodesk *other = NULL;

	assert_int_equal(desk_make(f->spool, "qm", NULL), 0);
	assert_int_equal(desk_open(f->spool, "qm", &other, NULL), 0);
	call(f, 1, "qm/pending", false);
	call(f, 2, "pm/own", false);
	call(f, 3, "qm/ended", false);
	call(f, 4, "qm/free", true);
	call(f, 5, "qm/nowhere", false);
	call(f, 6, "xm/what", false);
	call(f, 7, "qm/dropped", false);
	scratch_write(other->at[PLACE_PENDING], "5.000000000001.0.pending",
	              "x");
	scratch_write(other->at[PLACE_READY], "5.000000000002.0.free", "x");
	scratch_mkdir(other->at[PLACE_OUTBOX], "ended");
	scratch_write(other->at[PLACE_INBOX], "dropped.md", "x");
	(void)fixture_task(f, PLACE_RUNNING, 3, "own", "x");
	told = cancel(f);
	assert_string_equal(told, "qm/pending cancel_requested, "
	                          "pm/own cancel_requested, qm/ended ended, "
	                          "qm/free detached, qm/nowhere absent, "
	                          "xm/what out_of_reach, "
	                          "qm/dropped cancel_requested");
	assert_true(fixture_has(f, PLACE_REQUESTS, "cancel.own"));
	free(take_ptr(told));
	told = scratch_list(other->at[PLACE_REQUESTS], ".");
	check_text("requests", told, "cancel.dropped cancel.pending");
}

static void
other_calls_and_damaged_ones_are_passed_over(void **state)
{
	struct fixture *f = *state;
	autofree char *told = NULL;

	call(f, 1, "pm/one", false);
	(void)fixture_task(f, PLACE_READY, 1, "one", "x");
	scratch_mkdir(f->desk->fd, "work/a/calls/0002");
	scratch_write(f->desk->fd, "work/a/calls/0002/call.json", "{nonsense");
	scratch_mkdir(f->desk->fd, "work/a/calls/0003");
	call(f, 4, "pm/four", false);
	(void)fixture_task(f, PLACE_BLOCKED, 2, "four", "x");
	told = cancel(f);
	assert_string_equal(
		told, "pm/one cancel_requested, pm/four cancel_requested");
}

static void
every_fate_has_a_name(void **state)
{
	(void)state;
	for (int i = 1; i < CASCADE_NFATES; i++)
		assert_non_null(cascade_fate_name((enum cascade_fate)i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_has_called_nobody_asks_nobody, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(each_child_has_its_fate,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			other_calls_and_damaged_ones_are_passed_over,
			fixture_setup, fixture_teardown),
		cmocka_unit_test(every_fate_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spool/calls.h"
#include "spool/needs.h"
#include "spool/record.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static bool
needs(struct fixture *f, const char *ref)
{
	autostrset refs = STRSET_INIT;
	struct err err = { "" };

	if (needs_take(f->spool, &refs, &err) < 0)
		fail_msg("%s", err.text);
	return strset_has(&refs, ref);
}

static void
a_live_task_needs_what_it_waits_for_wherever_it_is(void **state)
{
	static const enum place places[] = {
		PLACE_PENDING, PLACE_READY,   PLACE_RUNNING,
		PLACE_SAVING,  PLACE_BLOCKED,
	};
	struct fixture *f = *state;

	assert_false(needs(f, "qa/x"));
	for (size_t i = 0; i < countof(places); i++) {
		char name[ENTRY_NAME_MAX];
		struct entry e = fixture_task(
			f, places[i], 1, "t",
			"---\nafter: [qa/x]\ninputs: [qa/y/plan.md]\n---\nx");

		check_number(desk_place_name(places[i]), needs(f, "qa/x"),
		             true);
		check_number(desk_place_name(places[i]), needs(f, "qa/y"),
		             true);
		scratch_unlink(f->desk->at[places[i]], entry_format(&e, name));
	}
	assert_false(needs(f, "qa/x"));
}

static void
a_drop_needs_it_as_well_in_any_form(void **state)
{
	static const struct {
		enum place place;
		const char *name, *text;
	} rows[] = {
		{ PLACE_INBOX, "a.md", "---\nafter: [qa/x]\n---\n" },
		{ PLACE_INBOX, "a.task.json",
		  "{\"after\":[\"qa/x\"],\"body\":\"\"}" },
		{ PLACE_ADMIT, "000000000001,a.md", "---\nafter: [qa/x]\n---" },
		{ PLACE_ADMIT, "=5.000000000001.0.a",
		  "---\nafter: [qa/x]\n---\n" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		fixture_put(f, rows[i].place, rows[i].name, rows[i].text);
		check_number(rows[i].name, needs(f, "qa/x"), true);
		scratch_unlink(f->desk->at[rows[i].place], rows[i].name);
	}
	scratch_mkdir(f->desk->at[PLACE_INBOX], "folder");
	fixture_put(f, PLACE_INBOX, "folder/task.md",
	            "---\nafter: qa/x\n---\n");
	assert_true(needs(f, "qa/x"));
}

static void
a_parent_needs_the_children_that_it_has_called(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT;
	struct call c = { .n = 1,
		          .kind = CALL_CHILD,
		          .what = mem_dup("qa"),
		          .digest = mem_dup("d"),
		          .begun_ms = FIXTURE_NOW,
		          .child = mem_dup("qa/called") };
	autostr text = STR_INIT;

	(void)fixture_task(f, PLACE_BLOCKED, 1, "t", "x");
	scratch_mkdir(f->desk->at[PLACE_WORK], "t");
	scratch_mkdir(f->desk->at[PLACE_WORK], "t/calls");
	scratch_mkdir(f->desk->at[PLACE_WORK], "t/calls/0001");
	calls_print(&c, &text);
	fixture_put(f, PLACE_WORK, "t/calls/0001/call.json", str_text(&text));
	rec.reason = BLOCK_CHILD;
	(void)snprintf(rec.on, sizeof(rec.on), "qa/awaited");
	assert_int_equal(record_write(f->desk, "t", &rec), 0);
	assert_true(needs(f, "qa/called"));
	assert_true(needs(f, "qa/awaited"));
	calls_done(&c);
}

static void
tasks_of_all_desks_count(void **state)
{
	struct fixture *f = *state;
	autodesk *other = NULL;

	assert_int_equal(desk_make(f->spool, "other", NULL), 0);
	assert_int_equal(desk_open(f->spool, "other", &other, NULL), 0);
	scratch_write(other->at[PLACE_PENDING], "5.000000000001.0.t",
	              "---\nafter: [pm/x]\n---\n");
	assert_true(needs(f, "pm/x"));
}

static void
what_can_be_no_task_needs_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_INBOX, "bad.md", "---\nafer: [qa/x]\n---\n");
	scratch_fifo(f->desk->at[PLACE_INBOX], "pipe");
	scratch_symlink(f->desk->at[PLACE_INBOX], "/dev/zero", "link.md");
	fixture_put(f, PLACE_READY, "5.000000000001.0.t", "---\nafter: x\n---");
	assert_false(needs(f, "qa/x"));
}

static void
a_desk_that_cannot_be_looked_at_leaves_nothing_known(void **state)
{
	struct fixture *f = *state;
	autostrset refs = STRSET_INIT;
	struct err err = { "" };

	scratch_mkdir(f->spool->agents_fd, "half");
	assert_true(needs_take(f->spool, &refs, &err) < 0);
	check_contains("err", err.text, "agents/half");
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_live_task_needs_what_it_waits_for_wherever_it_is),
		TEST(a_drop_needs_it_as_well_in_any_form),
		TEST(a_parent_needs_the_children_that_it_has_called),
		TEST(tasks_of_all_desks_count),
		TEST(what_can_be_no_task_needs_nothing),
		TEST(a_desk_that_cannot_be_looked_at_leaves_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

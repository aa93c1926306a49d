#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/name.h"
#include "cli/childtask.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static char *
id_of(const char *agent, const char *parent, uint64_t seq, unsigned n)
{
	struct entry e = { .seq = seq };

	(void)snprintf(e.id, sizeof(e.id), "%s", parent);
	return childtask_id(agent, &e, n);
}

static void
an_id_is_the_same_for_the_same_call_only(void **state)
{
	autofree char *one = id_of("pm", "brief", 7, 1);
	autofree char *same = id_of("pm", "brief", 7, 1);
	autofree char *call = id_of("pm", "brief", 7, 2);
	autofree char *again = id_of("pm", "brief", 8, 1);
	autofree char *desk = id_of("pn", "brief", 7, 1);
	autofree char *parent = id_of("pm", "briefs", 7, 1);

	(void)state;
	assert_string_equal(one, same);
	assert_string_not_equal(one, call);
	assert_string_not_equal(one, again);
	assert_string_not_equal(one, desk);
	assert_string_not_equal(one, parent);
}

static void
an_id_can_be_read_and_is_a_name(void **state)
{
	static const struct {
		const char *parent, *stem;
	} rows[] = {
		{ "brief", "brief-c3-" },
		/* The child of a child is called after the first of them. */
		{ "brief-c12-0123456789abcdef", "brief-c3-" },
		{ "c12-0123456789abcdef", "c12-0123456789abcdef-c3-" },
		{ "x-c-0123456789abcdef", "x-c-0123456789abcdef-c3-" },
		{ "x-c1-0123456789abcdeg", "x-c1-0123456789abcdeg-c3-" },
		{ "x-c1-0123456789abcde", "x-c1-0123456789abcde-c3-" },
		{ "-c1-0123456789abcdef", "-c1-0123456789abcdef-c3-" },
		{ "a", "a-c3-" },
	};
	char longest[NAME_LONGEST + 1];
	autofree char *id = NULL;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *child = id_of("pm", rows[i].parent, 1, 3);

		check_number(rows[i].parent,
		             strncmp(child, rows[i].stem, strlen(rows[i].stem)),
		             0);
		check_number(rows[i].parent, (int64_t)strlen(child),
		             (int64_t)strlen(rows[i].stem) + 16);
	}
	memset(longest, 'x', NAME_LONGEST);
	longest[NAME_LONGEST] = '\0';
	id = id_of("pm", longest, UINT64_C(999999999999), 9999);
	assert_true(name_ok(id));
}

static void
the_line_of_parents_is_followed_and_has_an_end(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(childtask_depth(f->spool, NULL), 0);
	assert_int_equal(childtask_depth(f->spool, "pm/gone"), 1);
	assert_int_equal(childtask_depth(f->spool, "no-such/agent"), 1);
	(void)fixture_task(f, PLACE_BLOCKED, 1, "first", "body\n");
	(void)fixture_task(f, PLACE_RUNNING, 2, "second",
	                   "---\nparent: pm/first\n---\nbody\n");
	assert_int_equal(childtask_depth(f->spool, "pm/first"), 1);
	assert_int_equal(childtask_depth(f->spool, "pm/second"), 2);
	/* A header can say what it likes. */
	(void)fixture_task(f, PLACE_READY, 3, "own",
	                   "---\nparent: pm/own\n---\nbody\n");
	assert_int_equal(childtask_depth(f->spool, "pm/own"),
	                 CHILDTASK_DEEPEST);
}

static void
a_parent_that_has_ended_counts(void **state)
{
	struct fixture *f = *state;
	int outbox = f->desk->at[PLACE_OUTBOX];

	scratch_mkdir(outbox, "done");
	scratch_write(outbox, "done/task", "---\nparent: pm/x\n---\nbody\n");
	assert_int_equal(childtask_depth(f->spool, "pm/done"), 2);
}

static void
look(struct fixture *f, const char *row, enum childtask_state want)
{
	autochildtask c = { 0 };
	struct err err = { "" };

	if (childtask_look(f->desk, row, &c, &err) < 0)
		fail_msg("%s: %s", row, err.text);
	check_number(row, c.state, want);
}

static void
what_has_become_of_it_is_seen(void **state)
{
	struct fixture *f = *state;
	autochildtask c = { 0 };

	look(f, "none", CHILDTASK_GONE);
	(void)fixture_task(f, PLACE_PENDING, 1, "pending", "x");
	look(f, "pending", CHILDTASK_LIVES);
	(void)fixture_task(f, PLACE_SAVING, 2, "saving", "x");
	look(f, "saving", CHILDTASK_LIVES);
	fixture_put(f, PLACE_INBOX, "drop.md", "x");
	look(f, "drop", CHILDTASK_LIVES);
	fixture_put(f, PLACE_REJECTED, "bad.md", "x");
	fixture_put(f, PLACE_REJECTED, "bad.md.why", "it is not sound\n");
	look(f, "bad", CHILDTASK_REJECTED);
	scratch_mkdir(f->desk->at[PLACE_FAILED], "ended");
	fixture_put(f, PLACE_FAILED, "ended/result.json",
	            "{\"state\":\"FAILED\",\"reason\":\"exit\"}");
	assert_int_equal(childtask_look(f->desk, "ended", &c, NULL), 0);
	assert_int_equal(c.state, CHILDTASK_ENDED);
	assert_int_equal(c.place, PLACE_FAILED);
	assert_string_equal(str_text(&c.why), "FAILED (exit)");
	childtask_done(&c);
	assert_int_equal(childtask_look(NULL, "x", &c, NULL), 0);
	assert_int_equal(c.state, CHILDTASK_GONE);
}

static void
artifacts_are_copied_over_what_is_there(void **state)
{
	struct fixture *f = *state;
	int outbox = f->desk->at[PLACE_OUTBOX];
	autofree char *into = mem_printf("%s/into", f->scratch->path);
	autofree char *file = NULL;
	autofree char *deep = NULL;
	autofree char *names = NULL;

	scratch_mkdir(outbox, "t");
	assert_int_equal(
		childtask_artifacts(f->desk, PLACE_OUTBOX, "t", into, NULL), 0);
	scratch_mkdir(outbox, "t/out");
	scratch_mkdir(outbox, "t/out/sub");
	scratch_write(outbox, "t/out/a", "new");
	scratch_write(outbox, "t/out/sub/b", "deep");
	scratch_write(f->scratch->fd, "into/a", "old, and longer");
	scratch_write(f->scratch->fd, "into/own", "of the script");
	for (int i = 0; i < 2; i++)
		assert_int_equal(childtask_artifacts(f->desk, PLACE_OUTBOX, "t",
		                                     into, NULL),
		                 0);
	file = scratch_read(f->scratch->fd, "into/a");
	assert_string_equal(file, "new");
	deep = scratch_read(f->scratch->fd, "into/sub/b");
	assert_string_equal(deep, "deep");
	names = scratch_list(f->scratch->fd, "into");
	assert_string_equal(names, "a own sub");
}

static void
artifacts_that_cannot_be_copied_are_told_of(void **state)
{
	struct fixture *f = *state;
	int outbox = f->desk->at[PLACE_OUTBOX];
	autofree char *file = mem_printf("%s/format", f->scratch->path);
	autofree char *into = mem_printf("%s/into", f->scratch->path);
	struct err err = { "" };

	scratch_mkdir(outbox, "t");
	scratch_mkdir(outbox, "t/out");
	scratch_write(outbox, "t/out/a", "new");
	assert_true(childtask_artifacts(f->desk, PLACE_OUTBOX, "t", file,
	                                &err) < 0);
	assert_non_null(strstr(err.text, "format'"));
	scratch_mkdir(f->scratch->fd, "into");
	scratch_mkdir(f->scratch->fd, "into/a");
	assert_true(childtask_artifacts(f->desk, PLACE_OUTBOX, "t", into,
	                                &err) < 0);
	assert_non_null(strstr(err.text, "cannot copy 'a'"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_the_same_for_the_same_call_only),
		cmocka_unit_test(an_id_can_be_read_and_is_a_name),
		TEST(the_line_of_parents_is_followed_and_has_an_end),
		TEST(a_parent_that_has_ended_counts),
		TEST(what_has_become_of_it_is_seen),
		TEST(artifacts_are_copied_over_what_is_there),
		TEST(artifacts_that_cannot_be_copied_are_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/record.h"
#include "spool/waitgraph.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

/* A PENDING task of "pm" with these lines in its header. */
static void
pending(struct fixture *f, uint64_t seq, const char *id, const char *keys)
{
	autofree char *text = mem_printf("---\n%s\n---\n", keys);

	(void)fixture_task(f, PLACE_PENDING, seq, id, text);
}

static void
blocked_on(struct fixture *f, uint64_t seq, const char *id, const char *child)
{
	struct record rec = RECORD_INIT;

	(void)fixture_task(f, PLACE_BLOCKED, seq, id, "x");
	rec.reason = child ? BLOCK_CHILD : BLOCK_RETRY;
	(void)snprintf(rec.on, sizeof(rec.on), "%s", child ? child : "pm/z");
	assert_int_equal(record_write(f->desk, id, &rec), 0);
}

/* "" if there is none. */
static void
check_circle(const struct fixture *f, const char *ref, const char *want)
{
	autowaitgraph *g = waitgraph_new(f->spool);
	autostr path = STR_INIT;

	check_number(ref, waitgraph_circle(g, ref, NULL, &path), *want != 0);
	check_text(ref, str_text(&path), want);
}

static void
tasks_that_wait_for_each_other_are_found(void **state)
{
	struct fixture *f = *state;

	pending(f, 1, "a", "after: [pm/none, pm/b]");
	pending(f, 2, "b", "inputs: [pm/c/x]");
	pending(f, 3, "c", "after: [pm/d, pm/a]");
	pending(f, 4, "d", "after: [pm/e]");
	pending(f, 5, "e", "title: free");
	pending(f, 6, "f", "after: [pm/a]");
	check_circle(f, "pm/a", "pm/a -> pm/b -> pm/c -> pm/a");
	check_circle(f, "pm/b", "pm/b -> pm/c -> pm/a -> pm/b");
	/* Behind a circle is not in it. */
	check_circle(f, "pm/f", "");
	check_circle(f, "pm/d", "");
	check_circle(f, "pm/none", "");
	check_circle(f, "qa/none", "");
}

static void
what_goes_on_by_itself_ends_the_way(void **state)
{
	static const enum place places[] = { PLACE_READY, PLACE_RUNNING,
		                             PLACE_SAVING };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(places); i++) {
		autofree char *a = mem_printf("a%zu", i);
		autofree char *b = mem_printf("b%zu", i);
		autofree char *ref = mem_printf("pm/%s", a);
		autofree char *keys = mem_printf("after: pm/%s", b);
		autofree char *back = mem_printf("---\nafter: pm/%s\n---\n", a);

		pending(f, 2 * i + 1, a, keys);
		(void)fixture_task(f, places[i], 2 * i + 2, b, back);
		check_circle(f, ref, "");
	}
}

static void
a_child_that_waits_for_its_parent_is_found(void **state)
{
	struct fixture *f = *state;

	blocked_on(f, 1, "parent", "pm/child");
	pending(f, 2, "child", "after: pm/parent");
	blocked_on(f, 3, "later", NULL);
	check_circle(f, "pm/parent", "pm/parent -> pm/child -> pm/parent");
	check_circle(f, "pm/child", "pm/child -> pm/parent -> pm/child");
	check_circle(f, "pm/later", "");
}

static void
one_that_may_run_without_ends_the_way(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT;

	pending(f, 1, "a", "after: pm/b");
	pending(f, 2, "b", "after: pm/a");
	rec.without_inputs = true;
	assert_int_equal(record_write(f->desk, "b", &rec), 0);
	check_circle(f, "pm/a", "");
}

static void
one_that_is_not_there_yet_can_close_it(void **state)
{
	static char b[] = "pm/b", c[] = "pm/c", a[] = "pm/a";
	char *none[] = { c, NULL }, *closing[] = { c, b, NULL };
	char *self[] = { a, NULL };
	struct fixture *f = *state;
	autowaitgraph *g = waitgraph_new(f->spool);
	autostr path = STR_INIT;

	pending(f, 1, "b", "after: pm/a");
	pending(f, 2, "c", "after: pm/none");
	assert_int_equal(waitgraph_circle(g, "pm/a", none, &path), 0);
	assert_int_equal(waitgraph_circle(g, "pm/a", closing, &path), 1);
	check_text("path", str_text(&path), "pm/a -> pm/b -> pm/a");
	str_clear(&path);
	assert_int_equal(waitgraph_circle(g, "pm/a", self, &path), 1);
	check_text("self", str_text(&path), "pm/a -> pm/a");
}

static void
one_graph_answers_for_many(void **state)
{
	struct fixture *f = *state;
	autowaitgraph *g = NULL;
	autostr path = STR_INIT;

	/* A long row, and a circle that one at its beginning leads to. */
	for (unsigned i = 1; i <= 300; i++) {
		autofree char *id = mem_printf("t%u", i);
		autofree char *keys = mem_printf("after: pm/t%u", i + 1);

		pending(f, i, id, keys);
	}
	pending(f, 1000, "x", "after: [pm/t5, pm/y]");
	pending(f, 1001, "y", "after: [pm/t7, pm/x]");
	g = waitgraph_new(f->spool);
	for (unsigned i = 1; i <= 300; i++) {
		autofree char *ref = mem_printf("pm/t%u", i);

		assert_int_equal(waitgraph_circle(g, ref, NULL, &path), 0);
	}
	assert_int_equal(waitgraph_circle(g, "pm/y", NULL, &path), 1);
	check_text("path", str_text(&path), "pm/y -> pm/x -> pm/y");
	str_clear(&path);
	assert_int_equal(waitgraph_circle(g, "pm/x", NULL, &path), 1);
	check_text("path", str_text(&path), "pm/x -> pm/y -> pm/x");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tasks_that_wait_for_each_other_are_found),
		TEST(what_goes_on_by_itself_ends_the_way),
		TEST(a_child_that_waits_for_its_parent_is_found),
		TEST(one_that_may_run_without_ends_the_way),
		TEST(one_that_is_not_there_yet_can_close_it),
		TEST(one_graph_answers_for_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

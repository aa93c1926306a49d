#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "agent/blocklist.h"
#include "tests/support/libcheck.h"

#define MANY 20000

static struct blocked *
add(struct blocklist *l, unsigned n, const char *on)
{
	struct entry e = { .cls = CLASS_LOW, .seq = n, .attempts = n % 7 };

	(void)snprintf(e.id, sizeof(e.id), "task-%u", n);
	return blocklist_add(l, &e, BLOCK_CHILD, n % 5, on);
}

static void
one_is_found_by_its_id_and_by_what_it_waits_for(void **state)
{
	struct blocklist l = { 0 };
	struct blocked *a = add(&l, 1, "dev/x");
	struct blocked *b = add(&l, 2, "");
	struct entry e;

	(void)state;
	assert_ptr_equal(blocklist_find(&l, "task-1"), a);
	assert_ptr_equal(blocklist_find(&l, "task-2"), b);
	assert_null(blocklist_find(&l, "task-3"));
	assert_ptr_equal(blocklist_on(&l, "dev/x"), a);
	assert_null(blocklist_on(&l, "task-1"));
	assert_null(blocklist_on(&l, ""));
	blocklist_entry(b, &e);
	check_number("sequence", (int64_t)e.seq, 2);
	check_number("class", e.cls, CLASS_LOW);
	check_number("attempts", e.attempts, 2);
	check_text("id", e.id, "task-2");
	blocklist_remove(&l, a);
	assert_null(blocklist_find(&l, "task-1"));
	assert_null(blocklist_on(&l, "dev/x"));
	check_number("left", (int64_t)blocklist_count(&l), 1);
	blocklist_done(&l);
}

static void
nothing_is_in_an_empty_one(void **state)
{
	struct blocklist l = { 0 };
	size_t at = 0;

	(void)state;
	assert_null(blocklist_find(&l, "x"));
	assert_null(blocklist_on(&l, "x/y"));
	assert_null(blocklist_first(&l));
	assert_null(blocklist_next(&l, &at));
	blocklist_done(&l);
}

static void
two_that_wait_for_one_ref_are_both_found(void **state)
{
	struct blocklist l = { 0 };
	struct blocked *a = add(&l, 1, "dev/x");
	struct blocked *b = add(&l, 2, "dev/x");
	struct blocked *first = blocklist_on(&l, "dev/x");

	(void)state;
	assert_true(first == a || first == b);
	blocklist_remove(&l, first);
	assert_ptr_equal(blocklist_on(&l, "dev/x"), first == a ? b : a);
	blocklist_done(&l);
}

static void
the_first_is_the_one_that_is_due_first(void **state)
{
	struct blocklist l = { 0 };
	struct blocked *a = add(&l, 1, ""), *b = add(&l, 2, "");
	struct blocked *c = add(&l, 3, "");

	(void)state;
	assert_null(blocklist_first(&l));
	blocklist_due(&l, a, 30);
	blocklist_due(&l, b, 20);
	blocklist_due(&l, c, 10);
	assert_ptr_equal(blocklist_first(&l), c);
	blocklist_due(&l, c, DUES_NEVER);
	assert_ptr_equal(blocklist_first(&l), b);
	blocklist_due(&l, b, 40);
	assert_ptr_equal(blocklist_first(&l), a);
	blocklist_remove(&l, a);
	assert_ptr_equal(blocklist_first(&l), b);
	blocklist_done(&l);
}

/* Those in the way of others come and go in all orders. */
static void
many_are_kept_apart(void **state)
{
	struct blocklist l = { 0 };
	char id[32], ref[32];
	size_t at = 0, seen = 0;

	(void)state;
	for (unsigned n = 0; n < MANY; n++) {
		(void)snprintf(ref, sizeof(ref), "dev/child-%u", n);
		blocklist_due(&l, add(&l, n, ref), (int64_t)(n * 7919 % MANY));
	}
	for (unsigned n = 0; n < MANY; n += 3) {
		(void)snprintf(id, sizeof(id), "task-%u", n);
		blocklist_remove(&l, blocklist_find(&l, id));
	}
	for (unsigned n = 0; n < MANY; n++) {
		struct blocked *b;

		(void)snprintf(id, sizeof(id), "task-%u", n);
		(void)snprintf(ref, sizeof(ref), "dev/child-%u", n);
		b = blocklist_find(&l, id);
		if (!b != (n % 3 == 0) || blocklist_on(&l, ref) != b)
			fail_msg("%s: it is %s", id, b ? "there" : "gone");
		if (b)
			check_text(id, b->id, id);
	}
	while (blocklist_next(&l, &at))
		seen++;
	check_number("all", (int64_t)seen, (int64_t)blocklist_count(&l));
	for (int64_t last = -1; blocklist_count(&l);) {
		struct blocked *b = blocklist_first(&l);

		assert_true(b->due.when_ns > last);
		last = b->due.when_ns;
		blocklist_remove(&l, b);
	}
	blocklist_done(&l);
}

static void
one_takes_little_memory(void **state)
{
	(void)state;
	/* Its longest name, a ref, and the places in heap and indices. */
	assert_true(sizeof(struct blocked) + NAME_LONGEST + 1 + NAME_REF_MAX +
	                    2 * sizeof(void *) +
	                    2 * 8 * sizeof(void *) / 3 * 2 <
	            1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_is_found_by_its_id_and_by_what_it_waits_for),
		cmocka_unit_test(nothing_is_in_an_empty_one),
		cmocka_unit_test(two_that_wait_for_one_ref_are_both_found),
		cmocka_unit_test(the_first_is_the_one_that_is_due_first),
		cmocka_unit_test(many_are_kept_apart),
		cmocka_unit_test(one_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

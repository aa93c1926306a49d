#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/drop.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define BODY "Do it, all of it.\n"

static void
prepare(struct fixture *f)
{
	scratch_write(f->scratch->fd, "body", BODY);
}

static int
add(struct fixture *f, struct drop_batch *b, const char *id)
{
	autotask t = TASK_INIT;
	autoclose int fd = sys_open(f->scratch->fd, "body", O_RDONLY);

	task_default(&t);
	t.id = mem_dup(id);
	return fd < 0 ? fd : drop_add(b, &t, fd, 1 << 20, NULL);
}

/* Two in a batch, so that one may be there without the other. */
static int
drop_two(struct fixture *f)
{
	struct drop_batch b;
	int r;

	drop_begin(&b, f->desk);
	r = add(f, &b, "a");
	if (r == 0)
		r = add(f, &b, "b");
	return r < 0 ? r : drop_commit(&b, NULL);
}

/* How many drops of this id there are, each of them whole. */
static int
whole_drops(struct fixture *f, const char *row, const char *id)
{
	autofree char *names = scratch_list(f->desk->at[PLACE_INBOX], ".");
	char *save = NULL;
	int n = 0;

	for (char *s = strtok_r(names, " ", &save); s;
	     s = strtok_r(NULL, " ", &save)) {
		autofree char *its = find_drop_id(s);
		autofree char *text = NULL;

		if (s[0] == '.' || strcmp(its, id) != 0)
			continue;
		text = fixture_read(f, PLACE_INBOX, s);
		check_contains(row, text, "---\n" BODY);
		n++;
	}
	return n;
}

static void
check(struct fixture *f, const char *row, int result)
{
	int a = whole_drops(f, row, "a");
	int b = whole_drops(f, row, "b");

	if (a > 1 || b > a)
		fail_msg("%s: %d of a, %d of b", row, a, b);
	/* What was promised is there. */
	if (result >= 0)
		fail_msg("%s: success was told", row);
}

/* Submitting again, and the sweep that comes an hour later. */
static int
resume(struct fixture *f, bool died)
{
	int r = drop_two(f);

	(void)died;
	return r < 0 ? r : inbox_sweep(f->desk, clock_wall_ms() + 7200 * 1000);
}

static void
after(struct fixture *f, const char *row)
{
	autofree char *private = fixture_private(f);

	check_text(row, private, "");
	/* A drop that was there already is a duplicate for the agent. */
	assert_in_range(whole_drops(f, row, "a"), 1, 2);
	assert_in_range(whole_drops(f, row, "b"), 1, 2);
}

static void
a_drop_is_whole_or_absent_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, drop_two, check, resume,
		                             after };

	(void)state;
	fault_run(&c);
}

static int
drop_one(struct fixture *f)
{
	struct drop_batch b;
	int r;

	drop_begin(&b, f->desk);
	r = add(f, &b, "a");
	return r < 0 ? r : drop_commit(&b, NULL);
}

/* The operations alone, without what they were made on. */
static char *
operations(const char *trace)
{
	autofree char *copy = mem_dup(trace);
	autostr out = STR_INIT;
	char *save = NULL;

	for (char *s = strtok_r(copy, " ", &save); s;
	     s = strtok_r(NULL, " ", &save)) {
		s[strcspn(s, ":")] = '\0';
		str_addf(&out, "%s ", s);
	}
	return str_take(&out);
}

static void
content_is_synced_before_its_name_and_the_name_before_success(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	autofree char *ops = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, drop_one);
	ops = operations(trace);
	assert_string_equal(ops, "create write copy fsync rename fsync ");
	assert_true(str_ends(trace, "fsync:inbox "));
}

static void
a_batch_shares_the_last_sync(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	autofree char *ops = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, drop_two);
	ops = operations(trace);
	assert_string_equal(ops, "create write copy fsync rename "
	                         "create write copy fsync rename fsync ");
}

static void
without_durability_the_order_stays_and_the_syncs_go(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;
	autofree char *ops = NULL;

	prepare(f);
	trace = fault_trace(f, drop_one);
	ops = operations(trace);
	assert_string_equal(ops, "create write copy rename ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_is_whole_or_absent_whatever_fails),
		TEST(content_is_synced_before_its_name_and_the_name_before_success),
		TEST(a_batch_shares_the_last_sync),
		TEST(without_durability_the_order_stays_and_the_syncs_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

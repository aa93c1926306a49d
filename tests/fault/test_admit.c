#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "spool/census.h"
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define TEXT    "---\npriority: high\n---\nDo it, all of it.\n"
#define CLAIMED "000000000001,a.md"
#define JSON    "000000000001,a.task.json"
#define DIR     "000000000001,a"

static uint64_t next_seq;

static int
admit(struct fixture *f, const char *claimed)
{
	struct strset ids = STRSET_INIT;
	struct admit_rules rules = { .live_ids = &ids, .max_bytes = 1 << 20 };
	struct admitted out = { .task = TASK_INIT };
	int r = census_take(f->desk, &ids);

	if (r == 0)
		r = admit_claimed(f->desk, &f->journal, claimed, next_seq++,
		                  &rules, FIXTURE_NOW, &out, NULL);
	task_done(&out.task);
	strset_done(&ids);
	return r;
}

/* As an agent does it: whatever lies in admit/, in its order. */
static int
admit_all(struct fixture *f)
{
	char **claimed = NULL;
	int r = admit_recover(f->desk, &f->journal, FIXTURE_NOW, &claimed,
	                      NULL);

	for (char **p = claimed; r >= 0 && p && *p; p++)
		r = admit(f, *p);
	keys_free_list(claimed);
	return r;
}

static int
resume(struct fixture *f, bool died)
{
	(void)died;
	return admit_all(f);
}

/* Nothing may be promised that is not there, nothing be there twice. */
static void
check(struct fixture *f, const char *row, int result)
{
	int n = fixture_copies(f, "a");

	if (n > 1)
		fail_msg("%s: there are %d", row, n);
	if (result == ADMIT_TAKEN && n == 0)
		fail_msg("%s: it was taken and is not there", row);
	if (result == ADMIT_REJECTED || result == ADMIT_DUPLICATE)
		fail_msg("%s: it was turned away", row);
}

/* Private names outside work/, which goes with its task. */
static void
check_private(struct fixture *f, const char *row)
{
	autofree char *private = fixture_private(f);
	char *save = NULL;

	for (char *s = strtok_r(private, " ", &save); s;
	     s = strtok_r(NULL, " ", &save))
		if (!str_starts(s, "./work/"))
			fail_msg("%s: %s is left", row, s);
}

static void
after(struct fixture *f, const char *row)
{
	autofree char *places = fixture_places(f);
	const char *at = strchr(places, ' ');

	check_number(row, fixture_copies(f, "a"), 1);
	check_private(f, row);
	/* One thing is there, and it is the entry. */
	if (!str_starts(places, "pending/") || !at || at[1])
		fail_msg("%s: there is \"%s\"", row, places);
}

static void
check_content(struct fixture *f, const char *row, const char *below,
              const char *want)
{
	autofree char *names = scratch_list(f->desk->at[PLACE_PENDING], ".");
	autofree char *path = mem_printf("%s%s", names, below);
	autofree char *text = fixture_read(f, PLACE_PENDING, path);

	check_text(row, text, want);
}

static void
prepare_own(struct fixture *f)
{
	next_seq = 1;
	fixture_put(f, PLACE_ADMIT, CLAIMED, TEXT);
}

static int
admit_own(struct fixture *f)
{
	return admit(f, CLAIMED);
}

static void
after_own(struct fixture *f, const char *row)
{
	after(f, row);
	check_content(f, row, "", TEXT);
}

static void
a_drop_becomes_one_task_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_own, admit_own, check,
		                             resume, after_own };

	(void)state;
	fault_run(&c);
}

/* Its second name makes it somebody else's: it is copied. */
static void
prepare_shared(struct fixture *f)
{
	prepare_own(f);
	assert_int_equal(sys_link(f->desk->at[PLACE_ADMIT], CLAIMED,
	                          f->scratch->fd, "mine"),
	                 0);
}

static void
a_shared_drop_becomes_one_copy_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_shared, admit_own, check,
		                             resume, after_own };

	(void)state;
	fault_run(&c);
}

static void
prepare_json(struct fixture *f)
{
	next_seq = 1;
	fixture_put(f, PLACE_ADMIT, JSON, "{\"body\":\"x\"}");
}

static int
admit_json(struct fixture *f)
{
	return admit(f, JSON);
}

static void
after_json(struct fixture *f, const char *row)
{
	after(f, row);
	check_content(f, row, "/a.task.json", "{\"body\":\"x\"}");
}

static void
a_wrapped_drop_becomes_one_task_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_json, admit_json, check,
		                             resume, after_json };

	(void)state;
	fault_run(&c);
}

static void
prepare_directory(struct fixture *f)
{
	int admit = f->desk->at[PLACE_ADMIT];

	next_seq = 1;
	scratch_mkdir(admit, DIR);
	scratch_mkdir(admit, DIR "/sub");
	scratch_write(admit, DIR "/task.md", TEXT);
	scratch_write(admit, DIR "/sub/data", "data");
	assert_int_equal(
		sys_link(admit, DIR "/sub/data", f->scratch->fd, "mine"), 0);
}

static int
admit_directory(struct fixture *f)
{
	return admit(f, DIR);
}

static void
after_directory(struct fixture *f, const char *row)
{
	after(f, row);
	check_content(f, row, "/task.md", TEXT);
	check_content(f, row, "/sub/data", "data");
}

static void
a_dropped_directory_becomes_one_task_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_directory, admit_directory,
		                             check, resume, after_directory };

	(void)state;
	fault_run(&c);
}

static void
a_hand_drop_is_synced_before_it_is_a_task(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare_own(f);
	trace = fault_trace(f, admit_own);
	fault_in_order(trace, "fsync:" CLAIMED, "rename:1.000000000001.0.a");
	fault_in_order(trace, "rename:1.000000000001.0.a", "fsync:pending");
	fault_in_order(trace, "write:journal.jsonl",
	               "rename:1.000000000001.0.a");
}

static void
all_of_a_dropped_directory_is_synced(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare_directory(f);
	scratch_unlink(f->scratch->fd, "mine");
	trace = fault_trace(f, admit_directory);
	fault_in_order(trace, "fsync:task.md", "rename:1.000000000001.0.a");
	fault_in_order(trace, "fsync:data", "rename:1.000000000001.0.a");
	fault_in_order(trace, "fsync:sub", "rename:1.000000000001.0.a");
	fault_in_order(trace, "fsync:" DIR, "rename:1.000000000001.0.a");
}

/*
 * A drop that was promised to be durable: the copy must be so, too, before
 * the original goes.
 */
static void
a_copy_is_synced_before_the_original_goes(void **state)
{
	static const char submitted[] =
		"000000000001,1795235958123456789.77.0.a.md";
	struct fixture *f = *state;
	autofree char *trace = NULL;
	const char *unlink;

	f->spool->durable = true;
	next_seq = 1;
	fixture_put(f, PLACE_ADMIT, submitted, TEXT);
	assert_int_equal(sys_link(f->desk->at[PLACE_ADMIT], submitted,
	                          f->scratch->fd, "mine"),
	                 0);
	trace = fault_trace(f, admit_all);
	fault_in_order(trace, "copy:.copy", "fsync:.copy");
	unlink = strstr(trace, "unlink:000000000001,");
	assert_non_null(unlink);
	assert_true(strstr(trace, "fsync:.copy") < unlink);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_becomes_one_task_whatever_fails),
		cmocka_unit_test(a_shared_drop_becomes_one_copy_whatever_fails),
		cmocka_unit_test(
			a_wrapped_drop_becomes_one_task_whatever_fails),
		cmocka_unit_test(
			a_dropped_directory_becomes_one_task_whatever_fails),
		TEST(a_hand_drop_is_synced_before_it_is_a_task),
		TEST(all_of_a_dropped_directory_is_synced),
		TEST(a_copy_is_synced_before_the_original_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

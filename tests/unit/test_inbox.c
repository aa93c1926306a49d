#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define SETTLE (300 * CLOCK_NS_PER_MS)
#define START  (1000 * CLOCK_NS_PER_S) /* a time to begin with */

/* One look at a drop; what it is claimed as goes to `claimed`. */
static int
look(struct fixture *f, struct drop *drop, int64_t now, char *claimed,
     struct err *err)
{
	return inbox_claim(f->desk, drop, now, SETTLE, 7, claimed, err);
}

static void
a_whole_file_is_claimed_at_the_first_look(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { .name = mem_dup("a b.md") };
	char claimed[INBOX_CLAIMED_MAX];
	uint64_t order = 0;
	int64_t uid = 0;

	fixture_put(f, PLACE_INBOX, "a b.md", "text");
	assert_int_equal(look(f, &drop, START, claimed, NULL), 1);
	assert_string_equal(claimed, "000000000007,a b.md");
	assert_true(fixture_has(f, PLACE_ADMIT, claimed));
	assert_false(fixture_has(f, PLACE_INBOX, "a b.md"));
	assert_string_equal(inbox_dropped_name(claimed), "a b.md");
	assert_string_equal(inbox_parse_claimed(claimed, &order, &uid),
	                    "a b.md");
	assert_int_equal(order, 7);
	assert_int_equal(uid, -1);
	free(drop.name);
}

static void
a_file_somebody_writes_to_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { .name = mem_dup("a") };
	char claimed[INBOX_CLAIMED_MAX];
	int fd = sys_create(f->desk->at[PLACE_INBOX], "a", 0644);

	assert_int_equal(sys_write_all(fd, "half", 4), 0);
	for (int64_t now = START; now < START + 10 * SETTLE; now += SETTLE) {
		assert_int_equal(look(f, &drop, now, claimed, NULL), 0);
		assert_true(drop.settle.recheck_ns > now);
		/* Less and less often: its end will be an event. */
		assert_true(drop.settle.recheck_ns <= now + 2 * CLOCK_NS_PER_S);
	}
	(void)close(fd);
	assert_int_equal(look(f, &drop, START + 20 * SETTLE, claimed, NULL), 1);
	free(drop.name);
}

static void
a_file_mapped_for_writing_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { .name = mem_dup("a") };
	char claimed[INBOX_CLAIMED_MAX];
	autoclose int reader = -1;
	int fd;

	fixture_put(f, PLACE_INBOX, "a", "text");
	/* Somebody who only reads is in nobody's way. */
	reader = sys_open(f->desk->at[PLACE_INBOX], "a", O_RDONLY);
	assert_true(reader >= 0);
	fd = sys_open(f->desk->at[PLACE_INBOX], "a", O_RDWR);
	assert_int_equal(look(f, &drop, START, claimed, NULL), 0);
	(void)close(fd);
	assert_int_equal(look(f, &drop, START + 1, claimed, NULL), 1);
	free(drop.name);
}

static void
an_empty_file_gets_its_quiet_time(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { .name = mem_dup("a") };
	char claimed[INBOX_CLAIMED_MAX];

	fixture_put(f, PLACE_INBOX, "a", "");
	assert_int_equal(look(f, &drop, START, claimed, NULL), 0);
	assert_int_equal(drop.settle.recheck_ns, START + SETTLE);
	assert_int_equal(look(f, &drop, START + SETTLE - 1, claimed, NULL), 0);
	/* Touched: the time begins again. */
	assert_int_equal(utimensat(f->desk->at[PLACE_INBOX], "a",
	                           (struct timespec[2]){ { 1, 0 }, { 1, 0 } },
	                           0),
	                 0);
	assert_int_equal(look(f, &drop, START + SETTLE, claimed, NULL), 0);
	assert_int_equal(drop.settle.recheck_ns, START + 2 * SETTLE);
	assert_int_equal(look(f, &drop, START + 2 * SETTLE, claimed, NULL), 1);
	free(drop.name);
}

static void
a_directory_gets_its_quiet_time_and_no_writer(void **state)
{
	struct fixture *f = *state;
	int inbox = f->desk->at[PLACE_INBOX];
	struct drop drop = { .name = mem_dup("d") };
	char claimed[INBOX_CLAIMED_MAX];
	int64_t now = START;
	int fd;

	scratch_mkdir(inbox, "d");
	scratch_write(inbox, "d/task.md", "text");
	assert_int_equal(look(f, &drop, now, claimed, NULL), 0);
	scratch_write(inbox, "d/more", "text");
	now += SETTLE;
	assert_int_equal(look(f, &drop, now, claimed, NULL), 0);
	fd = sys_open(inbox, "d/more", O_WRONLY);
	for (int i = 0; i < 5; i++) {
		now += SETTLE;
		assert_int_equal(look(f, &drop, now, claimed, NULL), 0);
	}
	(void)close(fd);
	now += SETTLE;
	assert_int_equal(look(f, &drop, now, claimed, NULL), 1);
	assert_true(fixture_has(f, PLACE_ADMIT, "000000000007,d"));
	free(drop.name);
}

static void
what_has_gone_is_gone(void **state)
{
	struct fixture *f = *state;
	struct drop drop = { .name = mem_dup("a") };
	char claimed[INBOX_CLAIMED_MAX];

	assert_int_equal(look(f, &drop, START, claimed, NULL), -ENOENT);
	free(drop.name);
}

static void
what_can_never_be_a_task_is_told_and_blocks_nobody(void **state)
{
	struct fixture *f = *state;
	int inbox = f->desk->at[PLACE_INBOX];
	autofree char *longest = mem_new(1, 256);
	const struct {
		const char *name, *why;
	} rows[] = {
		{ "link", "a symbolic link" },
		{ "fifo", "a FIFO" },
		{ longest, "longer than 228 bytes" },
	};

	memset(longest, 'x', 255);
	scratch_symlink(inbox, "/dev/null", "link");
	scratch_fifo(inbox, "fifo");
	fixture_put(f, PLACE_INBOX, longest, "text");
	for (size_t i = 0; i < countof(rows); i++) {
		struct drop drop = { .name = mem_dup(rows[i].name) };
		char claimed[INBOX_CLAIMED_MAX];
		struct err err = { "" };

		check_number(rows[i].name, look(f, &drop, START, claimed, &err),
		             -EBADMSG);
		check_contains(rows[i].name, err.text, rows[i].why);
		free(drop.name);
	}
}

static void
claimed_names_are_taken_apart_or_none(void **state)
{
	static const struct {
		const char *claimed, *dropped;
		int64_t order, uid;
	} rows[] = {
		{ "000000000007,a.md", "a.md", 7, -1 },
		{ "999999999999.0,a,b", "a,b", 999999999999, 0 },
		{ "000000000000.65534,x", "x", 0, 65534 },
		{ "00000000007,a", NULL, 0, 0 },
		{ "0000000000007,a", NULL, 0, 0 },
		{ "000000000007,", NULL, 0, 0 },
		{ "000000000007", NULL, 0, 0 },
		{ "000000000007.x,a", NULL, 0, 0 },
		{ "", NULL, 0, 0 },
		{ "a.md", NULL, 0, 0 },
		{ ".copy", NULL, 0, 0 },
		{ "=5.000000000001.0.a", NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		uint64_t order = 0;
		int64_t uid = 0;
		const char *got =
			inbox_parse_claimed(rows[i].claimed, &order, &uid);

		check_text(rows[i].claimed, got ? got : "(none)",
		           rows[i].dropped ? rows[i].dropped : "(none)");
		if (!got)
			continue;
		check_number(rows[i].claimed, (int64_t)order, rows[i].order);
		check_number(rows[i].claimed, uid, rows[i].uid);
	}
}

static void
drops_are_listed_in_order_of_arrival_without_private_ones(void **state)
{
	static const char *const names[] = { "zz",   "b",     "a", "m",
		                             ".hid", "x.tmp", "y~" };
	struct fixture *f = *state;
	struct timespec last = { 0, 0 };
	char **list = NULL;
	size_t n;

	for (size_t i = 0; i < countof(names); i++)
		fixture_put(f, PLACE_INBOX, names[i], "text");
	assert_int_equal(inbox_list(f->desk, &list), 0);
	n = keys_count(list);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		assert_int_equal(
			sys_stat(f->desk->at[PLACE_INBOX], list[i], &st), 0);
		if (i && st.st_ctim.tv_sec == last.tv_sec &&
		    st.st_ctim.tv_nsec == last.tv_nsec)
			assert_true(strcmp(list[i - 1], list[i]) < 0);
		else
			assert_true(st.st_ctim.tv_sec > last.tv_sec ||
			            st.st_ctim.tv_nsec > last.tv_nsec);
		last = st.st_ctim;
	}
	keys_free_list(list);
}

static void
only_our_own_leftovers_are_swept_and_only_old_ones(void **state)
{
	struct fixture *f = *state;
	const char *ours = ".1795235958123456789.77.0.a.md";
	int64_t now = clock_wall_ms();
	autofree char *names = NULL;

	fixture_put(f, PLACE_INBOX, ours, "half");
	fixture_put(f, PLACE_INBOX, ".somebody-elses", "half");
	fixture_put(f, PLACE_REQUESTS, ".cancel.a.77.tmp", "");
	fixture_put(f, PLACE_REQUESTS, ".cancel.tmp", "");
	fixture_put(f, PLACE_REQUESTS, ".77.tmp", "");
	fixture_put(f, PLACE_REQUESTS, "cancel.a", "");
	fixture_put(f, PLACE_REJECTED, ".a.why.77.tmp", "half");
	fixture_put(f, PLACE_REJECTED, "a.why", "whole");
	fixture_put(f, PLACE_INBOX, "a.md", "text");
	assert_int_equal(inbox_sweep(f->desk, now + 3500 * 1000), 0);
	assert_true(fixture_has(f, PLACE_INBOX, ours));
	assert_int_equal(inbox_sweep(f->desk, now + 3700 * 1000), 0);
	names = fixture_places(f);
	assert_string_equal(names, "inbox/.somebody-elses inbox/a.md "
	                           "rejected/a.why requests/.77.tmp "
	                           "requests/.cancel.tmp requests/cancel.a ");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_file_is_claimed_at_the_first_look),
		TEST(a_file_somebody_writes_to_is_waited_for),
		TEST(a_file_mapped_for_writing_is_waited_for),
		TEST(an_empty_file_gets_its_quiet_time),
		TEST(a_directory_gets_its_quiet_time_and_no_writer),
		TEST(what_has_gone_is_gone),
		TEST(what_can_never_be_a_task_is_told_and_blocks_nobody),
		cmocka_unit_test(claimed_names_are_taken_apart_or_none),
		TEST(drops_are_listed_in_order_of_arrival_without_private_ones),
		TEST(only_our_own_leftovers_are_swept_and_only_old_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

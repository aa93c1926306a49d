#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
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
#include "base/keys.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/desk.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
every_place_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = PLACE_INBOX; a < PLACE_N; a++) {
		assert_true(desk_place_name((enum place)a)[0]);
		for (int b = PLACE_INBOX; b < a; b++)
			assert_string_not_equal(desk_place_name((enum place)a),
			                        desk_place_name((enum place)b));
	}
}

static void
the_state_of_an_entry_is_its_place(void **state)
{
	static const struct {
		const char *place, *state;
		bool live;
	} rows[] = {
		{ "pending", "PENDING", true },
		{ "ready", "READY", true },
		{ "running", "RUNNING", true },
		{ "saving", "RUNNING", true },
		{ "blocked", "BLOCKED", true },
		{ "outbox", "COMPLETED", false },
		{ "failed", "FAILED", false },
	};
	int live = 0;

	(void)state;
	for (int p = PLACE_INBOX; p < PLACE_N; p++) {
		const char *name = desk_place_name((enum place)p);
		const char *want = "NONE";

		for (size_t i = 0; i < countof(rows); i++)
			if (strcmp(rows[i].place, name) == 0)
				want = rows[i].state;
		check_text(name, state_name(desk_place_state((enum place)p)),
		           want);
		live += desk_place_live((enum place)p);
	}
	for (size_t i = 0; i < countof(rows); i++)
		for (int p = PLACE_INBOX; p < PLACE_N; p++)
			if (!strcmp(rows[i].place,
			            desk_place_name((enum place)p)))
				check_number(rows[i].place,
				             desk_place_live((enum place)p),
				             rows[i].live);
	assert_int_equal(live, 5);
}

static void
making_a_desk_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	autofree char *before = NULL;
	autofree char *after = NULL;

	(void)fixture_task(f, PLACE_READY, 1, "a", "body");
	before = scratch_snapshot(f->desk->fd, ".");
	assert_int_equal(desk_make(f->spool, "pm", NULL), 0);
	after = scratch_snapshot(f->desk->fd, ".");
	assert_string_equal(after, before);
}

static void
a_missing_place_is_made_again(void **state)
{
	struct fixture *f = *state;
	struct desk *d = NULL;
	struct err err = { "" };

	assert_int_equal(sys_rmdir(f->desk->fd, "blocked"), 0);
	assert_int_equal(desk_open(f->spool, "pm", &d, &err), -EBADMSG);
	check_contains("open", err.text, "blocked");
	assert_null(d);
	assert_int_equal(desk_make(f->spool, "pm", NULL), 0);
	assert_int_equal(desk_open(f->spool, "pm", &d, NULL), 0);
	desk_close(d);
}

static void
what_is_being_admitted_is_private(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(fstat(f->desk->at[PLACE_ADMIT], &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
a_name_that_is_none_has_no_desk(void **state)
{
	static const char *const rows[] = { "",   ".",  "..",   "a/b",
		                            ".a", "-a", "../pm" };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		struct desk *d = NULL;

		check_number(rows[i], desk_make(f->spool, rows[i], NULL),
		             -EINVAL);
		check_number(rows[i], desk_open(f->spool, rows[i], &d, NULL),
		             -ENOENT);
	}
	assert_int_equal(
		desk_open(f->spool, "nobody", &(struct desk *){ NULL }, NULL),
		-ENOENT);
}

static void
a_linked_place_is_refused(void **state)
{
	struct fixture *f = *state;
	struct desk *d = NULL;

	assert_int_equal(sys_rmdir(f->desk->fd, "inbox"), 0);
	scratch_symlink(f->desk->fd, "/tmp", "inbox");
	assert_true(desk_open(f->spool, "pm", &d, NULL) < 0);
}

static void
desks_are_listed_by_name(void **state)
{
	struct fixture *f = *state;
	char **names = NULL;

	assert_int_equal(desk_make(f->spool, "zeta", NULL), 0);
	assert_int_equal(desk_make(f->spool, "alpha", NULL), 0);
	scratch_mkdir(f->spool->agents_fd, ".hidden");
	scratch_mkdir(f->spool->agents_fd, "no name");
	assert_int_equal(desk_list(f->spool, &names), 0);
	assert_int_equal(keys_count(names), 3);
	assert_string_equal(names[0], "alpha");
	assert_string_equal(names[1], "pm");
	assert_string_equal(names[2], "zeta");
	keys_free_list(names);
}

static void
a_desk_has_one_owner_and_says_who(void **state)
{
	struct fixture *f = *state;
	autofree char *who = mem_printf("already run by pid %d", (int)getpid());
	struct proc_id owner = { 0 };
	struct err err = { "" };
	int fd;

	assert_int_equal(desk_owner(f->desk, &owner), 0);
	fd = desk_own(f->desk, &err);
	assert_true(fd >= 0);
	assert_int_equal(desk_owner(f->desk, &owner), 1);
	assert_int_equal(owner.pid, getpid());
	assert_int_equal(desk_own(f->desk, &err), -EAGAIN);
	check_contains("owner", err.text, "agent 'pm'");
	check_contains("owner", err.text, who);
	(void)close(fd);
	assert_int_equal(desk_owner(f->desk, &owner), 0);
	fd = desk_own(f->desk, &err);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
an_owner_who_has_not_signed_yet_is_not_given_a_pid(void **state)
{
	struct fixture *f = *state;
	autoclose int fd = lock_take(f->desk->fd, DESK_LOCK);
	struct proc_id owner = { .pid = 5 };
	struct err err = { "" };

	assert_true(fd >= 0);
	assert_int_equal(desk_owner(f->desk, &owner), 1);
	assert_int_equal(owner.pid, 0);
	assert_int_equal(desk_own(f->desk, &err), -EAGAIN);
	check_contains("owner", err.text, "already run");
	assert_null(strstr(err.text, "pid 0"));
}

static void
the_name_of_a_dead_owner_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct proc_id owner = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		int fd = desk_own(f->desk, NULL);

		_exit(fd >= 0 ? 0 : 1);
	}
	assert_int_equal(check_exit(pid), 0);
	assert_int_equal(desk_owner(f->desk, &owner), 0);
}

static void
a_place_moved_away_is_noticed_and_opened_anew(void **state)
{
	struct fixture *f = *state;

	assert_false(desk_place_replaced(f->desk, PLACE_INBOX));
	scratch_rename(f->desk->fd, "inbox", "elsewhere");
	assert_true(desk_place_replaced(f->desk, PLACE_INBOX));
	assert_int_equal(desk_reopen_place(f->desk, PLACE_INBOX, NULL), 0);
	assert_false(desk_place_replaced(f->desk, PLACE_INBOX));
	fixture_put(f, PLACE_INBOX, "a.md", "");
	assert_true(scratch_has(f->desk->fd, "inbox/a.md"));
	scratch_rename(f->desk->fd, "inbox", "other");
	scratch_mkdir(f->desk->fd, "inbox");
	assert_true(desk_place_replaced(f->desk, PLACE_INBOX));
	assert_int_equal(desk_reopen_place(f->desk, PLACE_INBOX, NULL), 0);
	assert_false(desk_place_replaced(f->desk, PLACE_INBOX));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place_has_a_name_of_its_own),
		cmocka_unit_test(the_state_of_an_entry_is_its_place),
		TEST(making_a_desk_again_changes_nothing),
		TEST(a_missing_place_is_made_again),
		TEST(what_is_being_admitted_is_private),
		TEST(a_name_that_is_none_has_no_desk),
		TEST(a_linked_place_is_refused),
		TEST(desks_are_listed_by_name),
		TEST(a_desk_has_one_owner_and_says_who),
		TEST(an_owner_who_has_not_signed_yet_is_not_given_a_pid),
		TEST(the_name_of_a_dead_owner_says_nothing),
		TEST(a_place_moved_away_is_noticed_and_opened_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

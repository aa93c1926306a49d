/*
 * fsck beside a running agent: what is only in motion is no finding, however
 * slowly it moves.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/sys.h"
#include "spool/fsck.h"
#include "spool/move.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"
#include "tests/support/libfixture.h"
#include "tests/support/libsound.h"

#define LOOKS 60

static unsigned seed = 1;

/* A slow disk: every change takes its time, a sync most of all. */
static int
slow(enum sys_op op, const char *name)
{
	int64_t most = op == SYS_FSYNC ? 40 : 4;
	int64_t end =
		clock_boot_ns() + rand_r(&seed) % (most * CLOCK_NS_PER_MS);

	(void)name;
	while (clock_boot_ns() < end)
		;
	return 0;
}

static int
step(struct fixture *f, struct entry *e, enum place from, enum place to)
{
	const struct move m = { .from = from, .to = to };

	return move_task(f->desk, &f->journal, &m, e, FIXTURE_NOW);
}

/* One task from its admission to its end. */
static int
live_one(struct fixture *f, uint64_t seq)
{
	const struct ending end = { .outcome = OUT_COMPLETED, .uid = 1 };
	struct journal_line line = JOURNAL_LINE;
	struct entry e = { .cls = CLASS_MEDIUM, .seq = seq };
	char name[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;
	int r;

	(void)snprintf(e.id, sizeof(e.id), "t%d", (int)seq);
	line.ev = "admit";
	line.entry = &e;
	line.to = "PENDING";
	r = journal_write(&f->journal, FIXTURE_NOW, &line);
	if (r == 0)
		r = sys_write_file(f->desk->at[PLACE_PENDING],
		                   entry_format(&e, name), "x", 1, false,
		                   false);
	if (r == 0)
		r = step(f, &e, PLACE_PENDING, PLACE_READY);
	if (r == 0)
		r = step(f, &e, PLACE_READY, PLACE_RUNNING);
	if (r == 0)
		r = step(f, &e, PLACE_RUNNING, PLACE_SAVING);
	if (r == 0)
		r = task_open(f->desk->at[PLACE_SAVING], name, &t, NULL);
	if (r == 0)
		r = result_stage(f->desk, PLACE_SAVING, &e, &t, &end,
		                 FIXTURE_NOW, NULL);
	if (r == 0)
		r = result_sync(f->desk, e.id, NULL);
	if (r == 0)
		r = result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
		                   FIXTURE_NOW, NULL);
	return r;
}

static void
be_an_agent(struct fixture *f)
{
	f->spool->durable = true;
	if (desk_own(f->desk, NULL) < 0)
		_exit(1);
	sys_fault = slow;
	for (uint64_t seq = 1;; seq++)
		if (live_one(f, seq) < 0)
			_exit(2);
}

static bool
is_owned(void *arg)
{
	struct fixture *f = arg;
	struct proc_id owner;

	return desk_owner(f->desk, &owner) == 1;
}

static void
hear(void *arg, const struct fsck_finding *one)
{
	struct str *heard = arg;

	str_addf(heard, "%s %s: %s; ", one->code, one->path, one->text);
}

static void
what_is_in_motion_is_no_finding(void **state)
{
	struct fixture *f = *state;
	autostr heard = STR_INIT;
	pid_t pid = fork();
	int r = 0;

	if (pid == 0)
		be_an_agent(f);
	check_until(is_owned, f);
	for (int i = 0; i < LOOKS && r == 0; i++)
		r = fsck_desk(f->spool, "pm", false, FIXTURE_NOW, hear, &heard,
		              NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	check_text("findings", str_text(&heard), "");
	assert_int_equal(r, 0);
}

static void
what_stays_is_found_beside_a_running_agent(void **state)
{
	struct fixture *f = *state;
	autostr heard = STR_INIT;
	pid_t pid;
	int r;

	fixture_put(f, PLACE_BLOCKED, "brief.md", "mine");
	pid = fork();
	if (pid == 0)
		be_an_agent(f);
	check_until(is_owned, f);
	r = fsck_desk(f->spool, "pm", false, FIXTURE_NOW, hear, &heard, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(check_exit(pid), 256 + SIGKILL);
	assert_int_equal(r, 1);
	assert_true(str_starts(str_text(&heard),
	                       "bad-name agents/pm/blocked/brief.md: "));
}

/* Broken in every way that can be mended. */
static void
break_much(struct fixture *f)
{
	sound_publish(f, "done", OUT_COMPLETED);
	sound_publish(f, "changed", OUT_COMPLETED);
	fixture_put(f, PLACE_OUTBOX, "changed/out/report", "other");
	(void)sound_live(f, PLACE_PENDING, 1, "twice");
	(void)sound_live(f, PLACE_READY, 1, "twice");
	(void)sound_live(f, PLACE_SAVING, 2, "done");
	fixture_put(f, PLACE_READY, "brief.md", "precious");
	fixture_put(f, PLACE_REJECTED, "alone.md", "text");
	fixture_put(f, PLACE_REJECTED, "gone.md.why", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "nobody");
	fixture_put(f, PLACE_WORK, "nobody/x", "x");
	sound_tell(f, "lost", "READY");
}

static int
repair(struct fixture *f)
{
	autostr heard = STR_INIT;

	return fsck_desk(f->spool, "pm", true, clock_wall_ms() + 7200 * 1000,
	                 hear, &heard, NULL);
}

static void
check_repair(struct fixture *f, const char *row, int result)
{
	bool there = fixture_has(f, PLACE_READY, "brief.md");
	autofree char *text = fixture_read(
		f, there ? PLACE_READY : PLACE_REJECTED, "brief.md");

	check_text(row, text, "precious");
	if (fixture_copies(f, "twice") < 1 || fixture_copies(f, "done") < 1)
		fail_msg("%s: a task is lost", row);
	if (!fixture_has(f, PLACE_OUTBOX, "changed/out/report") &&
	    !fixture_has(f, PLACE_REJECTED, "changed/out/report"))
		fail_msg("%s: a result is lost", row);
	if (result == 0 && fixture_copies(f, "twice") != 1)
		fail_msg("%s: success was told", row);
}

static int
resume_repair(struct fixture *f, bool died)
{
	(void)died;
	return repair(f);
}

static void
after_repair(struct fixture *f, const char *row)
{
	autostr heard = STR_INIT;
	int r = fsck_desk(f->spool, "pm", false, clock_wall_ms(), hear, &heard,
	                  NULL);

	check_text(row, str_text(&heard), "");
	check_number(row, r, 0);
	check_number(row, fixture_copies(f, "twice"), 1);
	check_number(row, fixture_copies(f, "done"), 1);
}

static void
a_repair_goes_on_where_it_was_killed(void **state)
{
	static const struct fault_case c = { break_much, repair, check_repair,
		                             resume_repair, after_repair };

	(void)state;
	fault_run(&c);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_in_motion_is_no_finding),
		TEST(what_stays_is_found_beside_a_running_agent),
		cmocka_unit_test(a_repair_goes_on_where_it_was_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

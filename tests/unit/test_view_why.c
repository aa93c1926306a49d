#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/view.h"
#include "spool/record.h"
#include "spool/request.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define UP "spoolhand up"

/* The sentence about pm/ID, to free. */
static char *
why(const struct fixture *f, const char *id)
{
	autostr out = STR_INIT;
	struct view_task v;
	struct err err = { "" };
	int r = view_task(f->spool, "pm", id, &v, &err);

	if (r == -ENOENT)
		r = view_rejected(f->spool, "pm", id, &v, &err);
	if (r == 0)
		r = view_why(f->spool, &v, &out, &err);
	if (r < 0)
		fail_msg("%s: %s", id, err.text);
	view_task_done(&v);
	return str_take(&out);
}

static void
check_why(const char *row, const struct fixture *f, const char *id,
          const char *want)
{
	autofree char *got = why(f, id);

	check_text(row, got, want);
}

static void
check_part(const char *row, const struct fixture *f, const char *id,
           const char *part)
{
	autofree char *got = why(f, id);

	check_contains(row, got, part);
}

/* While the descriptor is open, an agent runs. */
static int
agent_up(const struct fixture *f)
{
	return desk_own(f->desk, NULL);
}

static void
a_drop_waits_for_the_agent(void **state)
{
	struct fixture *f = *state;
	autoclose int up = -1;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	check_why("down", f, "a",
	          "pm/a is DROPPED: it lies in the inbox of 'pm'; agent 'pm' "
	          "is not running: start it with: " UP);
	up = agent_up(f);
	assert_true(up >= 0);
	check_part("up", f, "a", "as soon as nobody writes to it");
	check_part("up", f, "a", "spoolhand sync pm");
}

static void
an_agent_that_is_not_configured_is_told(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->spool->fd, "spoolhand.yaml",
	              "agents: {qm: {shell: cat}}\n");
	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	check_part("removed", f, "a",
	           "agent 'pm' is not in spoolhand.yaml: nobody runs it");
}

/* It may be draining, or know another spoolhand.yaml. */
static void
nothing_is_promised_for_the_orchestrator(void **state)
{
	struct fixture *f = *state;
	autoclose int gm = -1;

	gm = lock_take(f->spool->fd, "gm/lock");
	assert_true(gm >= 0);
	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	check_part("orchestrator", f, "a",
	           "agent 'pm' is not running now; if the orchestrator does "
	           "not start it in a moment: spoolhand down; spoolhand up");
}

static void
nothing_is_claimed_of_an_agent_that_cannot_be_known(void **state)
{
	struct fixture *f = *state;

	scratch_symlink(f->desk->fd, "lock", "lock");
	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	fixture_put(f, PLACE_RUNNING, "5.000000000002.2.b", "x");
	check_why("ready", f, "a",
	          "pm/a is READY and next in line; pm/b is "
	          "RUNNING");
	check_part("running", f, "b", "pm/b is RUNNING since ");
}

static void
a_cancel_that_waits_for_the_agent_is_told(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	fixture_put(f, PLACE_REQUESTS, "cancel.a", "");
	check_part("cancel", f, "a",
	           "; a request to cancel it lies there for its agent");
}

static void
a_drop_at_a_full_desk_says_so(void **state)
{
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	scratch_write(f->spool->fd, "spoolhand.yaml",
	              "agents: {pm: {shell: cat, max_pending: 1}}\n");
	(void)fixture_task(f, PLACE_READY, 1, "b", "x");
	fixture_put(f, PLACE_INBOX, "a.md", "x");
	check_part("full", f, "a", "the desk is full (max_pending: 1)");
}

static void
pending_names_what_it_waits_for(void **state)
{
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	(void)fixture_task(f, PLACE_READY, 1, "b", "x");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "done");
	(void)fixture_task(f, PLACE_PENDING, 2, "a",
	                   "---\nafter: [pm/b, pm/done, qm/none]\n---\n");
	check_why(
		"pending", f, "a",
		"pm/a is PENDING: it waits for pm/b (READY), qm/none (no such "
		"task yet); submit that with: spoolhand submit qm FILE --id none; "
		"give it up with: spoolhand cancel pm/a");
}

static void
pending_behind_a_failure_says_how_to_mend_it(void **state)
{
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_FAILED], "b");
	(void)fixture_task(f, PLACE_PENDING, 2, "a", "---\nafter: pm/b\n---\n");
	check_part("failed", f, "a",
	           "waits for pm/b (FAILED); begin that "
	           "again with: spoolhand retry pm/b");
}

static void
pending_for_many_names_a_few(void **state)
{
	struct fixture *f = *state;

	(void)fixture_task(
		f, PLACE_PENDING, 2, "a",
		"---\nafter: [pm/1, pm/2, pm/3, pm/4, pm/5, pm/6, pm/7]\n---\n");
	check_part("many", f, "a", "pm/5 (no such task yet) and 2 more; ");
}

static void
pending_for_a_file_or_a_time_says_which(void **state)
{
	struct fixture *f = *state;

	(void)fixture_task(f, PLACE_PENDING, 1, "a",
	                   "---\ninputs: 'file:/nowhere/x.csv'\n---\n");
	check_part("file", f, "a",
	           "it waits for file:/nowhere/x.csv (/nowhere/x.csv: there "
	           "is no folder /nowhere)");
	(void)fixture_task(f, PLACE_PENDING, 2, "b",
	                   "---\nnot_before: 2240-01-02T03:04:05Z\n---\n");
	check_part("time", f, "b",
	           "pm/b is PENDING: it starts not before "
	           "2240-01-02T03:04:05.000Z (in ");
	(void)fixture_task(f, PLACE_PENDING, 3, "c",
	                   "---\nafter: pm/x\n"
	                   "not_before: 2240-01-02T03:04:05Z\n---\n");
	check_part("both", f, "c", "; it starts not before 2240-01-02");
}

static void
pending_says_what_happens_in_the_end(void **state)
{
	static const struct {
		const char *id, *keys, *want;
	} rows[] = {
		{ "fail", "input_timeout: 1h", ": then it is withdrawn" },
		{ "run", "input_timeout: 1h\non_input_timeout: run",
		  ": then it runs without what is missing" },
		{ "ask", "input_timeout: 1h\non_input_timeout: ask",
		  ": then a person is asked" },
		{ "block", "on_dependency_failure: block",
		  "spoolhand retry pm/bad; else it waits on" },
		{ "fallback", "on_dependency_failure: fallback",
		  "; else it runs without that when the rest is there" },
		{ "asks", "on_dependency_failure: ask",
		  "; else a person is asked" },
	};
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	scratch_mkdir(f->desk->at[PLACE_FAILED], "bad");
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *text = mem_printf(
			"---\nafter: [pm/bad, pm/x]\n%s\n---\n", rows[i].keys);

		(void)fixture_task(f, PLACE_PENDING, i + 1, rows[i].id, text);
		check_part(rows[i].id, f, rows[i].id, rows[i].want);
	}
	fixture_put(f, PLACE_QUESTIONS, "asks", "question: x\n");
	check_part(
		"asked", f, "asks",
		"spoolhand retry pm/bad; submit that with: spoolhand submit "
		"pm FILE --id x; a person is asked what to do: answer with: "
		"spoolhand answer pm/asks run, or wait, or fail; give it up");
	fixture_put(f, PLACE_QUESTIONS, "ask", "question: x\n");
	check_part("late, and asked", f, "ask",
	           "--id x; a person is asked what to do: ");
}

static void
pending_in_a_circle_says_the_way(void **state)
{
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	(void)fixture_task(f, PLACE_PENDING, 1, "a", "---\nafter: pm/b\n---\n");
	(void)fixture_task(f, PLACE_PENDING, 2, "b", "---\nafter: pm/a\n---\n");
	check_why("circle", f, "a",
	          "pm/a is PENDING: it waits for pm/b (PENDING); it waits in a "
	          "circle, which cannot end by itself: pm/a -> pm/b -> pm/a; "
	          "break it with: spoolhand cancel pm/a");
}

static void
pending_with_all_there_or_an_artifact_missing(void **state)
{
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "b");
	(void)fixture_task(f, PLACE_PENDING, 1, "a", "---\nafter: pm/b\n---\n");
	(void)fixture_task(f, PLACE_PENDING, 2, "c",
	                   "---\ninputs: pm/b/x.md\n---\n");
	check_part("there", f, "a", "all that it waits for is there");
	check_part("missing", f, "c", "pm/b has no artifact 'x.md'");
}

static void
pending_that_cannot_be_read_says_so(void **state)
{
	struct fixture *f = *state;

	(void)fixture_task(f, PLACE_PENDING, 1, "a", "---\nnonsense: 1\n---\n");
	check_part("unreadable", f, "a", "its file cannot be read (");
}

static void
ready_has_its_place_in_line(void **state)
{
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	(void)fixture_task(f, PLACE_READY, 2, "a", "x");
	check_why("next", f, "a",
	          "pm/a is READY and next in line; the agent is about to start "
	          "it");
	(void)fixture_task(f, PLACE_READY, 1, "b", "x");
	fixture_put(f, PLACE_READY, "9.000000000000.0.low", "x");
	(void)fixture_task(f, PLACE_RUNNING, 3, "r", "x");
	check_why("second", f, "a",
	          "pm/a is READY behind 1 other; pm/r is RUNNING");
	check_part("third", f, "low", "READY behind 2 others");
}

static void
ready_at_an_agent_that_starts_nothing(void **state)
{
	const struct request pause = { .verb = REQUEST_PAUSE };
	struct fixture *f = *state;
	autoclose int up = -1;

	(void)fixture_task(f, PLACE_READY, 2, "a", "x");
	check_part("down", f, "a", "agent 'pm' is not running");
	scratch_mkdir(f->spool->fd, "gm/quarantine");
	scratch_write(f->spool->fd, "gm/quarantine/pm", "died 5 times\n");
	check_part("quarantine", f, "a",
	           "agent 'pm' is in quarantine (died 5 times): release it "
	           "with: spoolhand resume pm");
	up = agent_up(f);
	assert_true(up >= 0);
	assert_int_equal(request_drop(f->desk, &pause, NULL), 0);
	check_part("paused", f, "a",
	           "agent 'pm' is paused: let it go on with: spoolhand resume "
	           "pm");
}

static void
running_says_since_when(void **state)
{
	struct fixture *f = *state;
	struct progress p = { .phase = PHASE_WORKING, .percent = 40 };
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	fixture_put(f, PLACE_RUNNING, "5.000000000001.2.a", "x");
	check_part("since", f, "a", "pm/a is RUNNING since 20");
	check_part("attempt", f, "a",
	           ", attempt 2; stop it with: spoolhand "
	           "cancel pm/a");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a");
	p.updated_ms = clock_wall_ms();
	(void)snprintf(p.message, sizeof(p.message), "parsing");
	assert_int_equal(progress_write(f->desk, "a", &p), 0);
	check_part("progress", f, "a", ", at 40%: parsing; ");
	p.stalled_ms = clock_wall_ms() + 1000;
	p.quiet_ms = clock_wall_ms() - 720000;
	assert_int_equal(progress_write(f->desk, "a", &p), 0);
	check_part("stalled", f, "a", "; no output or progress for 12m");
}

static void
running_without_its_agent_has_crashed(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_RUNNING, "5.000000000001.2.a", "x");
	check_why("crashed", f, "a",
	          "pm/a was RUNNING when its agent ended: attempt 2 counts as "
	          "crashed; agent 'pm' is not running: start it with: " UP);
}

static void
saving_is_told(void **state)
{
	struct fixture *f = *state;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	(void)fixture_task(f, PLACE_SAVING, 1, "a", "x");
	check_why("saving", f, "a",
	          "pm/a is RUNNING: its worker has ended, its result is being "
	          "saved");
}

static void
blocked_has_a_reason_and_an_end(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT;
	autoclose int up = agent_up(f);

	assert_true(up >= 0);
	fixture_put(f, PLACE_BLOCKED, "5.000000000001.2.a", "x");
	rec.reason = BLOCK_RETRY;
	rec.until_ms = clock_wall_ms() + 3600000 + 30000;
	(void)snprintf(rec.message, sizeof(rec.message), "exit 3");
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	check_why("retry", f, "a",
	          "pm/a is BLOCKED (retry) after 2 attempts: exit 3; attempt 3 "
	          "may begin in 1h00m; let it go on now with: spoolhand retry "
	          "pm/a");
	rec.reason = BLOCK_CRASHED;
	rec.until_ms = 1;
	rec.message[0] = '\0';
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	check_part(
		"crashed", f, "a",
		"BLOCKED (crashed) after 2 attempts: the agent or the "
		"machine died under it; its wait is over, attempt 3 is next");
}

static void
blocked_without_a_record_is_still_told(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_BLOCKED, "5.000000000001.1.a", "x");
	check_part("no record", f, "a",
	           "pm/a is BLOCKED after 1 attempt; its wait is over");
}

static void
ended_tasks_say_where_their_result_is(void **state)
{
	struct fixture *f = *state;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	check_part("completed", f, "a",
	           "/agents/pm/outbox/a; read it with: "
	           "spoolhand result pm/a");
	scratch_mkdir(f->desk->at[PLACE_FAILED], "b");
	scratch_write(f->desk->at[PLACE_FAILED], "b/result.json",
	              "{\"state\":\"FAILED\",\"reason\":\"exit\","
	              "\"message\":\"exit 3\",\"attempts\":3}");
	check_why("failed", f, "b",
	          "pm/b is FAILED (exit) after 3 attempts: exit 3; begin it "
	          "again with: spoolhand retry pm/b");
	scratch_mkdir(f->desk->at[PLACE_FAILED], "c");
	scratch_write(f->desk->at[PLACE_FAILED], "c/result.json",
	              "{\"state\":\"WITHDRAWN\",\"reason\":\"cancelled\","
	              "\"attempts\":0}");
	check_why("withdrawn", f, "c",
	          "pm/c is WITHDRAWN (cancelled); begin it again with: "
	          "spoolhand retry pm/c");
}

static void
a_rejected_drop_says_why(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, PLACE_REJECTED, "a.md", "x");
	check_part("silent", f, "a", "was rejected: nobody has written why");
	fixture_put(f, PLACE_REJECTED, "a.md.why", "a.md:1:1: no\n");
	check_part("why", f, "a",
	           "pm/a was rejected: a.md:1:1: no; it lies in ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
		TEST(a_drop_waits_for_the_agent),
		TEST(an_agent_that_is_not_configured_is_told),
		TEST(nothing_is_promised_for_the_orchestrator),
		TEST(nothing_is_claimed_of_an_agent_that_cannot_be_known),
		TEST(a_cancel_that_waits_for_the_agent_is_told),
		TEST(a_drop_at_a_full_desk_says_so),
		TEST(pending_names_what_it_waits_for),
		TEST(pending_behind_a_failure_says_how_to_mend_it),
		TEST(pending_for_many_names_a_few),
		TEST(pending_for_a_file_or_a_time_says_which),
		TEST(pending_says_what_happens_in_the_end),
		TEST(pending_in_a_circle_says_the_way),
		TEST(pending_with_all_there_or_an_artifact_missing),
		TEST(pending_that_cannot_be_read_says_so),
		TEST(ready_has_its_place_in_line),
		TEST(ready_at_an_agent_that_starts_nothing),
		TEST(running_says_since_when),
		TEST(running_without_its_agent_has_crashed),
		TEST(saving_is_told),
		TEST(blocked_has_a_reason_and_an_end),
		TEST(blocked_without_a_record_is_still_told),
		TEST(ended_tasks_say_where_their_result_is),
		TEST(a_rejected_drop_says_why),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

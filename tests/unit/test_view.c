#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/view.h"
#include "spool/enclosure.h"
#include "spool/record.h"
#include "spool/request.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static const char result_text[] =
	"{\"state\":\"WITHDRAWN\",\"reason\":\"cancelled\","
	"\"message\":\"it was cancelled\",\"attempts\":2,\"seq\":7,"
	"\"priority\":\"high\",\"title\":\"The title\",\"times\":{"
	"\"admitted\":\"2026-11-21T03:39:18.123Z\",\"started\":null,"
	"\"ended\":\"1970-01-01T00:00:01.500Z\"}}";

/* work/ID/NAME */
static void
put_work(struct fixture *f, const char *id, const char *name, const char *text)
{
	autofree char *path = mem_printf("%s/%s", id, name);
	int r = sys_mkdir(f->desk->at[PLACE_WORK], id, 0755);

	assert_true(r == 0 || r == -EEXIST);
	scratch_write(f->desk->at[PLACE_WORK], path, text);
}

static void
put_progress(struct fixture *f, const char *id, int percent, int64_t updated)
{
	autofree char *text =
		mem_printf("{\"phase\":\"working\",\"percent\":%d,"
	                   "\"stage\":\"\",\"message\":\"m\",\"updated\":%jd}",
	                   percent, (intmax_t)updated);

	put_work(f, id, "progress.json", text);
}

/* Its standard output was written at this time. */
static int
write_at(struct fixture *f, const char *id, int64_t wall_ms)
{
	autofree char *path = mem_printf("%s/stdout", id);
	autoclose int fd = sys_open(f->desk->at[PLACE_WORK], path, O_RDWR);

	assert_true(fd >= 0);
	return sys_set_mtime(fd, wall_ms * CLOCK_NS_PER_MS);
}

static struct view_task
look(const struct fixture *f, const char *id)
{
	struct view_task v;
	struct err err = { "" };

	if (view_task(f->spool, "pm", id, &v, &err) < 0)
		fail_msg("%s: %s", id, err.text);
	return v;
}

static struct view_agent
look_at_agent(const struct fixture *f)
{
	struct view_agent v;
	struct err err = { "" };

	if (view_agent(f->spool, "pm", &v, &err) < 0)
		fail_msg("%s", err.text);
	return v;
}

static void
the_state_of_a_task_is_its_place(void **state)
{
	static const struct row {
		enum place place;
		const char *state;
	} rows[] = {
		{ PLACE_PENDING, "PENDING" }, { PLACE_READY, "READY" },
		{ PLACE_RUNNING, "RUNNING" }, { PLACE_SAVING, "RUNNING" },
		{ PLACE_BLOCKED, "BLOCKED" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		const char *place = desk_place_name(rows[i].place);
		struct view_task v;

		(void)fixture_task(f, rows[i].place, i + 1, place, "body");
		v = look(f, place);
		check_text(place, v.state, rows[i].state);
		check_number(place, v.place, rows[i].place);
		check_number(place, (int64_t)v.entry.seq, (int64_t)i + 1);
		view_task_done(&v);
	}
}

static void
a_drop_and_a_title_are_seen(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	fixture_put(f, PLACE_INBOX, "brief.md", "---\ntitle: A b\n---\nx");
	v = look(f, "brief");
	check_text("state", v.state, "DROPPED");
	check_text("title", v.title, "A b");
	view_task_done(&v);
}

static void
a_result_tells_how_a_task_ended(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	scratch_mkdir(f->desk->at[PLACE_FAILED], "a");
	scratch_write(f->desk->at[PLACE_FAILED], "a/result.json", result_text);
	v = look(f, "a");
	check_text("state", v.state, "WITHDRAWN");
	check_text("reason", v.reason, "cancelled");
	check_text("message", v.message, "it was cancelled");
	check_text("title", v.title, "The title");
	check_number("attempts", v.entry.attempts, 2);
	check_number("class", v.entry.cls, CLASS_HIGH);
	check_number("admitted", v.admitted_ms, INT64_C(1795232358123));
	check_number("started", v.started_ms, 0);
	check_number("ended", v.ended_ms, 1500);
	view_task_done(&v);
}

static void
a_result_that_cannot_be_read_is_still_one(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	v = look(f, "a");
	check_text("state", v.state, "COMPLETED");
	assert_null(v.reason);
	view_task_done(&v);
}

static void
a_blocked_task_has_its_reason(void **state)
{
	struct record rec = RECORD_INIT;
	struct fixture *f = *state;
	struct view_task v;

	rec.reason = BLOCK_RETRY;
	rec.until_ms = 4711;
	(void)snprintf(rec.message, sizeof(rec.message), "exit 3");
	(void)fixture_task(f, PLACE_BLOCKED, 1, "a", "x");
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	v = look(f, "a");
	check_text("reason", v.reason, "retry");
	check_text("message", v.message, "exit 3");
	check_number("until", v.until_ms, 4711);
	view_task_done(&v);
}

static void
progress_of_an_earlier_attempt_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	put_progress(f, "a", 55, clock_wall_ms() - 60000);
	(void)fixture_task(f, PLACE_RUNNING, 1, "a", "x");
	v = look(f, "a");
	assert_true(v.started_ms > 0);
	check_number("old", v.progress.percent, 0);
	check_number("phase", v.progress.phase, PHASE_WORKING);
	view_task_done(&v);

	put_progress(f, "a", 55, clock_wall_ms() + 60000);
	v = look(f, "a");
	check_number("new", v.progress.percent, 55);
	view_task_done(&v);
}

static void
output_overrules_what_was_said_of_a_stall(void **state)
{
	struct fixture *f = *state;
	struct progress p = { .phase = PHASE_WORKING };
	struct view_task v;

	put_work(f, "a", "stdout", "text");
	(void)fixture_task(f, PLACE_RUNNING, 1, "a", "x");
	p.stalled_ms = clock_wall_ms() + 60000;
	p.quiet_ms = p.stalled_ms - 1000;
	assert_int_equal(progress_write(f->desk, "a", &p), 0);
	v = look(f, "a");
	check_number("stalled", v.progress.stalled_ms, p.stalled_ms);
	check_number("quiet", v.progress.quiet_ms, p.quiet_ms);
	view_task_done(&v);

	/* Its agent has not looked again yet. */
	assert_int_equal(write_at(f, "a", p.stalled_ms + 1), 0);
	v = look(f, "a");
	check_number("written", v.progress.stalled_ms, 0);
	view_task_done(&v);

	p.stalled_ms = clock_wall_ms() - 60000;
	assert_int_equal(progress_write(f->desk, "a", &p), 0);
	v = look(f, "a");
	check_number("of an earlier attempt", v.progress.stalled_ms, 0);
	view_task_done(&v);
}

static void
saving_is_shown_in_its_band(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	put_progress(f, "a", 55, clock_wall_ms());
	(void)fixture_task(f, PLACE_SAVING, 1, "a", "x");
	v = look(f, "a");
	check_number("phase", v.progress.phase, PHASE_SAVING);
	check_number("percent", v.progress.percent, 90);
	view_task_done(&v);
}

static void
the_times_of_a_live_task_stand_in_the_journal(void **state)
{
	struct fixture *f = *state;
	struct journal_line line = JOURNAL_LINE;
	struct entry e = fixture_task(f, PLACE_READY, 1, "a", "x");
	struct view_task v;

	line.entry = &e;
	line.ev = "admit";
	assert_int_equal(journal_write(&f->journal, 1000, &line), 0);
	line.ev = "move";
	line.to = "RUNNING";
	assert_int_equal(journal_write(&f->journal, 2000, &line), 0);
	v = look(f, "a");
	check_number("admitted", v.admitted_ms, 1000);
	check_number("started", v.started_ms, 2000);
	view_task_done(&v);
}

static void
no_such_task_is_told(void **state)
{
	struct fixture *f = *state;
	struct view_task v;
	struct err err = { "" };

	assert_int_equal(view_task(f->spool, "pm", "a", &v, &err), -ENOENT);
	check_contains("task", err.text, "no task 'a'");
	assert_int_equal(view_task(f->spool, "qm", "a", &v, &err), -ENOENT);
	assert_int_equal(view_rejected(f->spool, "pm", "a", &v, &err), -ENOENT);
}

static void
a_rejected_drop_has_the_first_line_of_its_reason(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	fixture_put(f, PLACE_REJECTED, "a.md", "x");
	fixture_put(f, PLACE_REJECTED, "a.md.why", "no id\nmore\n");
	assert_int_equal(view_rejected(f->spool, "pm", "a", &v, NULL), 0);
	check_text("state", v.state, "REJECTED");
	check_text("message", v.message, "no id");
	view_task_done(&v);
}

static void
the_state_of_an_agent_is_derived(void **state)
{
	static const struct row {
		enum place place;
		const char *state;
		bool at_rest;
	} rows[] = {
		{ PLACE_OUTBOX, "IDLE", true },
		{ PLACE_FAILED, "IDLE", true },
		{ PLACE_INBOX, "IDLE", false },
		{ PLACE_PENDING, "IDLE", false },
		{ PLACE_READY, "IDLE", false },
		{ PLACE_BLOCKED, "BLOCKED", false },
		{ PLACE_SAVING, "BUSY", false },
		{ PLACE_RUNNING, "BUSY", false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		const char *place = desk_place_name(rows[i].place);
		struct view_agent v;

		(void)fixture_task(f, rows[i].place, i + 1, place, "x");
		v = look_at_agent(f);
		check_text(place, v.state, rows[i].state);
		check_number(place, v.counts[rows[i].place], 1);
		check_number(place, view_agent_at_rest(&v), rows[i].at_rest);
		view_agent_done(&v);
	}
}

static void
drops_that_are_being_written_do_not_count(void **state)
{
	struct fixture *f = *state;
	struct view_agent v;

	fixture_put(f, PLACE_INBOX, ".a.md", "x");
	fixture_put(f, PLACE_INBOX, "a.md.part", "x");
	fixture_put(f, PLACE_REJECTED, "b.md", "x");
	fixture_put(f, PLACE_REJECTED, "b.md.why", "x");
	v = look_at_agent(f);
	check_number("drops", v.counts[PLACE_INBOX], 0);
	check_number("rejected", v.counts[PLACE_REJECTED], 1);
	assert_true(view_agent_at_rest(&v));
	view_agent_done(&v);
}

static void
up_paused_and_quarantined_are_files(void **state)
{
	const struct request pause = { .verb = REQUEST_PAUSE };
	struct fixture *f = *state;
	struct view_agent v = look_at_agent(f);
	autoclose int lock = -1;
	struct err err = { "" };

	assert_false(v.up || v.paused || v.quarantined);
	view_agent_done(&v);
	assert_int_equal(request_drop(f->desk, &pause, &err), 0);
	scratch_mkdir(f->spool->fd, "gm/quarantine");
	scratch_write(f->spool->fd, "gm/quarantine/pm", "died\n");
	lock = desk_own(f->desk, &err);
	assert_true(lock >= 0);
	v = look_at_agent(f);
	assert_true(v.up && v.paused && v.quarantined);
	check_number("pid", v.pid, getpid());
	check_text("no note", v.containment, "session");
	view_agent_done(&v);
	assert_int_equal(enclosure_write(f->desk, "/sys/fs/cgroup"), 0);
	v = look_at_agent(f);
	check_text("a note", v.containment, "cgroup");
	view_agent_done(&v);
	/* What a dead one has noted says nothing of the next one. */
	(void)close(take_fd(lock));
	v = look_at_agent(f);
	assert_null(v.containment);
	view_agent_done(&v);
}

/* A lock that cannot be looked at, as that of another user. */
static void
who_runs_an_agent_may_not_be_known(void **state)
{
	struct fixture *f = *state;
	struct view_agent v;
	autojson *o = NULL;

	scratch_symlink(f->desk->fd, "lock", "lock");
	v = look_at_agent(f);
	assert_true(v.up < 0);
	o = view_agent_json(&v);
	assert_true(json_is_null(json_get(o, "up")));
	assert_true(json_is_null(json_get(o, "pid")));
	view_agent_done(&v);
}

static void
the_first_blocked_task_is_told(void **state)
{
	struct fixture *f = *state;
	struct record rec = RECORD_INIT;
	struct view_agent v = look_at_agent(f);

	assert_null(v.blocked);
	view_agent_done(&v);
	(void)fixture_task(f, PLACE_BLOCKED, 2, "b", "x");
	(void)fixture_task(f, PLACE_BLOCKED, 1, "a", "x");
	rec.reason = BLOCK_RETRY;
	(void)snprintf(rec.message, sizeof(rec.message), "exit 3");
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
	v = look_at_agent(f);
	check_text("blocked", v.blocked, "pm/a is BLOCKED (retry): exit 3");
	view_agent_done(&v);
}

/* A payload that cannot be opened does no harm, as it is not opened. */
static void
lists_open_no_task(void **state)
{
	struct fixture *f = *state;
	struct view_task v;

	scratch_fifo(f->desk->at[PLACE_READY], "5.000000000001.0.a");
	assert_int_equal(
		view_entry(f->desk, PLACE_READY, "5.000000000001.0.a", &v), 0);
	check_text("id", v.id, "a");
	assert_null(v.title);
	view_task_done(&v);
	assert_int_equal(view_entry(f->desk, PLACE_READY, "junk", &v),
	                 -EBADMSG);
	assert_int_equal(view_entry(f->desk, PLACE_INBOX, "a.part", &v),
	                 -EBADMSG);
}

static void
json_has_every_key_and_null_for_the_unknown(void **state)
{
	struct fixture *f = *state;
	struct view_task v;
	autojson *o = NULL;
	autostr text = STR_INIT;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	v = look(f, "a");
	o = view_task_json(&v);
	json_print(o, &text);
	check_text("dropped", str_text(&text),
	           "{\"ref\":\"pm/a\",\"agent\":\"pm\",\"id\":\"a\","
	           "\"state\":\"DROPPED\",\"priority\":null,\"seq\":null,"
	           "\"attempts\":0,\"reason\":null,\"until\":null,"
	           "\"message\":null,\"title\":null,\"progress\":null,"
	           "\"admitted\":null,\"started\":null,\"ended\":null}");
	view_task_done(&v);
}

static void
json_of_an_agent_counts_saving_as_running(void **state)
{
	struct fixture *f = *state;
	struct view_agent v;
	autojson *o = NULL;

	(void)fixture_task(f, PLACE_SAVING, 1, "a", "x");
	(void)fixture_task(f, PLACE_RUNNING, 2, "b", "x");
	v = look_at_agent(f);
	o = view_agent_json(&v);
	check_number("running", json_int(json_get(o, "running"), -1), 2);
	check_text("task", json_str(json_get(json_get(o, "task"), "id"), ""),
	           "b");
	assert_true(json_is_null(json_get(o, "pid")));
	view_agent_done(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
		TEST(the_state_of_a_task_is_its_place),
		TEST(a_drop_and_a_title_are_seen),
		TEST(a_result_tells_how_a_task_ended),
		TEST(a_result_that_cannot_be_read_is_still_one),
		TEST(a_blocked_task_has_its_reason),
		TEST(progress_of_an_earlier_attempt_is_not_shown),
		TEST(output_overrules_what_was_said_of_a_stall),
		TEST(saving_is_shown_in_its_band),
		TEST(the_times_of_a_live_task_stand_in_the_journal),
		TEST(no_such_task_is_told),
		TEST(a_rejected_drop_has_the_first_line_of_its_reason),
		TEST(the_state_of_an_agent_is_derived),
		TEST(drops_that_are_being_written_do_not_count),
		TEST(up_paused_and_quarantined_are_files),
		TEST(who_runs_an_agent_may_not_be_known),
		TEST(the_first_blocked_task_is_told),
		TEST(lists_open_no_task),
		TEST(json_has_every_key_and_null_for_the_unknown),
		TEST(json_of_an_agent_counts_saving_as_running),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

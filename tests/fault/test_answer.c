/*
 * From an answer that was dropped to a task that goes on: whatever fails, it
 * is neither lost nor counted twice, and the next start finishes it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "agent/answers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/find.h"
#include "spool/question.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define ENTRY "5.000000000001.1.t"

/* How the task of this run asks; before fault_run(). */
static struct call asked;
static char what[] = "Which?", yes[] = "yes", no[] = "no";
static char *options[] = { yes, no, NULL };

/* A task that is BLOCKED on its second call, and its question. */
static void
prepare(struct fixture *f, const char *name, const char *text)
{
	struct record rec = RECORD_INIT;
	autoquestion q = { 0 };
	autostr json = STR_INIT;
	int work = f->desk->at[PLACE_WORK];

	log_open("test", LOG_ERROR, 0);
	fixture_put(f, PLACE_BLOCKED, ENTRY, "x");
	scratch_mkdir(work, "t");
	scratch_mkdir(work, "t/calls");
	scratch_mkdir(work, "t/calls/0002");
	calls_print(&asked, &json);
	scratch_write(work, "t/calls/0002/call.json", json.data);
	rec.reason = BLOCK_QUESTION;
	rec.call = 2;
	assert_int_equal(record_write(f->desk, "t", &rec), 0);
	assert_int_equal(question_of_call(f->desk, "t", 2, &q), 0);
	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	if (name)
		fixture_put(f, PLACE_ANSWERS, name, text);
}

/* What an agent does at its start, and what follows; `act` is in between. */
static int
with_agent(struct fixture *f, void (*act)(struct agent *a))
{
	struct config config = { .settle_ms = 0 };
	struct config_agent role = { .name = f->desk->name };
	struct agent a = { .config = &config,
		           .role = &role,
		           .spool = f->spool,
		           .desk = f->desk,
		           .journal = f->journal,
		           .loop = loop_new(),
		           .run.channel.fd = -1 };
	struct entry e;
	struct record rec;
	int r = 0;

	if (fixture_has(f, PLACE_BLOCKED, ENTRY)) {
		(void)entry_parse(ENTRY, &e);
		(void)strset_add(&a.ids, e.id);
		record_read(a.desk, e.id, &rec);
		blocked_add(&a, &e, &rec, false);
	}
	answers_recover(&a);
	if (act)
		act(&a);
	if (blocklist_count(&a.blocked) || a.answers_kept || a.nanswers)
		r = -EAGAIN;
	blocked_done(&a);
	answers_done(&a);
	queue_done(&a.ready);
	strset_done(&a.ids);
	f->journal = a.journal;
	loop_free(a.loop);
	return r;
}

static int
attempt(struct fixture *f)
{
	return with_agent(f, NULL);
}

static int
resume(struct fixture *f, bool died)
{
	(void)died;
	return with_agent(f, NULL);
}

static char *
answer_of(struct fixture *f)
{
	return calls_answered(f->desk, "t", 2) ?
	               fixture_read(f, PLACE_WORK, "t/calls/0002/answer") :
	               NULL;
}

/* It is in one place, or recorded; what goes on is answered. */
static void
check_answer(struct fixture *f, const char *row, int result)
{
	autofree char *answer = answer_of(f);
	int places = fixture_has(f, PLACE_ANSWERS, "t.2") +
	             fixture_has(f, PLACE_WORK, "t/answer.2");

	if (fixture_has(f, PLACE_REJECTED, "t.2"))
		fail_msg("%s: it was rejected", row);
	if (places > 1 || (!places && !answer))
		fail_msg("%s: it is in %d places", row, places);
	if (answer)
		check_text(row, answer, "yes");
	if (fixture_has(f, PLACE_READY, ENTRY) && !answer)
		fail_msg("%s: it goes on without an answer", row);
	if (result == 0 && !fixture_has(f, PLACE_READY, ENTRY))
		fail_msg("%s: it does not go on", row);
	check_number(row, fixture_copies(f, "t"), 1);
}

/*
 * Nothing is left of it but the answer; and perhaps the claim, which could
 * not be removed, and goes with the task.
 */
static void
check_done(struct fixture *f, const char *row, const char *want)
{
	autofree char *answer = answer_of(f);
	autofree char *places = fixture_places(f);

	check_text(row, answer ? answer : "-", want);
	check_text(row, places, "ready/" ENTRY " ");
}

static void
prepare_answer(struct fixture *f)
{
	prepare(f, "t.2", "yes\n");
}

static void
after_answer(struct fixture *f, const char *row)
{
	check_done(f, row, "yes");
}

static const struct call plain = {
	.kind = CALL_ASK,
	.what = what,
	.options = options,
	.begun_ms = FIXTURE_NOW,
};

static void
an_answer_is_taken_once_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_answer, attempt,
		                             check_answer, resume,
		                             after_answer };

	(void)state;
	asked = plain;
	fault_run(&c);
}

static void
prepare_wrong(struct fixture *f)
{
	prepare(f, "t.2", "maybe\n");
}

/* That it waits on is what is wanted. */
static int
attempt_wrong(struct fixture *f)
{
	int r = with_agent(f, NULL);

	return r == -EAGAIN && fixture_has(f, PLACE_REJECTED, "t.2") ? 0 : r;
}

static int
resume_wrong(struct fixture *f, bool died)
{
	(void)died;
	return attempt_wrong(f);
}

static void
check_wrong(struct fixture *f, const char *row, int result)
{
	int places = fixture_has(f, PLACE_ANSWERS, "t.2") +
	             fixture_has(f, PLACE_WORK, "t/answer.2") +
	             fixture_has(f, PLACE_REJECTED, "t.2");

	(void)result;
	check_number(row, places, 1);
	if (calls_answered(f->desk, "t", 2))
		fail_msg("%s: it was recorded", row);
	if (!fixture_has(f, PLACE_BLOCKED, ENTRY))
		fail_msg("%s: it does not wait any more", row);
}

static void
after_wrong(struct fixture *f, const char *row)
{
	check_wrong(f, row, 0);
	if (!fixture_has(f, PLACE_QUESTIONS, "t"))
		fail_msg("%s: nothing is asked", row);
	if (!fixture_has(f, PLACE_REJECTED, "t.2.why"))
		fail_msg("%s: no reason was given", row);
}

static void
what_is_no_answer_comes_back_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_wrong, attempt_wrong,
		                             check_wrong, resume_wrong,
		                             after_wrong };

	(void)state;
	asked = plain;
	fault_run(&c);
}

/* The moment of the deadline. */
static void
be_late(struct agent *a)
{
	struct blocked *b = blocklist_find(&a->blocked, "t");
	const char *why = NULL;

	if (b && questions_late(a, b, &why))
		(void)blocked_unblock(a, "t", why);
}

static void
prepare_silence(struct fixture *f)
{
	prepare(f, NULL, NULL);
}

static int
attempt_late(struct fixture *f)
{
	return with_agent(f, be_late);
}

static int
resume_late(struct fixture *f, bool died)
{
	(void)died;
	return attempt_late(f);
}

static void
check_default(struct fixture *f, const char *row, int result)
{
	autofree char *answer = answer_of(f);

	(void)result;
	if (answer)
		check_text(row, answer, "no");
	else if (fixture_has(f, PLACE_READY, ENTRY))
		fail_msg("%s: it goes on without an answer", row);
	check_number(row, fixture_copies(f, "t"), 1);
}

static void
after_default(struct fixture *f, const char *row)
{
	check_done(f, row, "no");
}

static void
a_default_is_taken_once_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_silence, attempt_late,
		                             check_default, resume_late,
		                             after_default };

	(void)state;
	asked = plain;
	asked.fallback = no;
	asked.until_ms = FIXTURE_NOW + 1;
	fault_run(&c);
}

static void
check_doom(struct fixture *f, const char *row, int result)
{
	struct record rec;

	(void)result;
	record_read(f->desk, "t", &rec);
	if (fixture_has(f, PLACE_READY, ENTRY) &&
	    strcmp(rec.doom, "no_answer") != 0)
		fail_msg("%s: it goes on", row);
	check_number(row, fixture_copies(f, "t"), 1);
}

/* A record that says so already is due at once. */
static int
resume_doom(struct fixture *f, bool died)
{
	struct record rec;

	(void)died;
	record_read(f->desk, "t", &rec);
	if (rec.doom[0] && fixture_has(f, PLACE_BLOCKED, ENTRY)) {
		check_number("reason", rec.reason, BLOCK_NONE);
		scratch_rename(f->desk->fd, "blocked/" ENTRY, "ready/" ENTRY);
		return with_agent(f, NULL);
	}
	return attempt_late(f);
}

static void
after_doom(struct fixture *f, const char *row)
{
	struct record rec;

	check_doom(f, row, 0);
	record_read(f->desk, "t", &rec);
	check_contains(row, rec.message, "Which?");
	check_done(f, row, "-");
}

static void
a_deadline_without_default_dooms_it_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare_silence, attempt_late,
		                             check_doom, resume_doom,
		                             after_doom };

	(void)state;
	asked = plain;
	asked.until_ms = FIXTURE_NOW + 1;
	fault_run(&c);
}

/* Each step is on disk before the next may be. */
static void
an_answer_is_gone_for_good_before_it_is_recorded(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	asked = plain;
	f->spool->durable = true;
	prepare_answer(f);
	trace = fault_trace(f, attempt);
	fault_in_order(trace, "rename:answer.2 ", "fsync:t ");
	fault_in_order(trace, "rename:answer.2 ", "fsync:answers ");
	fault_in_order(trace, "fsync:answers ", "fsync:.answer.tmp ");
	fault_in_order(trace, "fsync:.answer.tmp ", "rename:answer ");
	fault_in_order(trace, "rename:answer ", "fsync:0002 ");
	fault_in_order(trace, "fsync:0002 ", "unlink:answer.2 ");
	fault_in_order(trace, "unlink:answer.2 ", "unlink:t ");
	fault_in_order(trace, "unlink:t ", "rename:" ENTRY);
}

static bool refused;

/* The disk is full in that very moment. */
static int
refuse_once(enum sys_op op, const char *name)
{
	if (op != SYS_RENAME || strcmp(name, ENTRY) != 0 || refused)
		return 0;
	refused = true;
	return -ENOSPC;
}

static void
stop_if_ready(void *agent)
{
	struct agent *a = agent;

	if (!blocklist_count(&a->blocked))
		loop_stop(a->loop);
}

static void
stop(void *agent)
{
	loop_stop(((struct agent *)agent)->loop);
}

/* Without a new start, and without anybody who answers again. */
static void
go_on(struct agent *a)
{
	struct loop_timer limit = { 0 };

	loop_arm(a->loop, &limit, clock_boot_ns() + 20 * CLOCK_NS_PER_S, stop,
	         a);
	loop_before_wait(a->loop, stop_if_ready, a);
	assert_int_equal(loop_run(a->loop), 0);
	loop_clear(a->loop, &limit);
}

static void
what_is_answered_and_cannot_move_is_moved_later(void **state)
{
	struct fixture *f = *state;

	asked = plain;
	prepare_answer(f);
	refused = false;
	sys_fault = refuse_once;
	assert_int_equal(with_agent(f, go_on), 0);
	sys_fault = NULL;
	assert_true(refused);
	check_done(f, "later", "yes");
}

#define MANY 100

static void
put_in(struct fixture *f, struct agent *a, int n)
{
	autofree char *name = mem_printf("5.%012d.1.t%d", n, n);
	struct record rec = { .reason = BLOCK_QUESTION,
		              .until_ms = FIXTURE_NOW + 1,
		              .call = 1 };
	int work = f->desk->at[PLACE_WORK];
	autofree char *id = mem_printf("t%d", n);
	autofree char *calls = mem_printf("%s/calls", id);
	autofree char *call = mem_printf("%s/0001", calls);
	autofree char *file = mem_printf("%s/call.json", call);
	autofree char *answer = mem_printf("%s.1", id);
	autostr json = STR_INIT;
	struct entry e;

	assert_int_equal(entry_parse(name, &e), 0);
	fixture_put(f, PLACE_BLOCKED, name, "x");
	scratch_mkdir(work, id);
	scratch_mkdir(work, calls);
	scratch_mkdir(work, call);
	calls_print(&asked, &json);
	scratch_write(work, file, json.data);
	assert_int_equal(record_write(f->desk, e.id, &rec), 0);
	fixture_put(f, PLACE_ANSWERS, answer, "yes\n");
	(void)strset_add(&a->ids, e.id);
	blocked_add(a, &e, &rec, false);
}

/* However many there are when the agent starts, with their deadlines past. */
static void
what_came_in_time_counts_before_any_deadline(void **state)
{
	struct fixture *f = *state;
	struct config config = { .settle_ms = 0 };
	struct config_agent role = { .name = f->desk->name };
	struct agent a = { .config = &config,
		           .role = &role,
		           .spool = f->spool,
		           .desk = f->desk,
		           .journal = f->journal,
		           .loop = loop_new(),
		           .run.channel.fd = -1 };

	log_open("test", LOG_ERROR, 0);
	asked = plain;
	asked.fallback = no;
	asked.until_ms = FIXTURE_NOW + 1;
	for (int n = 1; n <= MANY; n++)
		put_in(f, &a, n);
	answers_recover(&a);
	assert_int_equal(a.nanswers, 0);
	assert_int_equal(blocklist_count(&a.blocked), 0);
	blocked_done(&a);
	answers_done(&a);
	queue_done(&a.ready);
	strset_done(&a.ids);
	f->journal = a.journal;
	loop_free(a.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_taken_once_whatever_fails),
		cmocka_unit_test(what_is_no_answer_comes_back_whatever_fails),
		cmocka_unit_test(a_default_is_taken_once_whatever_fails),
		cmocka_unit_test(
			a_deadline_without_default_dooms_it_whatever_fails),
		cmocka_unit_test_setup_teardown(
			an_answer_is_gone_for_good_before_it_is_recorded,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_answered_and_cannot_move_is_moved_later,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_came_in_time_counts_before_any_deadline,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

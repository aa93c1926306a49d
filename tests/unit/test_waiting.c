#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/waiting.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define SECONDS(n) (clock_boot_ns() + (n)*CLOCK_NS_PER_S)

/* A wait of its own for each case. */
struct wait {
	struct context cx;
	struct waiting w;
	struct str ended; /* "ID STATE " as each was told */
};

static void
wait_begin(struct wait *k, struct fixture *f)
{
	*k = (struct wait){ .cx = { .spool = f->spool, .quiet = true } };
	waiting_init(&k->w, &k->cx);
}

static void
wait_end(struct wait *k)
{
	waiting_done(&k->w);
	str_done(&k->ended);
}

static void
note(void *arg, const struct waiting_task *t)
{
	struct wait *k = arg;

	str_addf(&k->ended, "%s %s ", t->id, state_outcome_name(t->outcome));
}

static int
run(struct wait *k, bool any, int64_t deadline_ns)
{
	return waiting_run(&k->w, any, deadline_ns, note, k);
}

/* What the agent does at the end of a task, as far as a wait can see. */
static void
publish(const struct fixture *f, enum place p, const char *id,
        const char *state)
{
	autofree char *staged = mem_printf("%s.staged", id);
	autofree char *file = mem_printf("%s/result.json", staged);
	autofree char *text = mem_printf("{\"state\":\"%s\"}", state);
	autofree char *from =
		mem_printf("%s/%s", desk_place_name(PLACE_WORK), staged);
	autofree char *to = mem_printf("%s/%s", desk_place_name(p), id);

	scratch_mkdir(f->desk->at[PLACE_WORK], staged);
	scratch_write(f->desk->at[PLACE_WORK], file, text);
	scratch_rename(f->desk->fd, from, to);
}

static void
what_has_ended_is_told_at_once(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	publish(f, PLACE_OUTBOX, "a", "COMPLETED");
	publish(f, PLACE_FAILED, "b", "FAILED");
	publish(f, PLACE_FAILED, "c", "WITHDRAWN");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "c"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "b"), 0);
	assert_int_equal(run(&k, false, SECONDS(0)), EXIT_TASK_FAILED);
	assert_string_equal(k.ended.data, "c WITHDRAWN a COMPLETED b FAILED ");
	wait_end(&k);
}

static void
one_of_many_is_enough_if_asked_for(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	publish(f, PLACE_OUTBOX, "b", "COMPLETED");
	publish(f, PLACE_FAILED, "c", "FAILED");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "b"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "c"), 0);
	assert_int_equal(run(&k, true, SECONDS(0)), EXIT_FINE);
	assert_string_equal(k.ended.data, "b COMPLETED ");
	wait_end(&k);
}

static void
a_task_that_is_given_twice_is_waited_for_once(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	publish(f, PLACE_OUTBOX, "a", "COMPLETED");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(k.w.left, 1);
	assert_int_equal(run(&k, false, SECONDS(0)), EXIT_FINE);
	assert_string_equal(k.ended.data, "a COMPLETED ");
	wait_end(&k);
}

static void
what_is_nowhere_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), EXIT_NOT_FOUND);
	assert_int_equal(waiting_add(&k.w, "nobody", "a"), EXIT_NOT_FOUND);
	wait_end(&k);
}

static void
a_wait_ends_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	(void)fixture_task(f, PLACE_READY, 1, "a", "x");
	publish(f, PLACE_OUTBOX, "b", "COMPLETED");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "b"), 0);
	assert_int_equal(run(&k, false, SECONDS(0)), EXIT_TIMED_OUT);
	assert_string_equal(k.ended.data, "b COMPLETED ");
	wait_end(&k);
}

/* Do something to the desk from another process. */
static pid_t
meanwhile(const struct fixture *f, void (*what)(const struct fixture *f))
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		what(f);
		_exit(0);
	}
	return child;
}

static void
complete_a(const struct fixture *f)
{
	publish(f, PLACE_OUTBOX, "a", "COMPLETED");
}

static void
the_end_of_a_task_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	struct wait k;
	pid_t child;

	(void)fixture_task(f, PLACE_RUNNING, 1, "a", "x");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	child = meanwhile(f, complete_a);
	assert_int_equal(run(&k, false, SECONDS(20)), EXIT_FINE);
	assert_string_equal(k.ended.data, "a COMPLETED ");
	assert_int_equal(check_exit(child), 0);
	wait_end(&k);
}

/* admitted, found to be bad, and put aside with its reason */
static void
reject_a(const struct fixture *f)
{
	scratch_write(f->desk->at[PLACE_REJECTED], "a.md.why", "too bad\n");
	scratch_rename(f->desk->fd, "inbox/a.md", "rejected/a.md");
}

static void
a_drop_that_is_rejected_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	struct wait k;
	pid_t child;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	child = meanwhile(f, reject_a);
	assert_int_equal(run(&k, false, SECONDS(20)), EXIT_BAD_DATA);
	assert_int_equal(k.ended.len, 0);
	assert_int_equal(check_exit(child), 0);
	wait_end(&k);
}

/* b ends after it has been seen that a is rejected. */
static void
reject_a_and_complete_b(const struct fixture *f)
{
	reject_a(f);
	(void)poll(NULL, 0, 300);
	publish(f, PLACE_OUTBOX, "b", "COMPLETED");
}

static void
one_that_completed_is_enough_whatever_became_of_others(void **state)
{
	struct fixture *f = *state;
	struct wait k;
	pid_t child;

	fixture_put(f, PLACE_INBOX, "a.md", "x");
	(void)fixture_task(f, PLACE_READY, 1, "b", "x");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(waiting_add(&k.w, "pm", "b"), 0);
	child = meanwhile(f, reject_a_and_complete_b);
	assert_int_equal(run(&k, true, SECONDS(20)), EXIT_FINE);
	assert_string_equal(k.ended.data, "b COMPLETED ");
	assert_int_equal(check_exit(child), 0);
	wait_end(&k);
}

static void
a_failed_task_that_is_to_begin_again_has_not_ended(void **state)
{
	struct fixture *f = *state;
	struct wait k;

	publish(f, PLACE_FAILED, "a", "FAILED");
	fixture_put(f, PLACE_REQUESTS, "retry.a", "");
	wait_begin(&k, f);
	assert_int_equal(waiting_add(&k.w, "pm", "a"), 0);
	assert_int_equal(run(&k, false, SECONDS(0)), EXIT_TIMED_OUT);
	assert_int_equal(k.ended.len, 0);
	wait_end(&k);
}

#define WITH_FIXTURE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(what_has_ended_is_told_at_once),
		WITH_FIXTURE(one_of_many_is_enough_if_asked_for),
		WITH_FIXTURE(a_task_that_is_given_twice_is_waited_for_once),
		WITH_FIXTURE(what_is_nowhere_is_not_waited_for),
		WITH_FIXTURE(a_wait_ends_at_its_deadline),
		WITH_FIXTURE(the_end_of_a_task_ends_the_wait),
		WITH_FIXTURE(a_drop_that_is_rejected_ends_the_wait),
		WITH_FIXTURE(
			one_that_completed_is_enough_whatever_became_of_others),
		WITH_FIXTURE(
			a_failed_task_that_is_to_begin_again_has_not_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

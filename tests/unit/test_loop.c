#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/str.h"
#include "tests/support/libcheck.h"

/* What the callbacks of a test write down, and what they act on. */
struct log {
	struct loop *loop;
	struct str text;
	int fds[2];
	int count;
	struct loop_timer again; /* a timer that arms itself */
	int64_t due_ns;
};

/* Ends a test that would wait for ever: the message is the failure. */
static struct loop_timer watchdog;

static void
too_late(void *arg)
{
	struct log *log = arg;

	str_adds(&log->text, "TOO LATE ");
	loop_stop(log->loop);
}

static int
setup(void **state)
{
	struct log *log = test_calloc(1, sizeof(*log));

	log->loop = loop_new();
	assert_non_null(log->loop);
	assert_int_equal(pipe2(log->fds, O_CLOEXEC | O_NONBLOCK), 0);
	memset(&watchdog, 0, sizeof(watchdog));
	loop_arm(log->loop, &watchdog, clock_boot_ns() + 20 * CLOCK_NS_PER_S,
	         too_late, log);
	*state = log;
	return 0;
}

static int
teardown(void **state)
{
	struct log *log = *state;

	loop_free(log->loop);
	str_done(&log->text);
	for (int i = 0; i < 2; i++)
		if (log->fds[i] >= 0)
			(void)close(log->fds[i]);
	test_free(log);
	return 0;
}

/* A timer's argument: what it writes down. */
struct note {
	struct log *log;
	const char *text;
	bool last;
	struct loop_timer timer;
};

static void
write_note(void *arg)
{
	struct note *n = arg;

	str_addf(&n->log->text, "%s ", n->text);
	if (n->last)
		loop_stop(n->log->loop);
}

static void
timers_fire_in_order_of_their_times(void **state)
{
	struct log *log = *state;
	int64_t now = clock_boot_ns();
	struct note notes[] = {
		{ log, "third", true, { 0 } },
		{ log, "first", false, { 0 } },
		{ log, "second", false, { 0 } },
	};
	static const int64_t ms[] = { 12, 1, 6 };

	for (size_t i = 0; i < countof(notes); i++)
		loop_arm(log->loop, &notes[i].timer,
		         now + ms[i] * CLOCK_NS_PER_MS, write_note, &notes[i]);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "first second third ");
	assert_true(clock_boot_ns() >= now + 12 * CLOCK_NS_PER_MS);
	assert_false(notes[0].timer.armed);
}

static void
a_timer_in_the_past_fires_at_once(void **state)
{
	struct log *log = *state;
	struct note past = { log, "past", true, { 0 } };

	loop_arm(log->loop, &past.timer, -5, write_note, &past);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "past ");
}

static void
a_timer_armed_again_fires_once_at_its_new_time(void **state)
{
	struct log *log = *state;
	int64_t now = clock_boot_ns();
	struct note moved = { log, "moved", false, { 0 } };
	struct note end = { log, "end", true, { 0 } };

	loop_arm(log->loop, &moved.timer, now + 3600 * CLOCK_NS_PER_S,
	         write_note, &moved);
	loop_arm(log->loop, &end.timer, now + 5 * CLOCK_NS_PER_MS, write_note,
	         &end);
	loop_arm(log->loop, &moved.timer, now + CLOCK_NS_PER_MS, write_note,
	         &moved);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "moved end ");
}

static void
a_cleared_timer_does_not_fire(void **state)
{
	struct log *log = *state;
	struct note never = { log, "never", false, { 0 } };
	struct note end = { log, "end", true, { 0 } };

	loop_arm(log->loop, &never.timer, 0, write_note, &never);
	loop_arm(log->loop, &end.timer, 1, write_note, &end);
	loop_clear(log->loop, &never.timer);
	loop_clear(log->loop, &never.timer);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "end ");
}

/* Arms itself again as due long ago, for ever. */
static void
again_at_once(void *arg)
{
	struct log *log = arg;

	if (++log->count > 100000)
		too_late(log);
	else
		loop_arm(log->loop, &log->again, 0, again_at_once, log);
}

static void
read_and_stop(void *arg)
{
	struct log *log = arg;
	char buf[64];
	ssize_t n = read(log->fds[0], buf, sizeof(buf));

	str_addf(&log->text, "read %zd ", n);
	loop_stop(log->loop);
}

static void
a_timer_that_is_always_due_does_not_starve_descriptors(void **state)
{
	struct log *log = *state;

	loop_arm(log->loop, &log->again, 0, again_at_once, log);
	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 0);
	assert_int_equal(write(log->fds[1], "x", 1), 1);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "read 1 ");
	assert_true(log->count > 0);
	loop_clear(log->loop, &log->again);
}

static void
a_timer_that_is_always_due_does_not_starve_others(void **state)
{
	struct log *log = *state;
	struct note end = { log, "end", true, { 0 } };

	loop_arm(log->loop, &log->again, 0, again_at_once, log);
	loop_arm(log->loop, &end.timer, 1, write_note, &end);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "end ");
	loop_clear(log->loop, &log->again);
}

static void
a_readable_descriptor_calls_its_function(void **state)
{
	struct log *log = *state;

	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 0);
	assert_int_equal(write(log->fds[1], "abc", 3), 3);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "read 3 ");
}

static void
a_peer_that_went_calls_it_too(void **state)
{
	struct log *log = *state;

	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 0);
	(void)close(log->fds[1]);
	log->fds[1] = -1;
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "read 0 ");
}

static void
a_descriptor_is_added_once(void **state)
{
	struct log *log = *state;

	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 0);
	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 -EEXIST);
	assert_int_equal(loop_add(log->loop, -1, read_and_stop, log), -EBADF);
}

/* Drops both descriptors of the pair that is readable at the same time. */
static int pair[2];

static void
drop_both(void *arg)
{
	struct log *log = arg;

	log->count++;
	loop_drop(log->loop, pair[0]);
	loop_drop(log->loop, pair[1]);
	(void)write(log->fds[1], "x", 1);
}

static void
a_callback_may_drop_itself_and_others(void **state)
{
	struct log *log = *state;
	int a[2], b[2];

	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	pair[0] = a[0];
	pair[1] = b[0];
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	assert_int_equal(loop_add(log->loop, a[0], drop_both, log), 0);
	assert_int_equal(loop_add(log->loop, b[0], drop_both, log), 0);
	assert_int_equal(loop_add(log->loop, log->fds[0], read_and_stop, log),
	                 0);
	assert_int_equal(loop_run(log->loop), 0);
	assert_int_equal(log->count, 1);
	assert_string_equal(str_text(&log->text), "read 1 ");
	for (int i = 0; i < 2; i++) {
		(void)close(a[i]);
		(void)close(b[i]);
	}
}

static void
note_signal(void *arg, int signo)
{
	struct log *log = arg;

	str_addf(&log->text, "%d ", signo);
	if (++log->count == 2)
		loop_stop(log->loop);
}

static void
signals_arrive_as_calls(void **state)
{
	struct log *log = *state;

	assert_int_equal(loop_signal(log->loop, SIGUSR1, note_signal, log), 0);
	assert_int_equal(loop_signal(log->loop, SIGUSR2, note_signal, log), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(raise(SIGUSR2), 0);
	assert_int_equal(loop_run(log->loop), 0);
	assert_int_equal(log->count, 2);
	assert_true(strstr(str_text(&log->text), "10 "));
	assert_true(strstr(str_text(&log->text), "12 "));
}

static void
stop_before_waiting(void *arg)
{
	struct log *log = arg;

	if (++log->count == 3)
		loop_stop(log->loop);
	else
		loop_arm(log->loop, &log->again, 0, too_late, log);
	loop_clear(log->loop, &log->again);
	(void)write(log->fds[1], "x", 1);
}

static void
drain(void *arg)
{
	struct log *log = arg;
	char buf[8];

	(void)read(log->fds[0], buf, sizeof(buf));
}

static void
the_end_of_an_iteration_comes_before_each_wait(void **state)
{
	struct log *log = *state;

	assert_int_equal(loop_add(log->loop, log->fds[0], drain, log), 0);
	loop_before_wait(log->loop, stop_before_waiting, log);
	assert_int_equal(loop_run(log->loop), 0);
	assert_int_equal(log->count, 3);
	assert_string_equal(str_text(&log->text), "");
}

static void
a_stopped_loop_runs_again(void **state)
{
	struct log *log = *state;
	struct note one = { log, "one", true, { 0 } };
	struct note two = { log, "two", true, { 0 } };

	loop_arm(log->loop, &one.timer, 0, write_note, &one);
	assert_int_equal(loop_run(log->loop), 0);
	loop_arm(log->loop, &two.timer, 0, write_note, &two);
	assert_int_equal(loop_run(log->loop), 0);
	assert_string_equal(str_text(&log->text), "one two ");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_fire_in_order_of_their_times),
		TEST(a_timer_in_the_past_fires_at_once),
		TEST(a_timer_armed_again_fires_once_at_its_new_time),
		TEST(a_cleared_timer_does_not_fire),
		TEST(a_timer_that_is_always_due_does_not_starve_descriptors),
		TEST(a_timer_that_is_always_due_does_not_starve_others),
		TEST(a_readable_descriptor_calls_its_function),
		TEST(a_peer_that_went_calls_it_too),
		TEST(a_descriptor_is_added_once),
		TEST(a_callback_may_drop_itself_and_others),
		TEST(signals_arrive_as_calls),
		TEST(the_end_of_an_iteration_comes_before_each_wait),
		TEST(a_stopped_loop_runs_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

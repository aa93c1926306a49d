#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "spool/feedback.h"
#include "spool/health.h"
#include "spool/session.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static void
prepare_session(struct fixture *f)
{
	scratch_mkdir(f->desk->fd, "session");
	scratch_write(f->desk->fd, "session/notes", "old");
	scratch_mkdir(f->desk->fd, "sessions");
	scratch_mkdir(f->desk->fd, "sessions/1");
}

static int
renew(struct fixture *f)
{
	return session_renew(f->desk, NULL);
}

/* The old one is whole, at one of two places. */
static void
check_session(struct fixture *f, const char *row, int result)
{
	bool old = scratch_has(f->desk->fd, "session/notes");
	bool kept = scratch_has(f->desk->fd, "sessions/2/notes");

	if (old == kept)
		fail_msg("%s: the old session is at %d places", row,
		         old + kept);
	if (result >= 0 && !kept)
		fail_msg("%s: success was told", row);
}

/* The next attempt has one, whichever. */
static int
make(struct fixture *f, bool died)
{
	(void)died;
	return session_make(f->desk);
}

static void
after_session(struct fixture *f, const char *row)
{
	check_session(f, row, -1);
	if (!scratch_has(f->desk->fd, "session"))
		fail_msg("%s: there is no session", row);
}

static void
an_old_session_is_never_lost(void **state)
{
	static const struct fault_case c = { prepare_session, renew,
		                             check_session, make,
		                             after_session };

	(void)state;
	fault_run(&c);
}

static void
prepare_words(struct fixture *f)
{
	int work = f->desk->at[PLACE_WORK];

	scratch_mkdir(work, "t");
	scratch_write(work, "t/stderr", "new words\n");
	scratch_write(work, "t/feedback", "old words");
}

static int
keep_words(struct fixture *f)
{
	return feedback_keep(f->desk, "t", 0, NULL);
}

static void
check_words(struct fixture *f, const char *row, int result)
{
	autostr words = STR_INIT;

	check_number(row, feedback_read(f->desk, "t", &words), 0);
	if (result >= 0 || strcmp(str_text(&words), "old words") != 0)
		check_text(row, str_text(&words), "new words");
}

static int
resume_words(struct fixture *f, bool died)
{
	(void)died;
	return keep_words(f);
}

static void
after_words(struct fixture *f, const char *row)
{
	check_words(f, row, 0);
}

static void
words_are_the_old_ones_or_the_new_ones(void **state)
{
	static const struct fault_case c = { prepare_words, keep_words,
		                             check_words, resume_words,
		                             after_words };

	(void)state;
	fault_run(&c);
}

static void
prepare_health(struct fixture *f)
{
	const struct health h = { .failures = 1 };

	assert_int_equal(health_write(f->desk, &h), 0);
}

static int
write_health(struct fixture *f)
{
	const struct health h = { .failures = 2, .pause_ms = 1000 };

	return health_write(f->desk, &h);
}

static void
check_health(struct fixture *f, const char *row, int result)
{
	struct health h;

	health_read(f->desk, &h);
	if (h.failures != 2 && (h.failures != 1 || result >= 0))
		fail_msg("%s: %lld failures", row, (long long)h.failures);
	check_number(row, h.pause_ms, h.failures == 2 ? 1000 : 0);
}

static int
resume_health(struct fixture *f, bool died)
{
	(void)died;
	return write_health(f);
}

static void
after_health(struct fixture *f, const char *row)
{
	check_health(f, row, 0);
}

static void
health_is_the_old_one_or_the_new_one(void **state)
{
	static const struct fault_case c = { prepare_health, write_health,
		                             check_health, resume_health,
		                             after_health };

	(void)state;
	fault_run(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_session_is_never_lost),
		cmocka_unit_test(words_are_the_old_ones_or_the_new_ones),
		cmocka_unit_test(health_is_the_old_one_or_the_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

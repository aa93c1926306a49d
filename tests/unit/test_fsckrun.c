/*
 * fsck beside a running agent, what it leaves alone, and the tree around.
 */
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

#include "base/clock.h"
#include "base/sys.h"
#include "spool/fsck.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"
#include "tests/support/libsound.h"

#define PRECIOUS "somebody's only copy"

static void
a_running_agent_is_not_mended_but_told_about(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };
	autofree char *before = NULL;
	autofree char *after = NULL;
	struct err err = { "" };
	int lock = desk_own(f->desk, NULL);

	(void)state;
	assert_true(lock >= 0);
	fixture_put(f, PLACE_READY, "brief.md", PRECIOUS);
	before = scratch_snapshot(f->desk->fd, ".");
	assert_int_equal(fsck_desk(f->spool, "pm", true, FIXTURE_NOW,
	                           sound_hear, &h, &err),
	                 -EAGAIN);
	check_contains("owner", err.text, "already run by pid");
	assert_string_equal(str_text(&h.codes), "bad-name! ");
	after = scratch_snapshot(f->desk->fd, ".");
	assert_string_equal(after, before);
	(void)close(lock);
	str_done(&h.codes);
	fixture_free(f);
}

static void
only_our_own_private_files_are_removed_and_only_old_ones(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };
	int64_t now = clock_wall_ms();

	(void)state;
	fixture_put(f, PLACE_INBOX, ".1795235958123456789.77.0.a.md", "ha");
	fixture_put(f, PLACE_REQUESTS, ".cancel.a.77.tmp", "");
	fixture_put(f, PLACE_REJECTED, ".x.why.77.tmp", "");
	assert_int_equal(sound_fsck(f, false, now + 3500 * 1000, &h), 0);
	assert_int_equal(sound_fsck(f, false, now + 3700 * 1000, &h), 3);
	assert_string_equal(str_text(&h.codes), "stale-private! stale-private! "
	                                        "stale-private! ");
	assert_int_equal(sound_fsck(f, true, now + 3700 * 1000, &h), 0);
	assert_int_equal(sound_fsck(f, false, now + 3700 * 1000, &h), 0);
	assert_string_equal(str_text(&h.codes), "");
	/* Somebody may be building a drop here for days. */
	assert_true(fixture_has(f, PLACE_INBOX, ".building"));
	str_done(&h.codes);
	fixture_free(f);
}

static void
the_archive_of_a_task_that_begins_again_is_kept(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };

	(void)state;
	fixture_put(f, PLACE_ADMIT, "=5.000000000007.0.z", "text");
	scratch_mkdir(f->desk->at[PLACE_WORK], "z");
	scratch_mkdir(f->desk->at[PLACE_WORK], "z/failed-1");
	fixture_put(f, PLACE_WORK, "z/failed-1/task", PRECIOUS);
	assert_int_equal(sound_fsck(f, true, FIXTURE_NOW, &h), 0);
	assert_true(fixture_has(f, PLACE_WORK, "z/failed-1/task"));
	str_done(&h.codes);
	fixture_free(f);
}

static void
of_one_task_in_two_places_the_furthest_is_kept(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };

	(void)state;
	fixture_put(f, PLACE_BLOCKED, "5.000000000001.2.p", "Do it.\n");
	assert_int_equal(sound_fsck(f, true, FIXTURE_NOW, &h), 0);
	assert_true(fixture_has(f, PLACE_BLOCKED, "5.000000000001.2.p"));
	assert_true(fixture_has(f, PLACE_REJECTED, "5.000000000001.0.p"));
	assert_true(fixture_has(f, PLACE_REJECTED, "5.000000000001.0.p.why"));
	assert_int_equal(fixture_copies(f, "p"), 1);
	str_done(&h.codes);
	fixture_free(f);
}

static void
a_desk_that_is_not_there_is_not_made(void **state)
{
	static const char *const names[] = { "nobody", "..", "", "pm/inbox" };
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };
	autofree char *desks = NULL;

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		check_number(names[i],
		             fsck_desk(f->spool, names[i], true, FIXTURE_NOW,
		                       sound_hear, &h, NULL),
		             -ENOENT);
	desks = scratch_list(f->spool->agents_fd, ".");
	assert_string_equal(desks, "pm");
	str_done(&h.codes);
	fixture_free(f);
}

static void
hear_any(void *arg, const struct fsck_finding *one)
{
	struct sound_heard *h = arg;

	str_addf(&h->codes, "%s:%s%s ", one->code, one->path,
	         one->repaired ? "" : "!");
	h->n++;
}

static void
the_tree_around_the_desks_is_looked_at(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };

	(void)state;
	assert_int_equal(fsck_spool(f->spool, false, hear_any, &h, NULL), 0);
	assert_int_equal(sys_rmdir(f->spool->fd, "gm"), 0);
	scratch_mkdir(f->spool->agents_fd, "no name");
	assert_int_equal(fsck_spool(f->spool, false, hear_any, &h, NULL), 2);
	assert_string_equal(str_text(&h.codes),
	                    "missing-place:gm! bad-name:agents/no name! ");
	str_clear(&h.codes);
	assert_int_equal(fsck_spool(f->spool, true, hear_any, &h, NULL), 1);
	assert_true(scratch_has(f->spool->fd, "gm"));
	assert_true(scratch_has(f->spool->agents_fd, "no name"));
	str_done(&h.codes);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_agent_is_not_mended_but_told_about),
		cmocka_unit_test(
			only_our_own_private_files_are_removed_and_only_old_ones),
		cmocka_unit_test(
			the_archive_of_a_task_that_begins_again_is_kept),
		cmocka_unit_test(
			of_one_task_in_two_places_the_furthest_is_kept),
		cmocka_unit_test(a_desk_that_is_not_there_is_not_made),
		cmocka_unit_test(the_tree_around_the_desks_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

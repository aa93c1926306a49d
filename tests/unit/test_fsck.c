/*
 * A corpus of broken desks: each is found by its code, nothing is touched by
 * looking, what can be mended is, nothing of value is lost, and a second look
 * finds nothing more.
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
#include "base/mem.h"
#include "base/sys.h"
#include "spool/fsck.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"
#include "tests/support/libsound.h"

#define PRECIOUS "somebody's only copy"

static void
two_places(struct fixture *f)
{
	(void)fixture_task(f, PLACE_READY, 1, "p", "Do it.\n");
}

static void
malformed_name(struct fixture *f)
{
	fixture_put(f, PLACE_READY, "brief.md", PRECIOUS);
}

static void
attempts_with_zero(struct fixture *f)
{
	fixture_put(f, PLACE_BLOCKED, "5.000000000050.00.z", PRECIOUS);
}

static void
link_as_entry(struct fixture *f)
{
	scratch_symlink(f->desk->at[PLACE_PENDING], "/dev/null",
	                "5.000000000052.0.link");
}

static void
pipe_as_entry(struct fixture *f)
{
	scratch_fifo(f->desk->at[PLACE_READY], "5.000000000053.0.pipe");
}

static void
ended_but_live(struct fixture *f)
{
	(void)fixture_task(f, PLACE_SAVING, 900, "done", "Do it.\n");
}

static void
two_running(struct fixture *f)
{
	(void)sound_live(f, PLACE_RUNNING, 50, "y");
	(void)sound_live(f, PLACE_RUNNING, 51, "z");
}

static void
same_sequence(struct fixture *f)
{
	(void)sound_live(f, PLACE_BLOCKED, 2, "z");
}

static void
result_without_record(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "z");
	fixture_put(f, PLACE_OUTBOX, "z/precious", PRECIOUS);
}

static void
result_that_is_no_directory(struct fixture *f)
{
	fixture_put(f, PLACE_FAILED, "z", PRECIOUS);
}

static void
result_with_torn_record(struct fixture *f)
{
	fixture_put(f, PLACE_OUTBOX, "done/result.json", "{\"id\":");
}

static void
result_of_another(struct fixture *f)
{
	assert_int_equal(sys_rename(f->desk->at[PLACE_OUTBOX], "done",
	                            f->desk->at[PLACE_OUTBOX], "other"),
	                 0);
}

static void
result_in_the_wrong_place(struct fixture *f)
{
	assert_int_equal(sys_rename(f->desk->at[PLACE_OUTBOX], "done",
	                            f->desk->at[PLACE_FAILED], "done"),
	                 0);
}

static void
artifact_changed(struct fixture *f)
{
	fixture_put(f, PLACE_OUTBOX, "done/out/report", "repork");
}

static void
artifact_gone(struct fixture *f)
{
	scratch_unlink(f->desk->at[PLACE_FAILED], "bad/out/report");
}

static void
artifact_is_a_link(struct fixture *f)
{
	scratch_unlink(f->desk->at[PLACE_OUTBOX], "done/out/report");
	scratch_symlink(f->desk->at[PLACE_OUTBOX], "/dev/null",
	                "done/out/report");
}

static void
artifact_is_a_directory(struct fixture *f)
{
	scratch_unlink(f->desk->at[PLACE_OUTBOX], "done/out/report");
	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "done/out/report");
}

static void
two_results(struct fixture *f)
{
	sound_publish(f, "done2", OUT_FAILED);
	sound_publish(f, "done2", OUT_COMPLETED);
}

static void
unknown_in_admit(struct fixture *f)
{
	fixture_put(f, PLACE_ADMIT, "what-is-this", PRECIOUS);
}

static void
result_half_removed(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_ADMIT], "+gone");
	fixture_put(f, PLACE_ADMIT, "+gone/task", "x");
}

static void
stale_work(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_WORK], "nobody");
	fixture_put(f, PLACE_WORK, "nobody/x", "x");
}

static void
reject_without_reason(struct fixture *f)
{
	fixture_put(f, PLACE_REJECTED, "y.md", PRECIOUS);
}

static void
reason_without_reject(struct fixture *f)
{
	fixture_put(f, PLACE_REJECTED, "y.md.why", "no good\n");
}

static void
journal_says_otherwise(struct fixture *f)
{
	sound_tell(f, "r", "RUNNING");
}

static void
journal_knows_of_more(struct fixture *f)
{
	sound_tell(f, "lost", "READY");
}

static void
journal_does_not_know(struct fixture *f)
{
	(void)fixture_task(f, PLACE_PENDING, 50, "z", "Do it.\n");
}

static void
journal_with_a_gap(struct fixture *f)
{
	f->journal.next += 3;
	sound_tell(f, "r", "READY");
}

static void
journal_that_goes_back(struct fixture *f)
{
	f->journal.next -= 2;
	sound_tell(f, "r", "READY");
}

static void
place_is_a_file(struct fixture *f)
{
	assert_int_equal(sys_rmdir(f->desk->fd, "answers"), 0);
	scratch_write(f->desk->fd, "answers", PRECIOUS);
}

static void
place_gone(struct fixture *f)
{
	assert_int_equal(sys_rmdir(f->desk->fd, "questions"), 0);
}

static const struct {
	void (*spoil)(struct fixture *f);
	const char *codes; /* all that is found */
	const char *left;  /* what is found after a repair */
} corpus[] = {
	{ two_places, "two-places! journal-differs! ", "" },
	{ malformed_name, "bad-name! ", "" },
	{ attempts_with_zero, "bad-name! ", "" },
	{ link_as_entry, "bad-type! ", "" },
	{ pipe_as_entry, "bad-type! ", "" },
	{ ended_but_live, "ended-but-live! journal-differs! ", "" },
	{ two_running, "two-running! ", "two-running! " },
	{ same_sequence, "same-sequence! ", "same-sequence! " },
	{ result_without_record, "bad-result! ", "" },
	{ result_that_is_no_directory, "bad-result! ", "" },
	{ result_with_torn_record, "bad-result! ", "" },
	{ result_of_another, "wrong-id! ", "" },
	{ result_in_the_wrong_place, "wrong-place! journal-differs! ", "" },
	{ artifact_changed, "bad-manifest! ", "" },
	{ artifact_gone, "bad-manifest! ", "" },
	{ artifact_is_a_link, "bad-manifest! ", "" },
	{ artifact_is_a_directory, "bad-manifest! ", "" },
	{ two_results, "two-results! ", "two-results! " },
	{ unknown_in_admit, "unknown! ", "" },
	{ result_half_removed, "stale-result! ", "" },
	{ stale_work, "stale-work! ", "" },
	{ reject_without_reason, "no-reason! ", "" },
	{ reason_without_reject, "reason-alone! ", "" },
	{ journal_says_otherwise, "journal-differs! ", "" },
	{ journal_knows_of_more, "journal-differs! ", "" },
	{ journal_does_not_know, "not-in-journal! ", "" },
	{ journal_with_a_gap, "journal-gap! ", "journal-gap! " },
	{ journal_that_goes_back, "journal-gap! ", "journal-gap! " },
	{ place_gone, "missing-place! ", "" },
	{ place_is_a_file, "not-a-directory! ", "not-a-directory! " },
};

/* Does any file at the desk have this content? */
static bool
holds(struct fixture *f, const char *text)
{
	autofree char *snapshot = scratch_snapshot(f->desk->fd, ".");
	char *save = NULL;

	for (char *line = strtok_r(snapshot, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *kind = strchr(line, ' ');
		autofree char *content = NULL;

		*kind = '\0';
		if (strncmp(kind + 1, "100", 3) != 0)
			continue;
		content = scratch_read(f->desk->fd, line);
		if (strcmp(content, text) == 0)
			return true;
	}
	return false;
}

static void
try_row(size_t i)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };
	autofree char *before = NULL;
	autofree char *after = NULL;
	char row[64];
	bool precious;
	int left;

	(void)snprintf(row, sizeof(row), "row %zu, %s", i, corpus[i].codes);
	corpus[i].spoil(f);
	precious = holds(f, PRECIOUS);
	before = scratch_snapshot(f->desk->fd, ".");
	left = sound_fsck(f, false, FIXTURE_NOW, &h);
	check_text(row, str_text(&h.codes), corpus[i].codes);
	check_number(row, left, h.n);
	after = scratch_snapshot(f->desk->fd, ".");
	check_text(row, after, before);

	left = sound_fsck(f, true, FIXTURE_NOW, &h);
	check_number(row, left == 0, corpus[i].left[0] == '\0');
	check_number(row, holds(f, PRECIOUS), precious);

	left = sound_fsck(f, true, FIXTURE_NOW, &h);
	check_text(row, str_text(&h.codes), corpus[i].left);
	check_number(row, left, h.n);
	str_done(&h.codes);
	fixture_free(f);
}

static void
every_broken_desk_is_found_and_mended(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(corpus); i++)
		try_row(i);
}

static void
a_sound_desk_has_no_findings_and_stays_as_it_is(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };
	autofree char *before = scratch_snapshot(f->desk->fd, ".");
	autofree char *after = NULL;

	(void)state;
	for (int repair = 0; repair < 2; repair++) {
		assert_int_equal(sound_fsck(f, repair, FIXTURE_NOW, &h), 0);
		assert_string_equal(str_text(&h.codes), "");
	}
	after = scratch_snapshot(f->desk->fd, ".");
	assert_string_equal(after, before);
	str_done(&h.codes);
	fixture_free(f);
}

static void
many_things_wrong_at_once_are_all_mended(void **state)
{
	struct fixture *f = sound_desk();
	struct sound_heard h = { STR_INIT, 0 };

	(void)state;
	for (size_t i = 0; i < countof(corpus); i++)
		if (!corpus[i].left[0] && corpus[i].spoil != place_gone &&
		    corpus[i].spoil != result_of_another &&
		    corpus[i].spoil != result_in_the_wrong_place &&
		    corpus[i].spoil != artifact_is_a_directory)
			corpus[i].spoil(f);
	assert_true(sound_fsck(f, false, FIXTURE_NOW, &h) > 15);
	assert_int_equal(sound_fsck(f, true, FIXTURE_NOW, &h), 0);
	assert_int_equal(sound_fsck(f, true, FIXTURE_NOW, &h), 0);
	assert_string_equal(str_text(&h.codes), "");
	assert_true(holds(f, PRECIOUS));
	str_done(&h.codes);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_sound_desk_has_no_findings_and_stays_as_it_is),
		cmocka_unit_test(every_broken_desk_is_found_and_mended),
		cmocka_unit_test(many_things_wrong_at_once_are_all_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

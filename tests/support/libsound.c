#include "tests/support/libsound.h"

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

#include "base/mem.h"
#include "spool/fsck.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"

void
sound_tell(struct fixture *f, const char *id, const char *to)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "move";
	line.id = id;
	line.to = to;
	assert_int_equal(journal_write(&f->journal, FIXTURE_NOW, &line), 0);
}

/* An entry that the journal knows of. */
struct entry
sound_live(struct fixture *f, enum place p, uint64_t seq, const char *id)
{
	sound_tell(f, id, state_name(desk_place_state(p)));
	return fixture_task(f, p, seq, id, "Do it.\n");
}

/* A task that ended, by the ordinary way. */
void
sound_publish(struct fixture *f, const char *id, enum outcome outcome)
{
	const struct ending end = { .outcome = outcome, .uid = 1 };
	struct entry e = sound_live(f, PLACE_SAVING, 900, id);
	char name[ENTRY_NAME_MAX];
	autofree char *out = mem_printf("%s/out", id);
	autofree char *file = mem_printf("%s/out/report", id);
	autotask t = TASK_INIT;

	scratch_mkdir(f->desk->at[PLACE_WORK], id);
	scratch_mkdir(f->desk->at[PLACE_WORK], out);
	fixture_put(f, PLACE_WORK, file, "report");
	assert_int_equal(task_open(f->desk->at[PLACE_SAVING],
	                           entry_format(&e, name), &t, NULL),
	                 0);
	assert_int_equal(result_stage(f->desk, PLACE_SAVING, &e, &t, &end,
	                              FIXTURE_NOW, NULL),
	                 0);
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
}

/* A desk as it is on any good day. */
struct fixture *
sound_desk(void)
{
	struct fixture *f = fixture_new();

	(void)sound_live(f, PLACE_PENDING, 1, "p");
	(void)sound_live(f, PLACE_READY, 2, "r");
	(void)sound_live(f, PLACE_BLOCKED, 3, "b");
	scratch_mkdir(f->desk->at[PLACE_WORK], "b");
	fixture_put(f, PLACE_WORK, "b/memory", "x");
	sound_publish(f, "done", OUT_COMPLETED);
	sound_publish(f, "bad", OUT_FAILED);
	fixture_put(f, PLACE_REJECTED, "x.md", "text");
	fixture_put(f, PLACE_REJECTED, "x.md.why", "no good\n");
	fixture_put(f, PLACE_INBOX, "drop.md", "text");
	fixture_put(f, PLACE_INBOX, ".building", "text");
	fixture_put(f, PLACE_ADMIT, "000000000001,c.md", "text");
	fixture_put(f, PLACE_REQUESTS, "pause", "");
	return f;
}

void
sound_hear(void *arg, const struct fsck_finding *one)
{
	struct sound_heard *h = arg;

	assert_string_equal(one->agent, "pm");
	assert_true(str_starts(one->path, "agents/pm"));
	assert_true(one->text[0]);
	assert_null(strchr(one->text, '\n'));
	str_addf(&h->codes, "%s%s ", one->code, one->repaired ? "" : "!");
	h->n++;
}

int
sound_fsck(struct fixture *f, bool repair, int64_t now_ms,
           struct sound_heard *h)
{
	struct err err = { "" };
	int r;

	str_clear(&h->codes);
	h->n = 0;
	r = fsck_desk(f->spool, "pm", repair, now_ms, sound_hear, h, &err);
	if (r < 0)
		fail_msg("fsck: %s", err.text);
	return r;
}

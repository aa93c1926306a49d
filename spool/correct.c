#include "spool/correct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "spool/census.h"

/*
 * After a clean stop the last line is "stop".  After a crash in the same boot
 * only the last line can tell of a move that was not made, because lines and
 * moves alternate; a few more are looked at.  After another boot, all.
 */
#define TAIL_BYTES (64 * 1024)
#define TAIL_LINES 16

struct reading {
	struct strset last; /* ids, tagged with the last state told */
	char tail[TAIL_LINES][NAME_LONGEST + 1]; /* ids of the last lines */
	size_t lines;
	bool stopped;             /* the last line was "stop" */
	char boot[PROC_BOOT_MAX]; /* of the last "start" */
};

static int
tag_of(const char *to)
{
	enum task_state s = state_parse(to);

	if (s)
		return (int)s;
	if (state_outcome_parse(to) == OUT_WITHDRAWN)
		return TASK_FAILED;
	return CORRECT_GONE;
}

static int
note_line(void *arg, const struct json *line, int64_t offset)
{
	struct reading *rd = arg;
	const char *ev = json_str(json_get(line, "ev"), "");
	const char *id = json_str(json_get(line, "id"), "");
	const char *to = json_str(json_get(line, "to"), NULL);
	char *slot = rd->tail[rd->lines++ % TAIL_LINES];

	(void)offset;
	rd->stopped = strcmp(ev, "stop") == 0;
	if (strcmp(ev, "start") == 0)
		(void)snprintf(rd->boot, sizeof(rd->boot), "%s",
		               json_str(json_get(line, "reason"), ""));
	slot[0] = '\0';
	if (!to || !name_ok(id))
		return 0;
	strset_tag(&rd->last, id, (unsigned char)tag_of(to));
	(void)snprintf(slot, NAME_LONGEST + 1, "%s", id);
	return 0;
}

int
correct_memory(const struct desk *d, struct strset *memory)
{
	struct reading rd = { .last = STRSET_INIT };
	int r = journal_read(d, 0, note_line, &rd);

	if (r < 0)
		strset_done(&rd.last);
	else
		*memory = rd.last;
	return r;
}

bool
correct_agrees(int tag, enum task_state by_tree)
{
	if (tag == (int)by_tree)
		return true;
	if (by_tree != TASK_NONE)
		return false;
	/* Ended and gone: a retention may have removed the result. */
	return tag == CORRECT_GONE || tag == TASK_COMPLETED ||
	       tag == TASK_FAILED;
}

int
correct_line(struct journal *j, int64_t now_ms, const char *id,
             enum task_state truth)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "recover";
	line.id = id;
	line.to = truth ? state_name(truth) : "GONE";
	line.why = "the journal and the tree differed";
	return journal_write(j, now_ms, &line);
}

static int
correct_one(struct desk *d, struct journal *j, int64_t now_ms,
            const struct reading *rd, const struct strset *live, const char *id,
            int *corrected)
{
	enum task_state truth = census_state(d, live, id);

	if (correct_agrees(strset_get(&rd->last, id), truth))
		return 0;
	(*corrected)++;
	return correct_line(j, now_ms, id, truth);
}

/* The last lines may tell of one task several times. */
static bool
stands_before(const struct reading *rd, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(rd->tail[k], rd->tail[i]) == 0)
			return true;
	return false;
}

static int
correct_all(struct desk *d, struct journal *j, int64_t now_ms,
            const struct reading *rd, bool only_tail, int *corrected)
{
	autostrset live = STRSET_INIT;
	const char *id;
	size_t at = 0;
	int r = census_take(d, &live);

	if (only_tail) {
		for (size_t i = 0; i < TAIL_LINES && r == 0; i++)
			if (rd->tail[i][0] && !stands_before(rd, i))
				r = correct_one(d, j, now_ms, rd, &live,
				                rd->tail[i], corrected);
		return r;
	}
	while (r == 0 && (id = strset_next(&rd->last, &at)))
		r = correct_one(d, j, now_ms, rd, &live, id, corrected);
	return r;
}

int
correct_journal(struct desk *d, struct journal *j, int64_t now_ms,
                int *corrected, struct err *err)
{
	struct reading rd = { .last = STRSET_INIT };
	struct proc_id self;
	int64_t size = journal_size(d);
	int64_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	int r = proc_self(&self);

	if (r == 0)
		r = journal_read(d, from, note_line, &rd);
	if (r == 0 && !rd.stopped && strcmp(rd.boot, self.boot) != 0) {
		/* The start is further back, or was in another boot. */
		strset_done(&rd.last);
		rd = (struct reading){ .last = STRSET_INIT };
		r = journal_read(d, 0, note_line, &rd);
	}
	if (r == 0 && !rd.stopped)
		r = correct_all(d, j, now_ms, &rd,
		                strcmp(rd.boot, self.boot) == 0, corrected);
	strset_done(&rd.last);
	return r < 0 ? err_sys(err, r, "cannot correct the journal of '%s'",
	                       d->name) :
	               0;
}

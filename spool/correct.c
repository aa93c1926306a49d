#include "spool/correct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sys.h"
#include "spool/find.h"

/*
 * After a clean stop the last line is "stop".  After a crash in the same boot
 * only the last line can tell of a move that was not made, because lines and
 * moves alternate; a few more are looked at.  After another boot, all.
 */
#define TAIL_BYTES (64 * 1024)
#define TAIL_LINES 16

struct last {
	char *id;
	char to[16];
	size_t line; /* counted while reading */
};

struct memory {
	struct last *all; /* sorted by id while reading: see note_line() */
	size_t n, cap, lines;
	bool stopped;             /* the last line was "stop" */
	char boot[PROC_BOOT_MAX]; /* of the last "start" */
};

/* The place of `id` in the sorted array, or where it would be. */
static size_t
place_of(const struct memory *m, const char *id)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(m->all[mid].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
remember(struct memory *m, const char *id, const char *to)
{
	size_t i = place_of(m, id);

	if (i == m->n || strcmp(m->all[i].id, id) != 0) {
		mem_room(&m->all, m->n, &m->cap, sizeof(*m->all));
		memmove(&m->all[i + 1], &m->all[i],
		        (m->n - i) * sizeof(*m->all));
		m->all[i].id = mem_dup(id);
		m->n++;
	}
	(void)snprintf(m->all[i].to, sizeof(m->all[i].to), "%s", to);
	m->all[i].line = m->lines;
}

static int
note_line(void *arg, const struct json *line, int64_t offset)
{
	struct memory *m = arg;
	const char *ev = json_str(json_get(line, "ev"), "");
	const char *id = json_str(json_get(line, "id"), NULL);
	const char *to = json_str(json_get(line, "to"), NULL);

	(void)offset;
	m->lines++;
	m->stopped = strcmp(ev, "stop") == 0;
	if (strcmp(ev, "start") == 0)
		(void)snprintf(m->boot, sizeof(m->boot), "%s",
		               json_str(json_get(line, "reason"), ""));
	if (id && to)
		remember(m, id, to);
	return 0;
}

static void
memory_done(struct memory *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->all[i].id);
	free(m->all);
}

/* The state by the tree; "GONE" where there is no such task. */
static int
true_state(const struct desk *d, const char *id, struct found *f,
           const char **out)
{
	int r = find_task(d, id, f);

	*out = "GONE";
	if (r == -ENOENT)
		return 0;
	if (r == 0 && f->place == PLACE_FAILED)
		*out = NULL; /* FAILED or WITHDRAWN: the journal may say */
	else if (r == 0 && desk_place_state(f->place))
		*out = state_name(desk_place_state(f->place));
	return r;
}

static int
correct_one(struct desk *d, struct journal *j, int64_t now_ms,
            const struct last *last, int *corrected)
{
	struct journal_line line = JOURNAL_LINE;
	struct found f = { 0 };
	const char *is;
	int r = true_state(d, last->id, &f, &is);

	if (r < 0)
		return r;
	if (!is && strcmp(last->to, "WITHDRAWN") == 0)
		return 0;
	if (!is)
		is = "FAILED";
	if (strcmp(is, last->to) == 0)
		return 0;
	/* A retention may have removed it; nothing moved. */
	if (strcmp(is, "GONE") == 0 && (strcmp(last->to, "COMPLETED") == 0 ||
	                                strcmp(last->to, "FAILED") == 0 ||
	                                strcmp(last->to, "WITHDRAWN") == 0))
		return 0;
	line.ev = "recover";
	line.id = last->id;
	line.entry = desk_place_live(f.place) ? &f.entry : NULL;
	line.to = is;
	line.why = "the journal was ahead of the tree";
	(*corrected)++;
	return journal_write(j, now_ms, &line);
}

int
correct_journal(struct desk *d, struct journal *j, int64_t now_ms,
                int *corrected, struct err *err)
{
	struct memory m = { 0 };
	struct proc_id self;
	int64_t size = journal_size(d);
	int64_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	size_t first = 0;
	int r = proc_self(&self);

	if (r == 0)
		r = journal_read(d, from, note_line, &m);
	if (r == 0 && !m.stopped && strcmp(m.boot, self.boot) != 0) {
		/* The start is further back, or was in another boot. */
		memory_done(&m);
		m = (struct memory){ 0 };
		r = journal_read(d, 0, note_line, &m);
	}
	if (strcmp(m.boot, self.boot) == 0 && m.lines > TAIL_LINES)
		first = m.lines - TAIL_LINES;
	for (size_t i = 0; i < m.n && r == 0 && !m.stopped; i++)
		if (m.all[i].line > first)
			r = correct_one(d, j, now_ms, &m.all[i], corrected);
	memory_done(&m);
	return r < 0 ? err_sys(err, r, "cannot correct the journal of '%s'",
	                       d->name) :
	               0;
}

/*
 * journal.h - what happened at a desk and why, one JSON object a line.
 *
 *   {"n":17,"t":1795235958123,"ev":"move","id":"brief","seq":3,"attempt":1,
 *    "from":"READY","to":"RUNNING","why":"first in line"}
 *
 * `n` counts the lines of a desk without a gap, `t` is wall-clock
 * milliseconds.  A line is one write(2).  Before a move between live places
 * its line is written; the line of an end (COMPLETED, FAILED, WITHDRAWN) is
 * written when the result is in its place.  A line about a move that a crash
 * then prevented is corrected by a "recover" line at the next start.
 *
 * The state of every task can be rebuilt from the journal alone: the last
 * "to" of its id.
 */
#ifndef SPOOL_JOURNAL_H
#define SPOOL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "spool/desk.h"
#include "spool/entry.h"

struct journal {
	int fd;
	uint64_t next;     /* number of the next line */
	uint64_t last_seq; /* highest sequence seen in the tail */
};

/* A line to be written; NULL and 0 members are left out. */
struct journal_line {
	const char *ev; /* "admit" "move" "phase" "reject" "end" … */
	const char *id;
	const struct entry *entry; /* gives seq, attempt and class */
	const char *from, *to;
	const char *reason;
	const char *why;
	int64_t until_ms; /* wall clock */
	int64_t uid;      /* -1: left out */
	const char *trace;
};

#define JOURNAL_LINE      \
	{                 \
		.uid = -1 \
	}

/*
 * Open for writing: mends a torn last line (by ending it), finds the next
 * number and the highest sequence in the tail.  Owner of the desk only.
 */
int journal_open(struct desk *d, struct journal *j, struct err *err);
void journal_close(struct journal *j);

int journal_write(struct journal *j, int64_t now_ms,
                  const struct journal_line *line);

/*
 * Call `fn` for each whole line from byte `from` on; a line that is not JSON
 * is skipped.  Stops when `fn` returns non-zero and returns that.
 */
typedef int journal_fn(void *arg, const struct json *line, int64_t offset);
int journal_read(const struct desk *d, int64_t from, journal_fn *fn, void *arg);

/* Size in bytes: grows with every change at this desk. */
int64_t journal_size(const struct desk *d);

#endif

/*
 * source.h - where the task that is submitted comes from.
 *
 * A FILE, by its name: Markdown with front matter, .task.json, or all body;
 * standard input, or whatever else is no regular file, which is all body; or
 * a text.  A file is opened again each time it is read, so that thousands can
 * be checked before the first is dropped; a stream can be read but once, and
 * is kept in an unnamed temporary file.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdint.h>

#include "base/err.h"
#include "spool/task.h"

struct source {
	const char *path; /* NULL: not a file that can be opened again */
	int fd;           /* of what was kept of a stream or a text; else -1 */
};

/* "-" is standard input.  -EFBIG if a stream is larger than `max`. */
int source_open(struct source *s, const char *path, int64_t max,
                struct err *err);
int source_open_text(struct source *s, const char *text, struct err *err);
void source_close(struct source *s);

/* What it is called in messages. */
const char *source_name(const struct source *s);

/* What an id is made from: "brief" of "docs/brief.md".  To free. */
char *source_stem(const struct source *s);

/*
 * Read the task; task_done() by the caller.  -EBADMSG with FILE:LINE:COLUMN
 * in `err`.  As with task_open(), the body is `json_body` or t->fd from
 * t->body_at on.
 */
int source_read(const struct source *s, struct task *t, struct err *err);

/* The same for a dropped file, whose name says what it is. */
int source_read_at(int dfd, const char *name, struct task *t, struct err *err);

/* The body as a descriptor, at its first byte; the caller closes it. */
int source_body(const struct task *t, struct err *err);

#endif

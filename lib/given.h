/*
 * given.h - a task as a worker is given it.
 *
 * Either by the environment of a process, or by a line of the protocol of
 * stream workers; see spoolhand-worker(7).  Both give the same struct, which
 * is the one behind the public `struct spoolhand_task`.
 */
#ifndef LIB_GIVEN_H
#define LIB_GIVEN_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct spoolhand_task {
	const char *id, *ref, *agent, *file, *in, *out, *work;
	unsigned attempt;
	const char *body_file; /* a line only: where standard input is to be */
	int64_t body_at;
	const char *inline_body; /* NULL: read standard input */
	int64_t stdin_at;        /* where the body begins there */
	int progress_fd;         /* -1: nobody listens */
	struct str body;         /* once it was read */
	struct json *line;       /* what the strings belong to, or NULL */
};

#define autogiven scoped(given_done) struct spoolhand_task

/* From TASK_*.  -ENOENT: one of them is not set, `err` says which. */
int given_by_env(struct spoolhand_task *t, struct err *err);

/* From a line.  -EBADMSG. */
int given_by_line(struct spoolhand_task *t, const char *line, size_t len,
                  struct err *err);

/* Put the variables of the line into the environment. */
void given_export(const struct spoolhand_task *t);

/* Read the body, unless that was done; -errno. */
int given_body(struct spoolhand_task *t, const char **body, size_t *len);

void given_done(struct spoolhand_task *t);

#endif

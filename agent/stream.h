/*
 * stream.h - what an agent and a stream worker say to each other.
 *
 * JSON, an object a line.  The agent writes one line for each task and no
 * other before that is answered:
 *
 *   {"task":{"id":"brief","ref":"pm/brief","attempt":1, …}}
 *
 * The worker answers on its standard output, with any number of
 *
 *   {"progress":40,"message":"chapter 3"}      as on TASK_FD, see channel.h
 *   {"output":"text\n"}                        appended to the task's stdout
 *
 * and then, once, with what a process would say by its exit status:
 *
 *   {"done":"brief","exit":0}
 *
 * This is the pure part: bytes in, bytes out, nothing is opened.  A line that
 * is no object is noise, to be counted and ignored: some library of the
 * worker has printed it.  One that has a member of this protocol and gets it
 * wrong is broken: such a worker cannot be trusted with its task.
 */
#ifndef AGENT_STREAM_H
#define AGENT_STREAM_H

#include "base/err.h"
#include "base/json.h"
#include "spool/entry.h"
#include "spool/task.h"

#define STREAM_LINE_MAX (1024 * 1024) /* of what a worker says */
#define STREAM_BODY_MAX (64 * 1024)   /* a longer one is read from its file */

struct stream_order {
	const struct entry *entry;
	const struct task *task;
	const char *const *env; /* the task's variables, "TASK_ID=brief" … */
	const char *body_file;  /* absolute; NULL: the task file */
	int64_t body_at;        /* from this byte on */
	const char *body;       /* NULL: only to be had from the file */
};

/* The whole line, with its newline. */
void stream_print(const struct stream_order *o, struct str *out);

/*
 * Can these bytes go into the line as they are?  JSON holds text only, and a
 * NUL is one too many for many readers of it.
 */
bool stream_is_text(const char *bytes, size_t n);

enum stream_kind {
	STREAM_NOISE = 1,
	STREAM_SAYS, /* progress, output, or both */
	STREAM_DONE,
	STREAM_BROKEN,
};

/* The strings belong to `object`. */
struct stream_said {
	struct json *object;
	const char *output; /* NULL: none */
	const char *done;   /* the id */
	int exit;
};

#define autosaid scoped(stream_forget) struct stream_said

/* Read a line.  `out` is set but for noise; `err` says what is broken. */
enum stream_kind stream_read(const char *line, size_t len,
                             struct stream_said *out, struct err *err);
void stream_forget(struct stream_said *said);

#endif

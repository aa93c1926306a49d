/*
 * task.h - what a task file says.
 *
 * Three forms: Markdown, optionally with YAML front matter between `---`
 * lines; `*.task.json` with the same keys and `body`; any other file, which
 * is all body.  A directory holds one such file (task.md, or the only one)
 * and attachments.
 *
 * task_open() reads one from a place; it needs no agent and changes nothing.
 * The body is not read: it is the file from `body_at` on, or `json_body`.
 */
#ifndef SPOOL_TASK_H
#define SPOOL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/node.h"
#include "base/str.h"
#include "spool/entry.h"
#include "spool/taskdir.h"

#define TASK_HEADER_MAX 65536 /* bytes of front matter */

enum dependency_policy { DEP_SKIP, DEP_BLOCK, DEP_FALLBACK, DEP_ASK };
enum late_policy { LATE_FAIL, LATE_ASK, LATE_RUN };

struct task {
	/* from the header */
	char *id; /* NULL: none given */
	char *title;
	int priority;              /* index: 0 high, 1 medium, 2 low */
	char **after;              /* refs, NULL-ended; may be NULL */
	char **inputs;             /* REF/ARTIFACT, file:/PATH */
	int64_t not_before_ms;     /* wall clock; 0: at once */
	int64_t input_timeout_ms;  /* from its admission on; 0: none */
	int on_input_timeout;      /* enum late_policy */
	int64_t timeout_ms;        /* -1: as the agent's */
	int64_t retries;           /* -1: as the agent's */
	char **outputs;            /* artifacts that must be there */
	int on_dependency_failure; /* enum dependency_policy */
	char **supersedes;         /* ids of the same desk */
	char **labels;             /* K=V */
	char *user, *device;       /* what the submitter calls itself */
	char *trace;               /* W3C traceparent */
	char *parent;              /* ref of the task that called it */
	/* from the file */
	int fd;     /* of the task file, at its start; -1 after task_done() */
	char *file; /* its path below the entry if that is a directory */
	bool directory;
	int64_t body_at, size;
	char *json_body; /* form .task.json: the body */
};

#define autotask scoped(task_done) struct task
#define TASK_INIT        \
	{                \
		.fd = -1 \
	}

/* The rows of every key a header may hold, for bind, print and reference. */
extern const struct key task_keys[];
extern const size_t task_nkeys;

/*
 * Read the task at `dfd`/`name`.  -EBADMSG: not a task, and `err` says where
 * and why ("brief.md:3:1: unknown key 'prioriti'; did you mean 'priority'?").
 * Nothing is followed, nothing blocks, whatever stands there.
 */
int task_open(int dfd, const char *name, struct task *t, struct err *err);

/* The same, calling it `as` in messages: the name it was dropped under. */
int task_open_as(int dfd, const char *name, const char *as, struct task *t,
                 struct err *err);
void task_done(struct task *t);

/*
 * The file behind `fd`, which becomes the task's, also on failure: for a file
 * that lies outside a spool, whose name tells its form.
 */
int task_read_fd(int fd, enum taskdir_form form, const char *as, struct task *t,
                 struct err *err);

/* Just a header, from bytes: front matter or nothing. `*body_at` is set. */
int task_parse(const char *text, size_t len, const char *file, struct task *t,
               int64_t *body_at, struct err *err);

/* Fill defaults; for building a task from options instead of a file. */
void task_default(struct task *t);

/* Front matter that task_parse() reads back to the same header. */
void task_print_header(const struct task *t, struct str *out);

enum task_class task_class_of(const struct task *t);

/*
 * A digest of what the task asks for: its header, without who asks and how
 * it is traced, its body and its attachments.  Equal digests are one task.
 */
int task_digest(int dfd, const char *name, const struct task *t, char *hex);

/*
 * Check what can be checked without a spool: refs and artifact paths are
 * well-formed, no two inputs want the same place.  `map` is what the header
 * was read from, for places in messages, or NULL; `file`, too.  task_open()
 * does this.
 */
int task_check(const struct task *t, const struct node *map, const char *file,
               struct err *err);

/* Split REF/ARTIFACT, no file:/PATH; fresh strings.  -EINVAL. */
int task_split_input(const char *input, char **agent, char **id,
                     char **artifact);

#endif

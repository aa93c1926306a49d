/*
 * verb.h - one verb of the command line: one row, one file.
 *
 * Each file verb_NAME.c exports `const struct verb verb_NAME`; main.c has the
 * table.  A verb's run() gets parsed arguments and a context, writes data to
 * stdout and talk to stderr, and returns the exit status of exits.h.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/args.h"
#include "config/config.h"
#include "spool/spool.h"

/* Exit statuses: the contract of spoolhand(1). */
enum exit_status {
	EXIT_FINE = 0,
	EXIT_TASK_FAILED = 1, /* or fsck found something */
	EXIT_NOT_FOUND = 3,   /* no such task, agent or artifact */
	EXIT_TIMED_OUT = 4,
	EXIT_ID_TAKEN = 5, /* by other content */
	EXIT_QUESTION = 6,
	EXIT_USAGE = 64,
	EXIT_BAD_DATA = 65,
	EXIT_NOT_RUNNING = 69,
	EXIT_BUG = 70,
	EXIT_CANNOT_CREATE = 73,
	EXIT_IO = 74,
	EXIT_TRY_LATER = 75,
	EXIT_NOT_ALLOWED = 77,
	EXIT_BAD_CONFIG = 78,
	EXIT_BLOCKED = 79, /* inside a task: it has to wait */
};

/* What every verb may need, made on first use. */
struct context {
	const char *root_option; /* --root, or NULL */
	bool quiet;              /* -q */
	struct spool *spool;     /* context_spool() */
	struct config *config;   /* context_config() */
	struct str *problem;     /* not used by verbs */
};

struct verb {
	const char *name;
	const char *operands; /* "AGENT [FILE... | -]" */
	const char *summary;  /* one line, for the list */
	const char *text;     /* what it does, for --help; ends in an example */
	const struct arg_option *options;
	size_t noptions;
	int (*run)(struct context *cx, const struct args *a);
};

/* The rows of the table, each in its own file. */
extern const struct verb verb_init, verb_up, verb_down, verb_agent;
extern const struct verb verb_submit, verb_run, verb_wait, verb_result;
extern const struct verb verb_status, verb_ls, verb_why;
extern const struct verb verb_cancel, verb_retry, verb_pause, verb_resume;
extern const struct verb verb_questions, verb_answer;
extern const struct verb verb_sync, verb_fsck;
extern const struct verb verb_step, verb_ask, verb_call, verb_sleep;
extern const struct verb verb_progress;

/* Let go of what a context has opened. */
void context_done(struct context *cx);

/*
 * The spool by --root, $SPOOLHAND_ROOT, or the nearest parent that holds
 * spoolhand.yaml.  0, or the exit status after having said what is wrong.
 */
int context_spool(struct context *cx);

/* The checked configuration of that spool. */
int context_config(struct context *cx);

/*
 * Split and complete REF ("agent/id", a unique prefix of the id is enough).
 * 0 with fresh strings, or an exit status after having said what is wrong
 * (no such agent: with "did you mean").
 */
int context_ref(struct context *cx, const char *ref, char **agent, char **id);

/* Talk: to stderr, prefixed "spoolhand: ", not with -q; errors always. */
void say(const struct context *cx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* complain() and the exit status for -errno: one mapping for all verbs. */
int fail(int code, const struct err *err);

/* Write to stdout.  finish_output() tells if it could not be done. */
void put(const char *text, size_t len);

/* Flush stdout; 0, or EXIT_IO after having said so (a full disk, EPIPE). */
int finish_output(void);

#endif

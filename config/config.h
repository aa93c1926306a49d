/*
 * config.h - spoolhand.yaml, read and checked.
 *
 * The caller: config_load() (or config_parse() with bytes in hand), look up
 * agents, config_free().  Loading reads one file and starts nothing; a file
 * with any fault is refused whole, with FILE:LINE:COLUMN and a remedy.
 *
 * Every key stands in the tables of schema.c, which spoolhand.yaml(5) and
 * `spoolhand init` are checked against.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define CONFIG_FILE "spoolhand.yaml"

enum config_durability { CONFIG_FULL, CONFIG_PROCESS };
enum config_mode { CONFIG_EXEC, CONFIG_STREAM };
enum config_watch { CONFIG_AUTO, CONFIG_INOTIFY, CONFIG_POLL };
enum config_containment { CONFIG_ANY, CONFIG_CGROUP, CONFIG_SESSION };
enum config_on_stall { CONFIG_TELL, CONFIG_STOP };

enum config_on_full { CONFIG_REJECT, CONFIG_DROP_OLDEST };

/* The classes of failures, as `retry.on` and results name them. */
enum config_class {
	CONFIG_TEMPORARY, /* run me later */
	CONFIG_RATE_LIMIT,
	CONFIG_TIMEOUT,
	CONFIG_STALLED,
	CONFIG_CRASHED,
	CONFIG_FAILED,
	CONFIG_VERIFY_FAILED,
	CONFIG_NO_OUTPUT,
	CONFIG_NCLASSES,
};

/* When, and how often, a task that failed is tried again. */
struct config_retry {
	int64_t max;       /* further attempts after failures */
	int64_t base_ms;   /* the first pause */
	double factor;     /* each next one is so many times as long */
	int64_t cap_ms;    /* but no longer than this */
	double jitter;     /* and then longer or shorter by up to this part */
	int64_t on;        /* bit CONFIG_…: is tried again at all */
	int64_t crashes;   /* further attempts after crashes */
	int64_t reviews;   /* further attempts after verify sent it back */
	int64_t within_ms; /* since its first start, for what asks for later */
};

/* Texts by which the output of a worker that failed says why. */
struct config_signs {
	char **temporary, **rate_limit, **permanent, **session;
};

struct config_agent {
	char *name;
	size_t line;    /* where it stands in the file */
	char **command; /* argv; a relative path with '/' is made absolute */
	char *shell;    /* instead of command: run by /bin/sh -c */
	int mode;       /* enum config_mode */
	char **verify;  /* argv, run after exit 0; NULL: none */
	char **env;     /* "K=V", added to the environment */
	int64_t timeout_ms; /* of one attempt; 0: none */
	int64_t grace_ms;   /* between SIGTERM and SIGKILL */
	int64_t stall_ms;   /* without a sign of life; 0: never mind */
	int on_stall;       /* enum config_on_stall */
	struct config_retry retry;
	struct config_signs signs;
	bool session;        /* its workers share a folder that survives */
	int64_t pause_after; /* failures in a row; 0: never pause */
	int64_t probe_ms;    /* the pause before one task may try */
	int64_t max_pending; /* 0: no limit */
	int on_full;         /* enum config_on_full */
	int64_t keep;        /* results at most; 0: no limit */
	int64_t keep_for_ms; /* and no longer; 0: no limit */
	char *lane;          /* NULL or "": none */
	int64_t ageing_ms;   /* 0: off; else one class up each such wait */
};

/* Limits over all agents with this lane; 0: no limit. */
struct config_lane {
	char *name;
	size_t line; /* where it stands in the file */
	int64_t running;
	int64_t per_minute;
};

struct config {
	char *path;        /* of the file, for messages */
	char *dir;         /* the directory it lies in, absolute */
	int durability;    /* enum config_durability */
	int watch;         /* enum config_watch */
	int containment;   /* enum config_containment */
	int64_t settle_ms; /* quiet time of a drop that cannot be probed */
	int64_t rescan_ms; /* how often everything is looked at anyway */
	int64_t poll_ms;   /* the same where nothing can be watched */
	int64_t max_task_bytes;
	int64_t restart_backoff_ms; /* GM: first pause before a restart */
	int64_t restart_backoff_max_ms;
	int64_t quarantine_after; /* GM: deaths within quarantine_window_ms */
	int64_t quarantine_window_ms;
	struct config_agent *agents;
	size_t nagents;
	struct config_lane *lanes;
	size_t nlanes;
};

#define autoconfig scoped(config_freep) struct config

/* -ENOENT no such file, -EBADMSG not valid; `err` is set in every case. */
int config_load(const char *path, struct config **out, struct err *err);

/* `dir` resolves relative commands; `file` names the text in messages. */
int config_parse(const char *text, size_t len, const char *file,
                 const char *dir, struct config **out, struct err *err);

void config_free(struct config *c);
void config_freep(struct config **c);

/* NULL if there is none. */
const struct config_agent *config_agent(const struct config *c,
                                        const char *name);

/*
 * The same for a person: -ENOENT with "agent 'pn' is not in spoolhand.yaml;
 * did you mean 'pm'?" in `err`.
 */
int config_find(const struct config *c, const char *name,
                const struct config_agent **out, struct err *err);

/* The lane of an agent; NULL: it has none. */
const struct config_lane *config_lane_of(const struct config *c,
                                         const struct config_agent *a);

/* "rate_limit" */
const char *config_class_name(enum config_class c);

/* The commented example that `spoolhand init` writes. */
const char *config_example(void);

#endif

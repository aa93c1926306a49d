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
enum config_watch { CONFIG_AUTO, CONFIG_INOTIFY, CONFIG_POLL };

struct config_agent {
	char *name;
	size_t line;    /* where it stands in the file */
	char **command; /* argv; a relative path with '/' is made absolute */
	char *shell;    /* instead of command: run by /bin/sh -c */
	char **verify;  /* argv, run after exit 0; NULL: none */
	char **env;     /* "K=V", added to the environment */
	int64_t timeout_ms;    /* of one attempt; 0: none */
	int64_t grace_ms;      /* between SIGTERM and SIGKILL */
	int64_t retries;       /* further attempts after a failure */
	int64_t crash_retries; /* further attempts after a crash */
	int64_t backoff_ms, backoff_max_ms; /* doubled from one to the other */
	int64_t max_pending;                /* 0: no limit */
	int64_t ageing_ms; /* 0: off; else one class up each such wait */
};

struct config {
	char *path;        /* of the file, for messages */
	char *dir;         /* the directory it lies in, absolute */
	int durability;    /* enum config_durability */
	int watch;         /* enum config_watch */
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

/* The commented example that `spoolhand init` writes. */
const char *config_example(void);

#endif

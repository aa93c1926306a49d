/*
 * daemon.h - how spoolhand-agent and spoolhand-gm are called, and end.
 *
 * Both take [--root DIR] [--debug] [--help] [--version], read the same
 * configuration and exit by the same table.
 */
#ifndef CONFIG_DAEMON_H
#define CONFIG_DAEMON_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"

struct daemon {
	const char *program; /* set these before daemon_begin() */
	const char *usage;
	int noperands;
	bool takes_worker;   /* also takes [--worker PROGRAM] */
	const char *root;    /* and these are set by it */
	const char *operand; /* the first, if there is one */
	const char *worker;  /* NULL: not given */
	struct config *config;
};

#define autodaemon scoped(daemon_done) struct daemon

/*
 * Parse the arguments, open the log and load ROOT/spoolhand.yaml.  -1: go on;
 * else the status to exit with, all having been said.
 */
int daemon_begin(struct daemon *d, int argc, char **argv);
void daemon_done(struct daemon *d);

/* Say what is in `err`, if `code` is an error; the status to exit with. */
int daemon_end(int code, const struct err *err);

#endif

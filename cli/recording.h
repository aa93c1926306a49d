/*
 * recording.h - run a program and keep what it writes to standard output
 * while it goes on to our own.
 *
 * The program has our standard input and error, our directory and every
 * descriptor that we were given, so that it does not know the difference.
 * SIGTERM, SIGINT and SIGHUP are passed on to it, and it does not outlive us:
 * a step that is killed half way is not still at work when it is done again.
 */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include <stdint.h>

#include "base/err.h"

struct recording {
	int exit;     /* exit status, or 128 + the signal that killed it */
	int signal;   /* 0: none did */
	int64_t size; /* bytes that it has written */
	int kept;     /* 0, or the error that kept some from `out` */
	int passed;   /* 0, or the error that kept some from our own output */
};

/*
 * Start `argv`, in the environment `envp`; return when it has ended and all
 * that can write to its output has closed it.  -errno: it could not be started
 * (-ENOENT no such program, -EACCES it may not be run), or not be watched.
 */
int recording_run(const char *const *argv, const char *const *envp, int out,
                  struct recording *rec, struct err *err);

#endif

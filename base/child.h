/*
 * child.h - start a program with exactly the world it is to have.
 *
 * The child gets the given argv, environment, directory and descriptors and
 * nothing else: every other descriptor is closed, unless the caller is only a
 * station on the way to it (`keep_others`), every signal is at its default and
 * unblocked.  vfork() is used, because the time of fork() grows with the
 * memory of the caller.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct child_spec {
	const char *const *argv; /* argv[0] is looked up in PATH of `envp` */
	const char *const *envp;
	int dirfd;  /* working directory, or -1 for the caller's */
	int fds[8]; /* fds[i] becomes the child's descriptor i; -1: closed */
	int nfds;
	bool keep_others;     /* and whatever is not close-on-exec */
	bool session;         /* a session of its own, so no terminal, no ^C */
	bool die_with_parent; /* SIGKILL when the caller's thread ends */
	bool subreaper;       /* the orphans of its tree become its children */
};

struct child {
	pid_t pid;
	int pidfd; /* for signals and polling; the caller closes it */
};

/*
 * Start it.  The error of a failing exec is returned here, so that "no such
 * program" is known before anything is said to run.
 */
int child_start(const struct child_spec *spec, struct child *out,
                struct err *err);

/* How a child ended, and what it took. */
struct child_end {
	pid_t pid;
	int exit;   /* exit status, or -1 */
	int signal; /* the signal that killed it, or 0 */
	int64_t user_ms, system_ms, max_rss_kib;
};

/*
 * Reap one ended child, whichever: 1 and `end` is filled, 0 if none has
 * ended, -ECHILD if there are no children at all.  For a subreaper that
 * means that nothing of what it ever started is alive.
 */
int child_reap(struct child_end *end);

/* Find `name` in the directories of `path`; a name with '/' is itself. */
int child_find_program(const char *name, const char *path, char **out);

#endif

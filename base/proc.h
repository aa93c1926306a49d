/*
 * proc.h - who is that process, and is it still the same one?
 *
 * A pid is only a number that is used again; a pid with its start time, in
 * one boot, names a process for good.  Nothing here signals by bare pid.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define PROC_BOOT_MAX 40

/* A process, identified for good. */
struct proc_id {
	pid_t pid;
	uint64_t start; /* clock ticks after boot, /proc/PID/stat field 22 */
	char boot[PROC_BOOT_MAX]; /* /proc/sys/kernel/random/boot_id */
};

struct proc_stat {
	pid_t pid;
	char state; /* 'Z' is dead but not reaped */
	pid_t ppid;
	pid_t pgrp;
	pid_t session;
	uint64_t start;
};

/* Our own identity. */
int proc_self(struct proc_id *id);
int proc_identify(pid_t pid, struct proc_id *id);

/* "PID START BOOT\n", for a file; proc_parse() reads it back (-EBADMSG). */
void proc_print(const struct proc_id *id, struct str *out);
int proc_parse(const char *text, struct proc_id *id);

/*
 * A pidfd of exactly this process; -ESRCH when it has ended (a zombie counts
 * as ended) or the machine has been booted since.
 */
int proc_open(const struct proc_id *id);

int proc_read_stat(pid_t pid, struct proc_stat *st);

/*
 * Send `sig` to every process below the caller: its children, their
 * children and so on.  With PR_SET_CHILD_SUBREAPER set nothing can leave that
 * tree, by setsid() or by double fork.  Returns how many live ones it found.
 */
int proc_signal_descendants(int sig);

/* The same without the process `but` and what is below it; sig 0 counts. */
int proc_signal_descendants_but(int sig, pid_t but);

/*
 * SIGKILL to the children alone, which takes microseconds: again and again,
 * with reaping in between, it catches up with one that forks and ends without
 * end, if the caller is its subreaper.  -errno if they cannot be listed.
 */
int proc_kill_children(void);

/*
 * Kill every process that holds a lock on the file (device, inode), but not
 * the caller, and wait until all of them are gone, until `deadline_ns` on the
 * boot clock.  0, or -ETIMEDOUT with one of them in `left`.
 */
int proc_kill_holders(dev_t dev, ino_t ino, int64_t deadline_ns, pid_t *left);

/* The same for all whose environment holds each of these "NAME=value". */
int proc_kill_marked(const char *const *marks, int64_t deadline_ns,
                     pid_t *left);

#endif

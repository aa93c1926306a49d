/*
 * fdlimit.h - enough descriptors for many agents, for us alone.
 *
 * Each agent that runs costs the orchestrator one descriptor.  What it starts
 * is to find the limit as it was: programs that use select() break with many.
 */
#ifndef ORCHESTRATOR_FDLIMIT_H
#define ORCHESTRATOR_FDLIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct fdlimit {
	struct rlimit before;
	bool raised;
};

/* Allow ourselves `need` descriptors; -EMFILE if we may not. */
int fdlimit_raise(struct fdlimit *l, size_t need);

/* Give a child of ours, which is not reaped, the limit as it was. */
int fdlimit_restore(const struct fdlimit *l, pid_t pid);

#endif

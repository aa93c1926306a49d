/*
 * bury.h - end what the worker of a dead agent has left running.
 *
 * Whoever holds the `alive` lock of its folder, and whoever has its marks in
 * the environment, is killed and seen dead.  The owner of the desk does this
 * before anything is moved: no second attempt begins beside a first.
 *
 * -ETIMEDOUT, with one that does not die in `err`, at `deadline_ns` (boot).
 */
#ifndef AGENT_BURY_H
#define AGENT_BURY_H

#include <stdint.h>

#include "base/err.h"
#include "spool/desk.h"

/* Of the attempt whose folder is work/ID. */
int bury_attempt(struct desk *d, const char *id, int64_t deadline_ns,
                 struct err *err);

/* A stream worker, which may be there without any task. */
int bury_stream(struct desk *d, int64_t deadline_ns, struct err *err);

#endif

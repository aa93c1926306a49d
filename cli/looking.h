/*
 * looking.h - look at directories until one has seen what one waits for.
 *
 * inotify says when to look; a look at everything each second, or five times
 * a second where there is no inotify, covers whatever it loses.
 *
 * The caller: looking_open(), looking_watch() for each directory, a first
 * look of his own (first watch, then look: nothing comes between), then
 * looking_run(), whose callbacks call looking_stop(); looking_close().
 */
#ifndef CLI_LOOKING_H
#define CLI_LOOKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/watch.h"
#include "spool/spool.h"

struct looking;

#define autolooking scoped(looking_closep) struct looking

/* Look at everything. */
typedef void looking_fn(void *arg);

int looking_open(const struct spool *s, struct looking **out);
void looking_close(struct looking *k);
void looking_closep(struct looking **k);

/* `leave`: what goes away matters, too.  It cannot fail: one looks more often
 * then. */
void looking_watch(struct looking *k, int dfd, int token, bool leave);

/*
 * Until looking_stop() or `deadline_ns` of the boot clock (INT64_MAX: never).
 * `event` may be NULL: `look` is called then.  1: stopped, 0: the time is
 * over, -errno.
 */
int looking_run(struct looking *k, int64_t deadline_ns, looking_fn *look,
                watch_fn *event, void *arg);
void looking_stop(struct looking *k);

#endif

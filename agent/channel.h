/*
 * channel.h - what a worker says on TASK_FD: JSON lines.
 *
 *   {"progress":40,"stage":"parse","message":"chapter 3"}
 *
 * A worker that is about to fail says here why, if that is no fault of the
 * task: {"rate_limit":"60s"}, a duration or a number of seconds, 0 if it does
 * not know; {"session":"poisoned"}.
 *
 * All members are optional.  A line that is no such object, or longer than
 * CHANNEL_LINE_MAX, is counted and ignored: a worker cannot fail, stall or
 * swell its agent by what it says here.
 */
#ifndef AGENT_CHANNEL_H
#define AGENT_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/lines.h"
#include "spool/progress.h"

#define CHANNEL_LINE_MAX 4096

/* What it has said of a failure; it counts only if it then fails. */
struct channel_told {
	bool rate_limited, session_poisoned;
	int64_t rate_limit_ms; /* 0: it does not say for how long */
};

struct channel {
	int fd; /* our end, non-blocking; -1: closed */
	struct lines lines;
	unsigned bad; /* lines ignored */
	struct progress now;
	struct channel_told told;
};

/* Make the pipe; `worker_end` is for the worker, the caller closes it. */
int channel_open(struct channel *c, int *worker_end);

/* Read what there is: 1 if the progress changed, 0 if not, -ENODATA: ended. */
int channel_read(struct channel *c, int64_t now_ms);

/* The parser by itself: 1 if `now` changed, 0 if not, -EBADMSG. */
int channel_line(struct channel *c, const char *line, size_t len,
                 int64_t now_ms);

/* The same for one that is parsed already. */
int channel_object(struct channel *c, const struct json *o, int64_t now_ms);

void channel_close(struct channel *c);

#endif

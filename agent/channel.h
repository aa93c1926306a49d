/*
 * channel.h - what a worker says on TASK_FD: JSON lines.
 *
 *   {"progress":40,"stage":"parse","message":"chapter 3"}
 *
 * All members are optional.  A line that is no such object, or longer than
 * CHANNEL_LINE_MAX, is counted and ignored: a worker cannot fail, stall or
 * swell its agent by what it says here.
 */
#ifndef AGENT_CHANNEL_H
#define AGENT_CHANNEL_H

#include "base/str.h"
#include "spool/progress.h"

#define CHANNEL_LINE_MAX 4096

struct channel {
	int fd; /* our end, non-blocking; -1: closed */
	struct str partial;
	bool skipping; /* the rest of a line that was too long */
	unsigned bad;  /* lines ignored */
	struct progress now;
};

/* Make the pipe; `worker_end` is for the worker, the caller closes it. */
int channel_open(struct channel *c, int *worker_end);

/* Read what there is: 1 if the progress changed, 0 if not, -ENODATA: ended. */
int channel_read(struct channel *c, int64_t now_ms);

/* The parser by itself: 1 if `now` changed, 0 if not, -EBADMSG. */
int channel_line(struct channel *c, const char *line, size_t len,
                 int64_t now_ms);

void channel_close(struct channel *c);

#endif

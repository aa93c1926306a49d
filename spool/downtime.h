/*
 * downtime.h - why the stream worker of a desk is not running: warm/down.json.
 *
 * The agent writes it when a worker has died without having done a task, so
 * that it waits before it starts another, and removes it when one has done
 * one.  It is for people, and for `why`: the agent itself never reads it.
 */
#ifndef SPOOL_DOWNTIME_H
#define SPOOL_DOWNTIME_H

#include <stdint.h>

#include "spool/desk.h"

struct downtime {
	int64_t deaths;    /* one after the other */
	int64_t until_ms;  /* of the next start, wall clock */
	char message[512]; /* the last one, in words: "it exited with …" */
};

int downtime_write(struct desk *d, const struct downtime *down);

/* 1 and `down`, or 0: nothing is known of any. */
int downtime_read(const struct desk *d, struct downtime *down);

int downtime_forget(struct desk *d);

#endif

/*
 * progress.h - how far a running task says it is: work/ID/progress.json.
 *
 * Written by the agent for tasks that report, replaced whole, read by anyone.
 * The bands keep a task from claiming to be done: its own 0–100 is shown as
 * 0–90, saving is 90–95, verifying 95–98, and 100 is only the published
 * result.  A percentage never goes back within an attempt.
 */
#ifndef SPOOL_PROGRESS_H
#define SPOOL_PROGRESS_H

#include "spool/desk.h"

enum phase { PHASE_NONE, PHASE_WORKING, PHASE_SAVING, PHASE_VERIFYING };

struct progress {
	enum phase phase;
	int percent; /* as shown, in its band */
	char message[256];
	char stage[64];
	int64_t updated_ms; /* wall clock */
	int64_t stalled_ms; /* when it was said to be stalled; 0: it is not */
	int64_t quiet_ms;   /* without a sign of life since then */
};

const char *progress_phase_name(enum phase p);

/* The shown percentage for a worker's own 0..100. */
int progress_band(enum phase p, int own);

int progress_write(struct desk *d, const char *id, const struct progress *p);

/* 0, or -ENOENT when the task has not reported. */
int progress_read(const struct desk *d, const char *id, struct progress *p);

#endif

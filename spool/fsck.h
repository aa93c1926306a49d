/*
 * fsck.h - check every guarantee of the format, from outside.
 *
 * Reads only; with `repair` (and the desk's lock) it mends what can be mended
 * without guessing, and never deletes what it does not understand: that goes
 * to rejected/.
 */
#ifndef SPOOL_FSCK_H
#define SPOOL_FSCK_H

#include "spool/desk.h"

struct fsck_finding {
	const char *agent;
	const char *code; /* "two-places", "bad-manifest", … stable words */
	const char *path; /* below ROOT */
	const char *text; /* one sentence, with the remedy */
	bool repaired;
};

typedef void fsck_fn(void *arg, const struct fsck_finding *f);

/*
 * Check one desk; `fn` hears of each finding.  Returns the number of findings
 * that are left, or -errno.  A desk whose agent runs is checked as it is:
 * what is in motion is looked at twice before it counts.
 */
int fsck_desk(struct spool *s, const char *name, bool repair, int64_t now_ms,
              fsck_fn *fn, void *arg, struct err *err);

/* The tree around the desks. */
int fsck_spool(struct spool *s, bool repair, fsck_fn *fn, void *arg,
               struct err *err);

#endif

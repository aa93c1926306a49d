/*
 * libsound.h - a desk as it is on any good day, for those who break it.
 */
#ifndef SUPPORT_LIBSOUND_H
#define SUPPORT_LIBSOUND_H

#include "base/str.h"
#include "spool/fsck.h"
#include "spool/state.h"
#include "tests/support/libfixture.h"

/* A line of the journal that says where a task is. */
void sound_tell(struct fixture *f, const char *id, const char *to);

/* An entry that the journal knows of. */
struct entry sound_live(struct fixture *f, enum place p, uint64_t seq,
                        const char *id);

/* A task that ended, by the ordinary way. */
void sound_publish(struct fixture *f, const char *id, enum outcome outcome);

/* Tasks in many places, drops, a rejected one: nothing is wrong with it. */
struct fixture *sound_desk(void);

struct sound_heard {
	struct str codes; /* "two-places " … in order, '!' if not mended */
	int n;
};

/* What fsck_desk() returns, which may be no error; `h` is cleared first. */
int sound_fsck(struct fixture *f, bool repair, int64_t now_ms,
               struct sound_heard *h);

/* A fsck_fn that writes findings of "pm" down; `arg` is a sound_heard. */
void sound_hear(void *arg, const struct fsck_finding *one);

#endif

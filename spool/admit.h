/*
 * admit.h - a claimed drop becomes a task, or comes back with a reason.
 *
 * What runs is what was admitted: the dropped inode itself if it is the
 * agent's own user's and has no other link, else a copy, because its owner
 * could still write to it.  Who asked is st_uid, never the content.
 */
#ifndef SPOOL_ADMIT_H
#define SPOOL_ADMIT_H

#include "base/strset.h"
#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "spool/task.h"

enum admit_verdict {
	ADMIT_TAKEN = 1, /* it is in pending/ now */
	ADMIT_DUPLICATE, /* the same task is there already; the drop is gone */
	ADMIT_REJECTED,  /* it is in rejected/, with a reason */
};

struct admitted {
	struct entry entry;
	struct task task; /* open; task_done() by the caller */
	char why[512];    /* of a duplicate or rejection */
};

/* What the agent knows and a drop is measured by. */
struct admit_rules {
	const struct strset *live_ids; /* of all entries in live places */
	int64_t max_bytes;             /* of one task, attachments included */
	/* These may be NULL; `arg` is handed to them. */
	/*
	 * A drop gives an id that a result has: true if that one does not
	 * count any longer, and is gone.  `promised`: whoever dropped it was
	 * told that the id is new, and what has come to need the old result
	 * since then does not change that.
	 */
	bool (*forget)(void *arg, const char *id, bool promised);
	/*
	 * A drop is about to enter as this task: 0; -EBUSY and the reason: it
	 * is not to; another -errno: not now.
	 */
	int (*make_room)(void *arg, const struct task *t, struct err *err);
	void *arg;
};

/*
 * Admit `claimed` of admit/ with the sequence number `seq`.  -errno: the
 * world failed (a full disk); the drop stays in admit/, try again.
 */
int admit_claimed(struct desk *d, struct journal *j, const char *claimed,
                  uint64_t seq, const struct admit_rules *rules, int64_t now_ms,
                  struct admitted *out, struct err *err);

/*
 * What a crash left in admit/: finish or undo what was begun, and list the
 * claimed names that are to be admitted, in order, NULL-ended.
 */
int admit_recover(struct desk *d, struct journal *j, int64_t now_ms,
                  char ***claimed, struct err *err);

/*
 * A FAILED or WITHDRAWN task begins again: its `task` becomes a new entry in
 * pending/, its old result is kept in work/ID/ until it ends again.
 * -ENOENT: it is not in failed/.
 */
int admit_again(struct desk *d, struct journal *j, const char *id, uint64_t seq,
                int64_t now_ms, struct entry *out, struct err *err);

#endif

/*
 * recover.h - make a desk consistent after whatever happened to its owner.
 *
 * A pure function of the tree, run by the owner before anything else, and
 * safe to be killed and run again.  In order:
 *   1. an entry whose result is published is finished: the entry goes;
 *   2. an entry in saving/ with a complete staged result is verified and
 *      published; without one it counts as crashed;
 *   3. an entry in running/ counts as crashed (its worker is dead: the agent
 *      has seen to that before);
 *   4. journal lines of moves that were not made are corrected;
 *   5. scratch of tasks that are no more is removed.
 */
#ifndef SPOOL_RECOVER_H
#define SPOOL_RECOVER_H

#include "spool/desk.h"
#include "spool/journal.h"

struct recover_count {
	int finished, published, crashed, corrected, cleaned;
};

/*
 * What follows for a crashed task is the caller's policy: called with the
 * record so far, it counts the crash, sets reason, until and message, and
 * returns 0; or 1 when the task has crashed too often and is to FAIL.
 */
struct record;
typedef int recover_policy_fn(void *arg, const struct entry *e,
                              struct record *rec);

int recover_desk(struct desk *d, struct journal *j, int64_t now_ms,
                 recover_policy_fn *policy, void *arg,
                 struct recover_count *count, struct err *err);

#endif

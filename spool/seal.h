/*
 * seal.h - what was admitted cannot be changed by who dropped it.
 *
 * A drop of the agent's own user, with no second name, is sealed by lying in
 * the private admit/.  Of anything else a copy is taken, and the copy is what
 * is admitted.  A form that an entry's name cannot tell (anything that is not
 * read as Markdown) is wrapped in a directory, so that it keeps its name.
 */
#ifndef SPOOL_SEAL_H
#define SPOOL_SEAL_H

#include <stdint.h>

#include "base/err.h"
#include "spool/desk.h"

/*
 * Seal `claimed` of admit/, whose name may change for that (a buffer of
 * INBOX_CLAIMED_MAX bytes).  -EBADMSG: it can be no task, `err` says why.
 */
int seal_claimed(struct desk *d, char *claimed, int64_t max_bytes,
                 struct err *err);

/* Undo or finish what a crash interrupted: private names in admit/. */
int seal_recover(struct desk *d, struct err *err);

#endif

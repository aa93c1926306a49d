/*
 * inbox.h - is a drop whole, and what is it?
 *
 * People use mv, ln, cp, editors, scp.  A name renamed or linked in is whole;
 * one written in place is whole when nobody has it open for writing, or when
 * it has been quiet for `settle`; settle.h finds out.  A directory, and an
 * empty file, are given the quiet time always.  No drop is ever given up:
 * one that is not whole is looked at again at settle.recheck_ns.
 */
#ifndef SPOOL_INBOX_H
#define SPOOL_INBOX_H

#include <stdint.h>

#include "spool/desk.h"
#include "spool/settle.h"

/* One drop, over several looks.  Zero but for the name at first. */
struct drop {
	char *name;
	struct settle settle; /* recheck_ns: when to look again */
};

/*
 * 1: whole, and `claimed` now names it in admit/; 0: not yet, look again at
 * drop->settle.recheck_ns; -ENOENT: gone; -EBADMSG: can never be a task (`err` says
 * why): reject it from PLACE_INBOX.
 *
 * Claiming is a rename into the private admit/, done while the lease is held,
 * so that nobody can have begun to write in between.  The claimed name is
 * "ORDER,NAME", so that what a crash leaves there keeps its order and name;
 * a copy sealed for another user's drop is "ORDER.UID,NAME".
 */
#define INBOX_CLAIMED_MAX 256
#define INBOX_NAME_MAX    228 /* longer dropped names are refused */

int inbox_claim(struct desk *d, struct drop *drop, int64_t now_ns,
                int64_t settle_ns, uint64_t order,
                char claimed[INBOX_CLAIMED_MAX], struct err *err);

/*
 * Take a claimed name apart; NULL if it is none.  `order` and `uid` (-1: not
 * sealed) may be NULL.
 */
const char *inbox_dropped_name(const char *claimed);
const char *inbox_parse_claimed(const char *claimed, uint64_t *order,
                                int64_t *uid);

/*
 * Move `name` of place `from` to rejected/ under the name `as`, made fit to
 * be seen, with a file NAME.why of one line.  A name that is already there
 * gets "-2", "-3" …
 */
int inbox_reject(struct desk *d, enum place from, const char *name,
                 const char *as, const char *why, struct err *err);

/* Names in inbox/ in the order of arrival (ctime, then name), NULL-ended. */
int inbox_list(const struct desk *d, char ***names);

/* Is it the private name of a file that a process of ours was writing? */
bool inbox_is_leftover(const char *name);

/*
 * Remove the private files that a dead process left an hour ago: in inbox/,
 * requests/, rejected/, answers/ and questions/.
 */
int inbox_sweep(struct desk *d, int64_t now_ms);

#endif

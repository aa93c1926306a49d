/*
 * settle.h - does anybody still write to this file?
 *
 * A read lease (fcntl F_SETLEASE) tells exactly; it can be had on one's own
 * files.  Where it cannot, and for an empty file, which may be one that is
 * about to be written, a file counts as whole when its size and times were
 * the same for the time `settle`.  No file is ever given up: what is not
 * whole is looked at again at recheck_ns.
 *
 * The caller keeps a struct settle for each file over its looks, zero at
 * first, and holds `fd` open until it has taken the file: with it goes the
 * lease.
 */
#ifndef SPOOL_SETTLE_H
#define SPOOL_SETTLE_H

#include <stdint.h>
#include <sys/stat.h>

#define SETTLE_AGAIN_NS 50000000LL /* while a writer has it open */

struct settle {
	int64_t recheck_ns; /* boot clock: when to look again */
	int64_t quiet_since_ns;
	unsigned waits;       /* looks that found a writer */
	uint64_t fingerprint; /* of sizes and times, to see it change */
};

/* 1: whole; 0: not yet, look again at s->recheck_ns. */
int settle_file(int fd, struct settle *s, const struct stat *st, int64_t now_ns,
                int64_t settle_ns);

/*
 * For many files as one: what a lease tells of each, one print of all, and
 * whether that has been the same for long enough.  settle_later() says when
 * to look again at what somebody writes to.
 */
enum settle_lease {
	SETTLE_FREE = 1, /* nobody writes, and the lease is held */
	SETTLE_WRITER,
	SETTLE_UNKNOWN, /* no lease is to be had on this */
};

enum settle_lease settle_lease(int fd);
uint64_t settle_print(uint64_t print, const struct stat *st);
int settle_quiet(struct settle *s, uint64_t print, int64_t now_ns,
                 int64_t settle_ns);
void settle_later(struct settle *s, int64_t now_ns);

#endif

/*
 * listing.h - the tasks of a desk in schedule order, none missed.
 *
 * Tasks move while their places are read, one place after the other.  The
 * places are read in the order in which tasks go through them, so that one
 * that moves on is met in its next place; one that was met twice is listed
 * where it was met last.  Directories alone are read, whatever lies in them.
 *
 * Order: RUNNING, READY, BLOCKED and PENDING by class and sequence, drops by
 * arrival, then results and rejected drops by when they came there.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/desk.h"
#include "spool/entry.h"

struct listing_item {
	enum place place;
	char *name; /* there; for view_entry() */
	char *id;
	struct entry entry; /* live places */
	size_t met;         /* which one in the order of reading */
	int64_t came_ns;    /* results and rejected drops: wall clock */
};

struct listing {
	struct listing_item *items;
	size_t n, cap;
};

#define autolisting scoped(listing_done) struct listing

/* Read the places that are `wanted`; listing_done() in any case. */
int listing_take(const struct desk *d, const bool wanted[PLACE_N],
                 struct listing *out);
void listing_done(struct listing *l);

#endif

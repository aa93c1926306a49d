/*
 * ballast.h - space kept back, so that finishing always works.
 *
 * On a full disk nothing new is admitted, but what runs must be able to end:
 * its result, its journal line and its moves need a few blocks.  A file of
 * BALLAST_BYTES is allocated at each desk and given up for that.
 */
#ifndef SPOOL_BALLAST_H
#define SPOOL_BALLAST_H

#include "spool/desk.h"

#define BALLAST_BYTES (1 << 20)

/* Have it; -ENOSPC: the disk is full, admit nothing. */
int ballast_keep(struct desk *d);

/* Give it up: 1 if there was one, 0 if not. */
int ballast_release(struct desk *d);

#endif

/*
 * entering.h - may these tasks enter the desk at this moment?
 *
 * What a submitter has been told of an id, and of the room at a desk, must
 * still be true when it drops.  Where that matters, which is for ids that
 * somebody chose and desks with a limit that refuse, submitters come one at a
 * time; see spool/room.h.  All others pay nothing.
 */
#ifndef CLI_ENTERING_H
#define CLI_ENTERING_H

#include "cli/submitting.h"

/*
 * Look again at ids and room, one at a time if need be: 0, and `*lock` is to
 * be closed after the drop (-1: there is none), or the exit status after
 * having said what is wrong.  Tasks that are there by now become known.
 */
int entering_begin(struct context *cx, struct submitting *s, int *lock);

#endif

/*
 * cascade.h - a task that is cancelled takes what it has called with it.
 *
 * Every child that was called (calls.h), was not detached and has not ended
 * is asked to be cancelled, by a request at its own desk, whose agent does
 * the same for the children of that child.  It is done before the result of
 * the parent is staged, which tells what became of each, and it may be done
 * again: the request that cancels the parent is kept until that result is
 * there, and asking twice is asking once.
 */
#ifndef SPOOL_CASCADE_H
#define SPOOL_CASCADE_H

#include "base/err.h"
#include "base/name.h"
#include "spool/desk.h"

enum cascade_fate {
	CASCADE_ASKED = 1, /* its agent will cancel it */
	CASCADE_ENDED,     /* it had ended before */
	CASCADE_DETACHED,  /* it goes on: so it was called */
	CASCADE_ABSENT, /* it never came to its desk, or was rejected there */
	CASCADE_OUT_OF_REACH, /* no such desk any more, or not ours to ask at */
	CASCADE_NFATES,
};

struct cascade_child {
	char ref[NAME_REF_MAX];
	enum cascade_fate fate;
};

struct cascade {
	struct cascade_child *children;
	size_t n, cap;
};

#define CASCADE_INIT       \
	{                  \
		NULL, 0, 0 \
	}
#define autocascade scoped(cascade_done) struct cascade

/* "cancel_requested" "ended" …, as results tell them. */
const char *cascade_fate_name(enum cascade_fate fate);

/*
 * Ask for all of it, durably, and list the children in the order of the
 * calls.  An error means that some may not have been asked: do it again.
 */
int cascade_cancel(struct desk *d, const char *id, struct cascade *out,
                   struct err *err);

void cascade_done(struct cascade *c);

#endif

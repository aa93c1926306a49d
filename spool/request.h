/*
 * request.h - ask an agent for something, by file: requests/VERB[.ID].
 *
 * Honoured whether the file is dropped by `spoolhand cancel` or by `touch`,
 * and whether or not the agent runs at that moment.  requests/pause is also
 * the memory of being paused: it stays until a resume.
 */
#ifndef SPOOL_REQUEST_H
#define SPOOL_REQUEST_H

#include "base/name.h"
#include "spool/desk.h"

enum request_verb {
	REQUEST_NONE,
	REQUEST_CANCEL, /* cancel.ID */
	REQUEST_RETRY,  /* retry.ID */
	REQUEST_PAUSE,  /* pause */
	REQUEST_RESUME, /* resume */
	REQUEST_N,
};

struct request {
	enum request_verb verb;
	char id[NAME_LONGEST + 1]; /* "" where the verb has none */
};

/* -EBADMSG with a remedy in `err`. */
int request_parse(const char *name, struct request *out, struct err *err);

/* Drop it durably.  Asking twice is asking once. */
int request_drop(struct desk *d, const struct request *rq, struct err *err);

/* Is the desk paused? */
bool request_paused(const struct desk *d);

#endif

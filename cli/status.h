/*
 * status.h - the picture that `status` shows, once or again and again.
 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <stdbool.h>

#include "base/strset.h"
#include "cli/table.h"
#include "cli/verb.h"

/* What is to be shown: some agents, or one task. */
struct status {
	struct context *cx;
	char **agents;    /* NULL-ended; NULL if it is a task */
	char *agent, *id; /* the task; NULL if it is agents */
	bool one;         /* agent, asked for by name */
	bool json;
	bool stream; /* no line is to change by the time alone */
	struct table_style style;
	int status;         /* of the first agent that cannot be looked at */
	struct strset told; /* those that this has been said of */
};

/*
 * Append the picture of this moment to `out`; `at_rest` tells that nothing
 * of it will change by itself.  0, or the exit status after having said what
 * is wrong.  An agent that cannot be looked at is left out: that is said
 * once, and remembered in st->status.
 */
int status_print(struct status *st, struct str *out, bool *at_rest);

/*
 * Show it, and again whenever it changes: on a terminal in place, elsewhere
 * below, with `json` only the objects that changed.  Ends when told to by a
 * signal or, with `until_idle`, when all is at rest.  Gives the exit status.
 */
int status_watch(struct status *st, bool until_idle);

#endif

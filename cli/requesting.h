/*
 * requesting.h - what cancel, retry, pause and resume share.
 *
 * Each drops a file into requests/ of a desk, which its agent honours: at
 * once if it runs, else when it starts.
 */
#ifndef CLI_REQUESTING_H
#define CLI_REQUESTING_H

#include "cli/verb.h"
#include "cli/view.h"
#include "spool/request.h"

/*
 * Is there any sense in it?  1: ask for it; 0: it is so already, which has
 * been said; -1: it cannot be done, which has been said.
 */
typedef int requesting_fn(struct context *cx, const struct view_task *v);

/* For each REF given: look, and ask its agent.  Gives the exit status. */
int requesting_tasks(struct context *cx, const struct args *a,
                     enum request_verb verb, requesting_fn *sensible);

/*
 * The one AGENT given: its desk, which the caller closes.  0, or the exit
 * status after having said what is wrong.
 */
int requesting_agent(struct context *cx, const struct args *a,
                     struct desk **out);

/*
 * Drop it, and say `what` (unless NULL) was asked for if the agent is not
 * there to do it.
 */
int requesting_drop(struct context *cx, struct desk *d,
                    const struct request *rq, const char *what);

#endif

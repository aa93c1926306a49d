/*
 * quarantine.h - which agents are not started any more, and why.
 *
 * The file gm/quarantine/NAME is the quarantine of agent NAME: it holds one
 * line that says why and how to lift it.  It outlives the orchestrator, anyone
 * may read it, and whoever removes it has lifted the quarantine.
 */
#ifndef ORCHESTRATOR_QUARANTINE_H
#define ORCHESTRATOR_QUARANTINE_H

#include <stdbool.h>

#include "base/str.h"

/* `dfd` is that of gm/quarantine.  `why` has no newline. */
int quarantine_put(int dfd, const char *name, const char *why, bool durable);

/*
 * 1 if it is in quarantine, with the line added to `why`, which may be NULL;
 * 0 if it is not.
 */
int quarantine_get(int dfd, const char *name, struct str *why);

/* Lifting what is not there is fine. */
int quarantine_lift(int dfd, const char *name, bool durable);

#endif

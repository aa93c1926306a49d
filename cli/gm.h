/*
 * gm.h - what the command line has to do with the orchestrator.
 *
 * It is known by its files alone: gm/lock is held and holds its identity,
 * gm/quarantine/AGENT says which agents it does not start any more and why,
 * gm/requests/ is where it is asked for something.
 */
#ifndef CLI_GM_H
#define CLI_GM_H

#include "base/err.h"
#include "base/proc.h"
#include "base/str.h"
#include "spool/spool.h"

/* 1 and who it is (pid 0: not told yet) if one runs, 0 if none does. */
int gm_owner(const struct spool *s, struct proc_id *owner);

/*
 * 1 if this agent is in quarantine, 0 if not; its reason is added to `why`,
 * which may be NULL.
 */
int gm_quarantine(const struct spool *s, const char *agent, struct str *why);

/*
 * Drop gm/requests/NAME durably.  Asking twice is asking once, and an older
 * request is replaced: one from before the orchestrator's start is no more
 * than a leftover to it.
 */
int gm_request(const struct spool *s, const char *name, struct err *err);

#endif

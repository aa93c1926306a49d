/*
 * manager.h - the orchestrator ("GM") of one spool.
 *
 * One event loop that minds the agents (supervise.h) and does what it is
 * asked by signal or by file (orders.h).  It keeps nothing in memory that is
 * not in the tree or in the processes, so it may be killed at any instant
 * and started again under running agents; agents work without it.
 *
 *   gm/lock         held while it runs; "PID START BOOT" of who holds it
 *   gm/requests/    what it is asked          gm/rejected/  and will not do
 *   gm/quarantine/  agents that are not started, and why
 */
#ifndef ORCHESTRATOR_MANAGER_H
#define ORCHESTRATOR_MANAGER_H

#include "base/err.h"
#include "config/config.h"
#include "spool/spool.h"

/*
 * Run until told to end: 0.  -EAGAIN: another one has the spool, `err` says
 * which; -ENOENT: there is no agent program; any other -errno: it cannot go
 * on, and the agents run on without it.
 */
int manager_run(struct spool *spool, const struct config *config,
                struct err *err);

#endif

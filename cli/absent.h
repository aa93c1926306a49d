/*
 * absent.h - an agent that nobody runs: why, and what would bring it.
 *
 * One wording for all verbs.  Whether an agent runs is known by the lock of
 * its desk; where that cannot be known (another user's), nothing is claimed.
 */
#ifndef CLI_ABSENT_H
#define CLI_ABSENT_H

#include <stdbool.h>

#include "base/str.h"
#include "config/config.h"
#include "spool/desk.h"

/*
 * Add "agent 'pm' is not running: start it with: spoolhand up", or that it is
 * in quarantine, or not in spoolhand.yaml.  `config` is NULL if it cannot be
 * read.
 */
void absent_add(const struct spool *s, const struct config *config,
                const char *agent, struct str *out);

/* False, with nothing added, unless it is known that nobody runs it. */
bool absent_tell(const struct desk *d, struct str *out);

#endif

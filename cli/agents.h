/*
 * agents.h - an agent by its name, whether it has a desk yet or not.
 *
 * An agent is known when it stands in spoolhand.yaml or has a desk.  Looking
 * does not need the configuration: with a faulty one the desks remain.
 */
#ifndef CLI_AGENTS_H
#define CLI_AGENTS_H

#include "cli/verb.h"
#include "spool/desk.h"

/*
 * The names of all, those of the configuration first, in its order; NULL-
 * ended, keys_free_list() frees.  0, or an exit status after saying why.
 */
int agents_list(struct context *cx, char ***names);

/* Does it stand in spoolhand.yaml?  True when that cannot be read. */
bool agents_configured(const struct context *cx, const char *name);

/*
 * Its desk; if it has none yet NULL or, with `make`, a new one.  0, or an
 * exit status after having said what is wrong (no such agent: with "did you
 * mean").
 */
int agents_desk(struct context *cx, const char *name, bool make,
                struct desk **out);

#endif

/*
 * agentmap.h - one agent of spoolhand.yaml (config.c only).
 *
 * An agent starts from the built-in defaults; the keys of `defaults:` are laid
 * over them and its own keys over those.  A variable of `env` is laid over
 * the one of that name; any other key takes the whole place of what was
 * there.  An agent that says `shell` inherits no `command`, and the other way
 * round.
 */
#ifndef CONFIG_AGENTMAP_H
#define CONFIG_AGENTMAP_H

#include "base/err.h"
#include "base/node.h"
#include "config/config.h"

/*
 * Refuse a `defaults:` (NULL: there is none) that no agent can inherit, even
 * where every agent overrides its fault.
 */
int agentmap_check_defaults(const struct node *defaults, const char *file,
                            struct err *err);

/*
 * Fill the zeroed `out`.  On -EBADMSG it is partly filled and for
 * keys_done() to empty, as otherwise.
 */
int agentmap_read(const struct node *agent, const struct node *defaults,
                  const char *file, const char *dir, struct config_agent *out,
                  struct err *err);

#endif

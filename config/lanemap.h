/*
 * lanemap.h - the lanes of spoolhand.yaml (config.c only).
 *
 * `lanes: {llm: {running: 3, per_minute: 20}}` gives limits a name, and agents
 * with `lane: llm` share them.
 */
#ifndef CONFIG_LANEMAP_H
#define CONFIG_LANEMAP_H

#include "base/err.h"
#include "base/node.h"
#include "config/config.h"

/*
 * Fill the lanes of `c` from the whole file; -EBADMSG: what is there stays
 * for lanemap_done() to empty, as otherwise.
 */
int lanemap_read(struct config *c, const struct node *root, const char *file,
                 struct err *err);

/* When the agents have been read: is there every lane that they name? */
int lanemap_check(const struct config *c, const struct node *root,
                  const char *file, struct err *err);

void lanemap_done(struct config *c);

#endif

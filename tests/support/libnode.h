/*
 * libnode.h - parse a text as file "f", and see what came of it.
 */
#ifndef SUPPORT_LIBNODE_H
#define SUPPORT_LIBNODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/node.h"

/* As YAML or as JSON. */
struct node *libnode_parse(bool yaml, const char *text, size_t len,
                           struct err *err);

/*
 * Fail unless the tree is as `want` says: {key:value [item item]}, with
 * quotes around what was in quotes.
 */
void libnode_check(bool yaml, const char *text, const char *want);

/* Fail unless it is refused with that message. */
void libnode_refused(bool yaml, const char *text, size_t len, const char *want);

#endif

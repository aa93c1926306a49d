/*
 * yaml.h - YAML into a tree of nodes, over libyaml (node.c only).
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/node.h"
#include "base/tree.h"

/*
 * Read the one document of `t` into `*out`; a text without any gives an empty
 * map.  On -EBADMSG `*out` is untouched.
 */
int yaml_read(struct tree *t, struct node **out);

#endif

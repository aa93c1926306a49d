/*
 * jsontree.h - JSON into a tree of nodes, over json.h (node.c only).
 *
 * The nodes have no places; complaints about the text itself do.
 */
#ifndef BASE_JSONTREE_H
#define BASE_JSONTREE_H

#include "base/node.h"
#include "base/tree.h"

/*
 * Read the value that is `t` into `*out`; a text of blanks gives an empty
 * map.  On -EBADMSG `*out` is untouched.
 */
int jsontree_read(struct tree *t, struct node **out);

#endif

/*
 * tree.h - build a tree of nodes within its limits (node.c and yaml.c only).
 *
 * A `struct tree` is one reading of one text: where it came from, how much of
 * the limits in node.h is used, and where the first complaint goes.
 *
 * The reader: tree_open(), tree_node() for every value it meets,
 * tree_enter() and tree_leave() around the children of a list or map, and
 * tree_check_keys() when a map is whole.
 *
 * Errors are -EBADMSG with the text in `err`.  Nothing here is owned but the
 * nodes, which are the caller's as soon as they are returned.
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stddef.h>

#include "base/err.h"
#include "base/node.h"

#define TREE_MAX_BYTES  (1 << 20)
#define TREE_MAX_LEVELS 32
#define TREE_MAX_NODES  20000

struct tree {
	const char *text; /* without its byte order mark */
	size_t len;
	const char *file;
	size_t line; /* of the first byte */
	struct err *err;
	size_t nodes, levels;
};

/* Begin, and refuse what is no text at all: too large, not UTF-8, NULs. */
int tree_open(struct tree *t, const char *text, size_t len, const char *file,
              size_t line, struct err *err);

/* Line and column of a byte, counting characters. */
void tree_place(const struct tree *t, size_t offset, size_t *line,
                size_t *column);

/* A line of 0 stands for "no place". */
int tree_complain(const struct tree *t, size_t line, size_t column,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same, at a byte of the text. */
int tree_complain_at(const struct tree *t, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One more node; NULL when there are too many. */
struct node *tree_node(struct tree *t, enum node_kind kind, size_t line,
                       size_t column);

int tree_enter(struct tree *t, size_t line, size_t column);
void tree_leave(struct tree *t);

/* Refuse a map in which a key stands twice. */
int tree_check_keys(const struct tree *t, const struct node *map);

#endif

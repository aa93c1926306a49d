/*
 * node.h - a document as a tree, every value with its place.
 *
 * What YAML and JSON files have in common once they are read: scalars, lists
 * and maps.  Each node knows the line and column it came from, because every
 * complaint about a file that a person wrote must say where.
 *
 * node_parse_yaml() and node_parse_json() give a tree that the caller owns
 * and frees with node_free(); it keeps no reference to the text.
 *
 * Limits, so that no file can take the program down: 1 MiB of text, 32
 * levels, 20 000 nodes; no aliases (`*x`), which is how a small file becomes
 * a large tree; no tags but the implied ones; a key may stand once in a map;
 * one document a file.  Text must be UTF-8.
 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

enum node_kind { NODE_SCALAR = 1, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	size_t line, column; /* from 1; 0 where the source has no places */
	char *key;           /* in a map: its key, else NULL */
	size_t key_line, key_column;
	char *text;  /* NODE_SCALAR: the value */
	bool quoted; /* NODE_SCALAR: written in quotes, so never null */
	struct node *first, *next; /* children; the next sibling */
};

#define autonode scoped(node_freep) struct node

/*
 * Parse all of `text`.  `file` names it in messages, `line` is the line it
 * starts on there (front matter starts below its '---').  An empty text is an
 * empty map.  NULL on an error: "FILE:LINE:COLUMN: what; remedy" in `err`.
 */
struct node *node_parse_yaml(const char *text, size_t len, const char *file,
                             size_t line, struct err *err);
struct node *node_parse_json(const char *text, size_t len, const char *file,
                             struct err *err);

void node_free(struct node *n);
void node_freep(struct node **n);

/* The member of a map, or NULL. */
struct node *node_get(const struct node *map, const char *key);

/* Is this the absence of a value: `~`, `null` or nothing, unquoted? */
bool node_is_null(const struct node *n);

/* "a list": what it is, for a message. */
const char *node_kind_name(const struct node *n);

/* Set err to "FILE:LINE:COLUMN: …" for this node; returns `code`. */
int node_complain(const struct node *n, const char *file, struct err *err,
                  int code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif

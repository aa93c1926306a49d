#include "base/node.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/jsontree.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/yaml.h"

void
node_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		node_free(n->first);
		free(n->key);
		free(n->text);
		free(n);
		n = next;
	}
}

void
node_freep(struct node **n)
{
	node_free(*n);
}

struct node *
node_get(const struct node *map, const char *key)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (struct node *n = map->first; n; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

bool
node_is_null(const struct node *n)
{
	if (n->kind != NODE_SCALAR || n->quoted)
		return false;
	return n->text[0] == '\0' || strcmp(n->text, "~") == 0 ||
	       strcmp(n->text, "null") == 0;
}

const char *
node_kind_name(const struct node *n)
{
	static const char *const names[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a map",
	};

	return names[n->kind];
}

int
node_complain(const struct node *n, const char *file, struct err *err, int code,
              const char *fmt, ...)
{
	autostr text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	if (n->line == 0)
		return err_set(err, code, "%s: %s", file, str_text(&text));
	return err_set(err, code, "%s:%zu:%zu: %s", file, n->line, n->column,
	               str_text(&text));
}

/* What stands for nothing at the top of a file is an empty map. */
static void
settle_root(struct node *root)
{
	if (!node_is_null(root))
		return;
	free(root->text);
	root->text = NULL;
	root->kind = NODE_MAP;
}

struct node *
node_parse_yaml(const char *text, size_t len, const char *file, size_t line,
                struct err *err)
{
	autonode *root = NULL;
	struct tree t;

	if (tree_open(&t, text, len, file, line, err) < 0 ||
	    yaml_read(&t, &root) < 0)
		return NULL;
	settle_root(root);
	return take_ptr(root);
}

struct node *
node_parse_json(const char *text, size_t len, const char *file, struct err *err)
{
	autonode *root = NULL;
	struct tree t;

	if (tree_open(&t, text, len, file, 1, err) < 0 ||
	    jsontree_read(&t, &root) < 0)
		return NULL;
	settle_root(root);
	return take_ptr(root);
}

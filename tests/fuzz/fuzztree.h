/*
 * fuzztree.h - what must be true of every tree of nodes, and every complaint.
 */
#ifndef FUZZ_FUZZTREE_H
#define FUZZ_FUZZTREE_H

#include <string.h>

#include "base/err.h"
#include "base/node.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

/* One line of printable ASCII that begins with the name of the file. */
static inline void
fuzztree_check_err(const struct err *err, const char *file)
{
	FUZZ_CHECK(str_starts(err->text, file));
	FUZZ_CHECK(strlen(err->text) > strlen(file) + 2);
	for (const char *p = err->text; *p; p++)
		FUZZ_CHECK(*p >= 0x20 && *p <= 0x7e);
}

/* Check the tree, and write it as YAML in one line. */
static inline void
fuzztree_write(const struct node *n, size_t level, bool places, struct str *out)
{
	const char *brackets = n->kind == NODE_MAP ? "{}" : "[]";

	FUZZ_CHECK(n->kind >= NODE_SCALAR && n->kind <= NODE_MAP);
	FUZZ_CHECK(level <= 33);
	FUZZ_CHECK(places == (n->line > 0));
	FUZZ_CHECK((n->kind == NODE_SCALAR) == (n->text != NULL));
	if (n->kind == NODE_SCALAR) {
		FUZZ_CHECK(!n->first);
		FUZZ_CHECK(utf8_valid(n->text, strlen(n->text)));
		if (node_is_null(n))
			str_addc(out, '~');
		else
			quote_add(out, n->text);
		return;
	}
	str_addc(out, brackets[0]);
	for (const struct node *c = n->first; c; c = c->next) {
		FUZZ_CHECK((n->kind == NODE_MAP) == (c->key != NULL));
		if (c->key) {
			FUZZ_CHECK(node_get(n, c->key) == c);
			FUZZ_CHECK(places == (c->key_line > 0));
			str_adds(out, "? ");
			quote_add(out, c->key);
			str_adds(out, " : ");
		}
		fuzztree_write(c, level + 1, places, out);
		str_adds(out, ",");
	}
	str_addc(out, brackets[1]);
}

static inline void
fuzztree_check_same(const struct node *a, const struct node *b)
{
	const struct node *c = a->first, *d = b->first;

	FUZZ_CHECK(a->kind == b->kind);
	FUZZ_CHECK(!a->key == !b->key);
	FUZZ_CHECK(!a->key || strcmp(a->key, b->key) == 0);
	if (a->kind == NODE_SCALAR) {
		FUZZ_CHECK(node_is_null(a) == node_is_null(b));
		FUZZ_CHECK(node_is_null(a) || strcmp(a->text, b->text) == 0);
	}
	for (; c && d; c = c->next, d = d->next)
		fuzztree_check_same(c, d);
	FUZZ_CHECK(!c && !d);
}

/* The tree is sound, and what it is written as is read as the same. */
static inline void
fuzztree_check(const struct node *n, bool places)
{
	autostr text = STR_INIT;
	struct err err = { "" };
	autonode *again = NULL;

	fuzztree_write(n, 1, places, &text);
	if (text.len > 1 << 20)
		return;
	again = node_parse_yaml(str_text(&text), text.len, "again", 1, &err);
	if (!again)
		(void)fprintf(stderr, "%s\n", err.text);
	FUZZ_CHECK(again);
	fuzztree_check_same(n, again);
}

#endif

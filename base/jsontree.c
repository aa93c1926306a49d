#include "base/jsontree.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define BLANKS    " \t\r\n"
#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/*
 * A first look, which builds nothing: it refuses what is too much, and finds
 * the common mistakes, for which the parser has no words.
 */
struct look {
	const struct tree *tree;
	size_t opened[TREE_MAX_LEVELS]; /* where the open brackets are */
	size_t levels, commas;
	char last; /* the last character that was no blank */
};

/* The end of the string that begins at `i`: its closing quote. */
static int
look_at_string(const struct look *l, size_t *i)
{
	const struct tree *t = l->tree;
	size_t p = *i + 1;

	while (p < t->len && t->text[p] != '"') {
		if (t->text[p] == '\n')
			break;
		if (t->len - p >= 6 && memcmp(t->text + p, "\\u0000", 6) == 0)
			return tree_complain_at(
				t, p, "a string may not hold \\u0000");
		p += t->text[p] == '\\' ? 2 : 1;
	}
	if (p >= t->len || t->text[p] != '"')
		return tree_complain_at(t, *i,
		                        "the quote that opens here is not "
		                        "closed in its line");
	*i = p;
	return 0;
}

static int
look_at_opening(struct look *l, size_t i)
{
	if (l->levels == TREE_MAX_LEVELS)
		return tree_complain_at(l->tree, i,
		                        "this is nested more than %d levels "
		                        "deep",
		                        TREE_MAX_LEVELS);
	l->opened[l->levels++] = i;
	return 0;
}

static int
look_at_closing(struct look *l, size_t i, char c)
{
	char opening = c == ']' ? '[' : '{';

	if (l->levels == 0)
		return tree_complain_at(
			l->tree, i, "this '%c' closes nothing; remove it", c);
	if (l->tree->text[l->opened[--l->levels]] != opening)
		return tree_complain_at(l->tree, i,
		                        "'%c' is expected here, not '%c'",
		                        c == ']' ? '}' : ']', c);
	if (l->last == ',')
		return tree_complain_at(l->tree, i,
		                        "there is a comma before this '%c'; "
		                        "remove it",
		                        c);
	return 0;
}

static int
look_at(struct look *l, size_t *i)
{
	char c = l->tree->text[*i];

	switch (c) {
	case '"':
		return look_at_string(l, i);
	case '[':
	case '{':
		return look_at_opening(l, *i);
	case ']':
	case '}':
		return look_at_closing(l, *i, c);
	case ',':
		if (++l->commas < TREE_MAX_NODES)
			return 0;
		return tree_complain_at(l->tree, *i,
		                        "there are more than %d values",
		                        TREE_MAX_NODES);
	case '\'':
		return tree_complain_at(l->tree, *i,
		                        "JSON has no single quotes; write \"");
	case '#':
	case '/':
		return tree_complain_at(l->tree, *i,
		                        "JSON has no comments; remove it");
	default:
		return 0;
	}
}

static int
look_over(const struct tree *t)
{
	struct look l = { .tree = t };

	for (size_t i = 0; i < t->len; i++) {
		char c = t->text[i];
		int r = look_at(&l, &i);

		if (r < 0)
			return r;
		if (!strchr(BLANKS, c))
			l.last = c;
	}
	if (l.levels > 0)
		return tree_complain_at(t, l.opened[l.levels - 1],
		                        "the '%c' that opens here is not "
		                        "closed",
		                        t->text[l.opened[l.levels - 1]]);
	return 0;
}

/* "line L, column C: …" of json_parse(), with the file and a remedy. */
static int
complain(const struct tree *t, const struct err *from)
{
	size_t line, wantline, wantcolumn, at = 0;
	bool quote;

	if (sscanf(from->text, "line %zu, column %zu:", &wantline,
	           &wantcolumn) != 2)
		return tree_complain(t, 0, 0, "%s", from->text);
	/* Its columns are bytes; ours are characters. */
	for (line = 1; at < t->len && line < wantline; at++)
		line += t->text[at] == '\n';
	at += wantcolumn - 1;
	while (at < t->len && strchr(BLANKS, t->text[at]))
		at++;
	quote = at < t->len && t->text[at] == '"';
	return tree_complain_at(
		t, at, "this is not valid JSON; %s",
		quote ? "a comma or colon is missing before it" :
			"look for a missing quote or comma");
}

static char *
number_text(double d)
{
	char text[40];

	if (fabs(d) <= EXACT_MAX && floor(d) == d)
		return mem_printf("%lld", (long long)d);
	(void)snprintf(text, sizeof(text), "%.15g", d);
	if (strtod(text, NULL) < d || strtod(text, NULL) > d)
		return mem_printf("%.17g", d);
	return mem_dup(text);
}

static int make_value(struct tree *t, const struct json *j, struct node **out);

static int
make_children(struct tree *t, const struct json *j, struct node *parent)
{
	struct node **tail = &parent->first;
	int r = tree_enter(t, 0, 0);

	if (r < 0)
		return r;
	for (j = json_first(j); j; j = json_next(j)) {
		r = make_value(t, j, tail);
		if (r < 0)
			return r;
		if (parent->kind == NODE_MAP)
			(*tail)->key = mem_dup(json_key(j));
		tail = &(*tail)->next;
	}
	tree_leave(t);
	if (parent->kind == NODE_MAP)
		return tree_check_keys(t, parent);
	return 0;
}

static int
make_value(struct tree *t, const struct json *j, struct node **out)
{
	enum node_kind kind = json_is_object(j) ? NODE_MAP :
	                      json_is_array(j)  ? NODE_LIST :
	                                          NODE_SCALAR;
	struct node *n = tree_node(t, kind, 0, 0);

	if (!n)
		return -EBADMSG;
	*out = n;
	if (kind != NODE_SCALAR)
		return make_children(t, j, n);
	n->quoted = json_is_string(j);
	if (n->quoted)
		n->text = mem_dup(json_str(j, ""));
	else if (json_is_number(j))
		n->text = number_text(json_num(j, 0));
	else if (json_is_bool(j))
		n->text = mem_dup(json_bool(j, false) ? "true" : "false");
	else
		n->text = mem_dup("null");
	return 0;
}

int
jsontree_read(struct tree *t, struct node **out)
{
	struct err why = { "" };
	autojson *j = NULL;
	autonode *root = NULL;
	size_t i = 0;

	while (i < t->len && strchr(BLANKS, t->text[i]))
		i++;
	if (i == t->len) {
		*out = tree_node(t, NODE_MAP, 0, 0);
		return 0;
	}
	if (look_over(t) < 0)
		return -EBADMSG;
	j = json_parse(t->text, t->len, &why);
	if (!j)
		return complain(t, &why);
	if (make_value(t, j, &root) < 0)
		return -EBADMSG;
	*out = take_ptr(root);
	return 0;
}

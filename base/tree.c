#include "base/tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/str.h"
#include "base/utf8.h"

#define BOM "\xef\xbb\xbf"

static int complain(const struct tree *t, size_t line, size_t column,
                    const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

static int
complain(const struct tree *t, size_t line, size_t column, const char *fmt,
         va_list ap)
{
	autostr text = STR_INIT;

	str_vaddf(&text, fmt, ap);
	if (line == 0)
		return err_set(t->err, -EBADMSG, "%s: %s", t->file,
		               str_text(&text));
	return err_set(t->err, -EBADMSG, "%s:%zu:%zu: %s", t->file, line,
	               column, str_text(&text));
}

int
tree_complain(const struct tree *t, size_t line, size_t column, const char *fmt,
              ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)complain(t, line, column, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

int
tree_complain_at(const struct tree *t, size_t offset, const char *fmt, ...)
{
	size_t line, column;
	va_list ap;

	tree_place(t, offset, &line, &column);
	va_start(ap, fmt);
	(void)complain(t, line, column, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

void
tree_place(const struct tree *t, size_t offset, size_t *line, size_t *column)
{
	*line = t->line;
	*column = 1;
	for (size_t i = 0; i < offset && i < t->len; i++) {
		unsigned char c = (unsigned char)t->text[i];
		bool crlf = c == '\r' && i + 1 < t->len &&
		            t->text[i + 1] == '\n';

		if (c == '\n' || (c == '\r' && !crlf)) {
			(*line)++;
			*column = 1;
		} else if ((c & 0xc0) != 0x80 && !crlf) {
			(*column)++;
		}
	}
}

static bool
is_utf16(const char *s, size_t n)
{
	return n >= 2 &&
	       (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0);
}

/* Refuse bytes that no text has. */
static int
check_bytes(const struct tree *t)
{
	size_t bad = utf8_first_bad(t->text, t->len);

	if (bad == 0 && is_utf16(t->text, t->len))
		return tree_complain_at(t, 0,
		                        "this is UTF-16; save it as UTF-8");
	for (size_t i = 0; i < bad; i++) {
		unsigned char c = (unsigned char)t->text[i];

		if ((c < 0x20 && !strchr("\t\n\r", c)) || c == 0 || c == 0x7f)
			return tree_complain_at(t, i,
			                        "a control byte, 0x%02x, may "
			                        "not stand here; remove it",
			                        c);
	}
	if (bad < t->len)
		return tree_complain_at(
			t, bad,
			"the byte 0x%02x is not UTF-8; save the file as UTF-8",
			(unsigned char)t->text[bad]);
	return 0;
}

int
tree_open(struct tree *t, const char *text, size_t len, const char *file,
          size_t line, struct err *err)
{
	*t = (struct tree){ text, len, file, line, err, 0, 0 };
	if (len > TREE_MAX_BYTES)
		return tree_complain(t, 0, 0, "the text is larger than 1 MiB");
	if (len >= 3 && memcmp(text, BOM, 3) == 0) {
		t->text += 3;
		t->len -= 3;
	}
	return check_bytes(t);
}

struct node *
tree_node(struct tree *t, enum node_kind kind, size_t line, size_t column)
{
	struct node *n;

	if (t->nodes == TREE_MAX_NODES) {
		(void)tree_complain(t, line, column,
		                    "there are more than %d values",
		                    TREE_MAX_NODES);
		return NULL;
	}
	t->nodes++;
	n = mem_new(1, sizeof(*n));
	n->kind = kind;
	n->line = line;
	n->column = column;
	return n;
}

int
tree_enter(struct tree *t, size_t line, size_t column)
{
	if (t->levels == TREE_MAX_LEVELS)
		return tree_complain(t, line, column,
		                     "this is nested more than %d levels deep",
		                     TREE_MAX_LEVELS);
	t->levels++;
	return 0;
}

void
tree_leave(struct tree *t)
{
	t->levels--;
}

/* A member and its place among its siblings, to sort without losing it. */
struct member {
	const struct node *node;
	size_t index;
};

static int
by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->node->key, y->node->key);

	if (order)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int
complain_twice(const struct tree *t, const struct node *first,
               const struct node *again)
{
	autofree char *key = name_show(again->key);

	if (again->key_line == 0)
		return tree_complain(t, 0, 0,
		                     "the key '%.60s' stands twice in one "
		                     "map; remove one of them",
		                     key);
	return tree_complain(t, again->key_line, again->key_column,
	                     "the key '%.60s' stands twice in this map, first "
	                     "in line %zu; remove one of them",
	                     key, first->key_line);
}

int
tree_check_keys(const struct tree *t, const struct node *map)
{
	autofree struct member *all = NULL;
	const struct member *twice = NULL;
	size_t n = 0, cap = 0;

	for (const struct node *c = map->first; c; c = c->next) {
		mem_room(&all, n, &cap, sizeof(*all));
		all[n] = (struct member){ c, n };
		n++;
	}
	if (n < 2)
		return 0;
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(all[i - 1].node->key, all[i].node->key) != 0)
			continue;
		if (!twice || all[i].index < twice->index)
			twice = &all[i];
	}
	if (!twice)
		return 0;
	return complain_twice(t, twice[-1].node, twice->node);
}

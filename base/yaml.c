#include "base/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/str.h"

struct reader {
	struct tree *tree;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; zeroed when there is none */
};

/* Where a saying points to. */
enum place {
	HERE = 1, /* where libyaml stopped */
	OPENING,  /* where the thing began in which it stopped */
	LINE,     /* HERE if both are on one line, else OPENING */
	REST,     /* HERE, and something stands before it on its line */
	TAB,      /* HERE, and that is a tab */
	END,      /* HERE, and that is the end of the text */
};

/* What libyaml says, and what a person is told instead. */
struct saying {
	const char *problem; /* its beginning, "" for any */
	const char *context; /* the same */
	enum place place;
	const char *text; /* '@' is the character at the place */
};

#define ESCAPE                                                                   \
	"there is no such escape in double quotes; write \\\\ for a backslash, " \
	"or use single quotes"

#define PERCENT "a line cannot begin with '%'; put the value in quotes"
#define FIRST   "a value cannot begin with '@'; put it in quotes"

/* The first that fits is used. */
static const struct saying sayings[] = {
	{ "", "while scanning a directive", OPENING, PERCENT },
	{ "", "while scanning a tag directive", OPENING, PERCENT },
	{ "", "while scanning a %", OPENING, PERCENT },
	{ "", "while parsing a %", OPENING, PERCENT },
	{ "found a tab character", "", HERE,
	  "a tab cannot indent; use spaces" },
	{ "found unexpected end of stream", "while scanning a quoted", OPENING,
	  "the quote that opens here is not closed; add it at the end" },
	{ "found unexpected document indicator", "while scanning a quoted",
	  OPENING,
	  "the quote that opens here is not closed; add it at the end" },
	{ "", "while parsing a quoted scalar", HERE, ESCAPE },
	{ "did not find expected ',' or ']'", "", LINE,
	  "the list is not closed; add the missing ',' or ']'" },
	{ "did not find expected ',' or '}'", "", LINE,
	  "the map is not closed; add the missing ',' or '}'" },
	{ "did not find expected node content", "while parsing a flow", END,
	  "a list or map is not closed; add the missing ']' or '}'" },
	{ "did not find expected node content", "while parsing a flow", HERE,
	  "a value is missing before '@'; add it, or remove a ','" },
	{ "did not find expected node content", "", HERE, FIRST },
	{ "did not find expected alphabetic", "", OPENING, FIRST },
	{ "", "while scanning a tag", OPENING, FIRST },
	{ "", "while parsing a tag", OPENING, FIRST },
	{ "found undefined tag handle", "", OPENING, FIRST },
	{ "found character that cannot start any token", "", TAB,
	  "a tab cannot indent; use spaces" },
	{ "found character that cannot start any token", "", HERE, FIRST },
	{ "could not find expected ':'", "", OPENING,
	  "a ':' is missing here; write 'key: value'" },
	{ "mapping values are not allowed", "", HERE,
	  "a ':' is not expected here; look at the indentation, put a blank "
	  "after the ':' above, or put the value in quotes" },
	{ "found unexpected ':'", "", HERE,
	  "a ':' is not expected here; put a blank after it, or put the value "
	  "in quotes" },
	{ "mapping keys are not allowed", "", HERE,
	  "a value cannot begin with '? '; put it in quotes" },
	{ "block sequence entries are not allowed", "", HERE,
	  "a list item cannot begin here; give it a line of its own" },
	{ "did not find expected key", "", REST,
	  "the value before this has ended; put all of it in quotes, or remove "
	  "the rest" },
	{ "did not find expected key", "", HERE,
	  "a key is expected here; look at the indentation" },
	{ "did not find expected '-' indicator", "", HERE,
	  "a list item, '- x', is expected here; look at the indentation" },
	{ "did not find expected comment or line break",
	  "while scanning a block scalar", HERE,
	  "text after '|' or '>' begins on the next line" },
	{ "found an indentation indicator equal to 0", "", HERE,
	  "the number after '|' or '>' must be 1 to 9" },
	{ "did not find expected <document start>", "", HERE,
	  "a document begins with '---'; put that before this, or remove it" },
	{ "found incompatible YAML document", "", HERE,
	  "this is a version of YAML that cannot be read; remove the line" },
};

/* The byte at a mark of libyaml, which counts characters. */
static size_t
mark_offset(const struct tree *t, const yaml_mark_t *mark)
{
	size_t i = 0;

	for (size_t n = mark->index; i < t->len && n > 0; n--) {
		i++;
		while (i < t->len && ((unsigned char)t->text[i] & 0xc0) == 0x80)
			i++;
	}
	return i;
}

/* Is there anything but blanks before this byte on its line? */
static bool
is_rest(const struct tree *t, size_t offset)
{
	while (offset > 0 && t->text[offset - 1] == ' ')
		offset--;
	return offset > 0 && !strchr("\r\n", t->text[offset - 1]);
}

static bool
fits(const struct reader *r, const struct saying *s)
{
	const yaml_parser_t *p = &r->parser;
	const struct tree *t = r->tree;
	size_t offset;

	if (!str_starts(p->problem, s->problem) ||
	    !str_starts(p->context ? p->context : "", s->context))
		return false;
	offset = mark_offset(t, &p->problem_mark);
	if (s->place == TAB)
		return offset < t->len && t->text[offset] == '\t';
	if (s->place == END)
		return offset == t->len;
	return s->place != REST || is_rest(t, offset);
}

static const yaml_mark_t *
saying_mark(const yaml_parser_t *p, const struct saying *s)
{
	if (s->place == OPENING ||
	    (s->place == LINE && p->problem_mark.line != p->context_mark.line))
		return &p->context_mark;
	return &p->problem_mark;
}

/* Complain at a mark. */
__attribute__((format(printf, 3, 4))) static int
complain(const struct reader *r, const yaml_mark_t *mark, const char *fmt, ...)
{
	autostr text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	return tree_complain(r->tree, r->tree->line + mark->line,
	                     mark->column + 1, "%s", str_text(&text));
}

static int
say(const struct reader *r, const struct saying *s)
{
	const yaml_mark_t *mark = saying_mark(&r->parser, s);
	size_t offset = mark_offset(r->tree, mark);
	autostr text = STR_INIT;

	for (const char *p = s->text; *p; p++) {
		if (*p == '@' && offset < r->tree->len)
			str_add_escaped(&text, r->tree->text + offset, 1);
		else if (*p != '@')
			str_addc(&text, *p);
	}
	return complain(r, mark, "%s", str_text(&text));
}

/* libyaml has stopped: say why, so that a person can mend it. */
static int
explain(const struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	if (p->error == YAML_READER_ERROR)
		return tree_complain_at(
			r->tree, p->problem_offset,
			"a control character may not stand here; remove it");
	for (size_t i = 0; i < countof(sayings); i++)
		if (fits(r, &sayings[i]))
			return say(r, &sayings[i]);
	return complain(r, &p->problem_mark, "this is not valid YAML: %s",
	                p->problem);
}

static int
next_event(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return explain(r);
	return 0;
}

static int
refuse_extras(const struct reader *r, const unsigned char *anchor,
              const unsigned char *tag)
{
	const yaml_mark_t *mark = &r->event.start_mark;

	if (anchor)
		return complain(r, mark,
		                "an anchor (&x) is not allowed; remove it, or "
		                "put the value in quotes");
	if (tag)
		return complain(r, mark,
		                "a tag (!x) is not allowed; remove it, or put "
		                "the value in quotes");
	return 0;
}

static struct node *
new_node(const struct reader *r, enum node_kind kind)
{
	const yaml_mark_t *mark = &r->event.start_mark;

	return tree_node(r->tree, kind, r->tree->line + mark->line,
	                 mark->column + 1);
}

/* The text of the scalar that is the current event. */
static int
take_text(const struct reader *r, char **out)
{
	const char *value = (const char *)r->event.data.scalar.value;
	int c = refuse_extras(r, r->event.data.scalar.anchor,
	                      r->event.data.scalar.tag);

	if (c < 0)
		return c;
	if (memchr(value, '\0', r->event.data.scalar.length))
		return complain(r, &r->event.start_mark,
		                "a value may not hold a NUL, \\0");
	*out = mem_dup(value);
	return 0;
}

static int
read_scalar(const struct reader *r, struct node **out)
{
	struct node *n = new_node(r, NODE_SCALAR);

	if (!n)
		return -EBADMSG;
	*out = n;
	n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return take_text(r, &n->text);
}

static int read_value(struct reader *r, struct node **out);

/* The current event begins a member: its key, then its value. */
static int
read_member(struct reader *r, struct node **out)
{
	yaml_mark_t mark = r->event.start_mark;
	autofree char *key = NULL;
	int c;

	if (r->event.type == YAML_MAPPING_START_EVENT ||
	    r->event.type == YAML_SEQUENCE_START_EVENT)
		return complain(r, &mark,
		                "a key cannot be a list or a map; put it in "
		                "quotes");
	if (r->event.type == YAML_ALIAS_EVENT)
		return read_value(r, out);
	c = take_text(r, &key);
	if (c < 0)
		return c;
	if (!*key && r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return complain(r, &mark, "a key is missing before the ':'");
	c = next_event(r);
	if (c == 0)
		c = read_value(r, out);
	if (c < 0)
		return c;
	(*out)->key = take_ptr(key);
	(*out)->key_line = r->tree->line + mark.line;
	(*out)->key_column = mark.column + 1;
	return 0;
}

/* The children of a list or map, up to its end. */
static int
read_children(struct reader *r, struct node *parent)
{
	bool map = parent->kind == NODE_MAP;
	struct node **tail = &parent->first;
	int c = tree_enter(r->tree, parent->line, parent->column);

	while (c == 0) {
		c = next_event(r);
		if (c < 0 || r->event.type == YAML_SEQUENCE_END_EVENT ||
		    r->event.type == YAML_MAPPING_END_EVENT)
			break;
		c = map ? read_member(r, tail) : read_value(r, tail);
		if (c == 0)
			tail = &(*tail)->next;
	}
	tree_leave(r->tree);
	if (c == 0 && map)
		c = tree_check_keys(r->tree, parent);
	return c;
}

/* The value that the current event begins; `*out` owns it even on an error. */
static int
read_value(struct reader *r, struct node **out)
{
	const yaml_event_t *e = &r->event;
	int c;

	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(r, out);
	if (e->type == YAML_ALIAS_EVENT)
		return complain(r, &e->start_mark,
		                "an alias (*x) is not allowed; write the value "
		                "again, or put it in quotes");
	if (e->type == YAML_MAPPING_START_EVENT)
		c = refuse_extras(r, e->data.mapping_start.anchor,
		                  e->data.mapping_start.tag);
	else
		c = refuse_extras(r, e->data.sequence_start.anchor,
		                  e->data.sequence_start.tag);
	if (c < 0)
		return c;
	*out = new_node(r, e->type == YAML_MAPPING_START_EVENT ? NODE_MAP :
	                                                         NODE_LIST);
	return *out ? read_children(r, *out) : -EBADMSG;
}

/* The whole stream: at most one document. */
static int
read_stream(struct reader *r, struct node **root)
{
	int c = next_event(r); /* the start of the stream */

	if (c == 0)
		c = next_event(r);
	if (c == 0 && r->event.type == YAML_STREAM_END_EVENT) {
		*root = new_node(r, NODE_MAP);
		return 0;
	}
	if (c == 0)
		c = next_event(r);
	if (c == 0)
		c = read_value(r, root);
	if (c == 0)
		c = next_event(r); /* the end of the document */
	if (c == 0)
		c = next_event(r);
	if (c == 0 && r->event.type != YAML_STREAM_END_EVENT)
		c = complain(r, &r->event.start_mark,
		             "a second document begins here; a file holds one");
	return c;
}

int
yaml_read(struct tree *t, struct node **out)
{
	struct reader r = { .tree = t };
	autonode *root = NULL;
	int c;

	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)(t->len ? t->text : ""),
		t->len);
	c = read_stream(&r, &root);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (c == 0)
		*out = take_ptr(root);
	return c;
}

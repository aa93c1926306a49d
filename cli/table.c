#include "cli/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/term.h"

#define GAP    2        /* blanks between columns */
#define LAST   16       /* the last column may be cut down to this */
#define HEADER SIZE_MAX /* instead of the number of a row */

struct cell {
	size_t at; /* its text in table.text, NUL-ended */
	enum table_tint tint;
};

struct table {
	const struct table_column *columns;
	size_t ncolumns;
	struct cell *cells; /* row by row */
	size_t ncells, cap;
	size_t filled; /* cells of the last row that have a text */
	struct str text;
};

struct layout {
	size_t *widths; /* of the columns */
	bool *hidden;   /* those that are left out */
	bool header, brief;
};

/* How many columns are left on the line that is being made. */
struct line {
	struct str *out;
	const struct table_style *style;
	size_t room;
};

static const char *const tints[] = {
	[TINT_NONE] = "",          [TINT_DIM] = TERM_DIM,
	[TINT_GOOD] = TERM_GREEN,  [TINT_BUSY] = TERM_CYAN,
	[TINT_WAIT] = TERM_YELLOW, [TINT_BAD] = TERM_RED,
	[TINT_HEAD] = TERM_BOLD,
};
_Static_assert(countof(tints) == TINT_N, "colour every tint");

static const struct state_tint {
	const char *state;
	enum table_tint tint;
} state_tints[] = {
	{ "RUNNING", TINT_BUSY },  { "BUSY", TINT_BUSY },
	{ "BLOCKED", TINT_WAIT },  { "COMPLETED", TINT_GOOD },
	{ "FAILED", TINT_BAD },    { "REJECTED", TINT_BAD },
	{ "WITHDRAWN", TINT_DIM }, { "IDLE", TINT_DIM },
};

enum table_tint
table_tint_of(const char *state)
{
	for (size_t i = 0; i < countof(state_tints); i++)
		if (strcmp(state_tints[i].state, state) == 0)
			return state_tints[i].tint;
	return TINT_NONE;
}

struct table_style
table_style_of(int fd)
{
	return (struct table_style){ .people = isatty(fd),
		                     .colour = term_colours(fd) };
}

struct table *
table_new(const struct table_column *columns, size_t n)
{
	struct table *t = mem_new(1, sizeof(*t));

	t->columns = columns;
	t->ncolumns = n;
	/* Offset 0 is the text of an empty cell. */
	str_add(&t->text, "", 1);
	return t;
}

void
table_free(struct table *t)
{
	if (!t)
		return;
	str_done(&t->text);
	free(t->cells);
	free(t);
}

void
table_freep(struct table **t)
{
	table_free(*t);
}

void
table_row(struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		mem_room(&t->cells, t->ncells, &t->cap, sizeof(*t->cells));
		t->cells[t->ncells++] = (struct cell){ 0, TINT_NONE };
	}
	t->filled = 0;
}

void
table_cell(struct table *t, enum table_tint tint, const char *text)
{
	struct cell *c;

	if (t->ncells < t->ncolumns || t->filled == t->ncolumns)
		return;
	c = &t->cells[t->ncells - t->ncolumns + t->filled++];
	c->tint = tint;
	c->at = t->text.len;
	term_add_shown(&t->text, text ? text : "");
	str_add(&t->text, "", 1);
}

void
table_cellf(struct table *t, enum table_tint tint, const char *fmt, ...)
{
	autostr text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	table_cell(t, tint, str_text(&text));
}

bool
table_empty(const struct table *t)
{
	return t->ncells == 0;
}

static const char *
cell_text(const struct table *t, size_t row, size_t column)
{
	return t->text.data + t->cells[row * t->ncolumns + column].at;
}

/* The bytes of the first `columns` columns of `text`. */
static size_t
bytes_of(const char *text, size_t columns)
{
	size_t n = 0;

	while (text[n] && columns--) {
		n++;
		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
	}
	return n;
}

static void
add_blanks(struct line *l, size_t n)
{
	for (; n; n--, l->room--)
		str_addc(l->out, ' ');
}

static void
add_text(struct line *l, enum table_tint tint, const char *text)
{
	bool coloured = l->style->colour && *tints[tint];
	size_t width = utf8_width(text);

	if (coloured)
		str_adds(l->out, tints[tint]);
	str_add(l->out, text, bytes_of(text, l->room));
	if (coloured)
		str_adds(l->out, TERM_PLAIN);
	l->room -= width < l->room ? width : l->room;
}

static const char *
head_of(const struct table_column *c, bool brief)
{
	if (brief && c->brief)
		return c->brief;
	return c->head ? c->head : "";
}

/* What stands in a column of a row, or of the header. */
struct shown {
	const char *text;
	enum table_tint tint;
};

static struct shown
shown_at(const struct table *t, const struct layout *y, size_t row, size_t c)
{
	if (row == HEADER)
		return (struct shown){ head_of(&t->columns[c], y->brief),
			               TINT_HEAD };
	return (struct shown){ cell_text(t, row, c),
		               t->cells[row * t->ncolumns + c].tint };
}

static void
add_line(const struct table *t, const struct table_style *style,
         const struct layout *y, size_t row, struct str *out)
{
	struct line l = { out, style, style->width ? style->width : SIZE_MAX };
	size_t owed = 0; /* blanks, once more text follows */

	for (size_t c = 0; c < t->ncolumns; c++) {
		struct shown s = shown_at(t, y, row, c);
		size_t pad = y->widths[c] - utf8_width(s.text);

		if (y->hidden[c])
			continue;
		if (t->columns[c].right) {
			owed += pad;
			pad = 0;
		}
		if (owed >= l.room)
			break;
		if (*s.text) {
			add_blanks(&l, owed);
			add_text(&l, s.tint, s.text);
			owed = 0;
		}
		owed += pad + GAP;
	}
	str_addc(out, '\n');
}

/* The width of each column. */
static void
lay_out(const struct table *t, struct layout *y)
{
	size_t nrows = t->ncells / t->ncolumns;

	for (size_t c = 0; c < t->ncolumns; c++) {
		y->widths[c] =
			y->header ?
				utf8_width(head_of(&t->columns[c], y->brief)) :
				0;
		for (size_t r = 0; r < nrows; r++) {
			size_t w = utf8_width(cell_text(t, r, c));

			if (w > y->widths[c])
				y->widths[c] = w;
		}
	}
}

/* Does all that is not left out fit, but for the end of the last column? */
static bool
fits(const struct table *t, const struct layout *y, size_t width)
{
	size_t sum = 0;

	for (size_t c = 0; c < t->ncolumns; c++) {
		size_t w = y->widths[c];

		if (c + 1 == t->ncolumns && w > LAST)
			w = LAST;
		if (!y->hidden[c])
			sum += w + (sum ? GAP : 0);
	}
	return sum <= width;
}

/* Leave out the column that can be spared most; false if none can. */
static bool
spare_one(const struct table *t, struct layout *y)
{
	size_t most = 0;

	/* The first says what the line is about. */
	for (size_t c = 1; c < t->ncolumns; c++)
		if (!y->hidden[c] &&
		    t->columns[c].spare > (most ? t->columns[most].spare : 0))
			most = c;
	y->hidden[most] = most > 0;
	return most > 0;
}

static void
print_for_people(const struct table *t, const struct table_style *style,
                 struct str *out)
{
	autofree size_t *widths = mem_new(t->ncolumns, sizeof(*widths));
	autofree bool *hidden = mem_new(t->ncolumns, sizeof(*hidden));
	struct layout y = { widths, hidden, t->columns[0].head != NULL, false };
	size_t nrows = t->ncells / t->ncolumns;

	lay_out(t, &y);
	if (style->width && !fits(t, &y, style->width)) {
		y.brief = true;
		lay_out(t, &y);
		while (!fits(t, &y, style->width) && spare_one(t, &y))
			;
	}
	if (y.header)
		add_line(t, style, &y, HEADER, out);
	for (size_t r = 0; r < nrows; r++)
		add_line(t, style, &y, r, out);
}

void
table_print(const struct table *t, const struct table_style *style,
            struct str *out)
{
	size_t nrows = t->ncells / t->ncolumns;

	if (style->people) {
		print_for_people(t, style, out);
		return;
	}
	for (size_t r = 0; r < nrows; r++) {
		for (size_t c = 0; c < t->ncolumns; c++) {
			const char *text = cell_text(t, r, c);

			if (c)
				str_addc(out, '\t');
			str_adds(out, *text ? text : "-");
		}
		str_addc(out, '\n');
	}
}

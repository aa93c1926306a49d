/*
 * table.h - rows of cells, for a person or for a program.
 *
 * On a terminal: aligned columns under a bold header, in colour where that is
 * wanted.  Elsewhere: one line a row, cells
 * separated by one tab, no header, an empty cell as "-".  What is put into a
 * cell is made safe to show (term.h), so no name can add a column or a line.
 *
 * The caller: table_new(), for each row table_row() and its cells from left
 * to right, table_print(), table_free().  Cells left out are empty.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

struct table;

#define autotable scoped(table_freep) struct table

enum table_tint {
	TINT_NONE,
	TINT_DIM,
	TINT_GOOD,
	TINT_BUSY,
	TINT_WAIT,
	TINT_BAD,
	TINT_HEAD,
	TINT_N
};

struct table_column {
	const char *head;  /* NULL in every column: no header */
	bool right;        /* numbers are aligned to the right */
	const char *brief; /* the head where room is scarce; may be NULL */
	int spare; /* and the highest of these is left out first; 0: never */
};

struct table_style {
	bool people; /* a person looks */
	bool colour;
	size_t width; /* columns are left out, then lines cut; 0: never */
};

/* How to print to this descriptor; nothing is cut. */
struct table_style table_style_of(int fd);

/* `columns` stays the caller's and must outlive the table. */
struct table *table_new(const struct table_column *columns, size_t n);
void table_free(struct table *t);
void table_freep(struct table **t);

void table_row(struct table *t);
void table_cell(struct table *t, enum table_tint tint, const char *text);
void table_cellf(struct table *t, enum table_tint tint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool table_empty(const struct table *t);

/* Append the lines to `out`. */
void table_print(const struct table *t, const struct table_style *style,
                 struct str *out);

/* The colour for a task's or an agent's state. */
enum table_tint table_tint_of(const char *state);

#endif

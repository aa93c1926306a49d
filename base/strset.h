/*
 * strset.h - a set of short strings, each with a small number: its tag.
 *
 * Which ids are taken, and in what state is each?  Open addressing, copies of
 * the strings, at most 3/4 full.  Zero it (STRSET_INIT) before the first use,
 * strset_done() in the end.
 */
#ifndef BASE_STRSET_H
#define BASE_STRSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strset {
	char **places; /* NULL: never used; "gone": see strset.c */
	size_t size, used, filled;
};

#define STRSET_INIT           \
	{                     \
		NULL, 0, 0, 0 \
	}

#define autostrset scoped(strset_done) struct strset

/* False if it was there already; a new one has the tag 0. */
bool strset_add(struct strset *s, const char *text);

/* Add it if need be, and give it this tag. */
void strset_tag(struct strset *s, const char *text, unsigned char tag);

/* Its tag, or -1 if it is not in the set. */
int strset_get(const struct strset *s, const char *text);

/* All of them, in no order: begin with *at = 0; NULL after the last. */
const char *strset_next(const struct strset *s, size_t *at);

bool strset_remove(struct strset *s, const char *text);
bool strset_has(const struct strset *s, const char *text);
void strset_done(struct strset *s);

#endif

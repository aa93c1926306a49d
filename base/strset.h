/*
 * strset.h - a set of short strings: which ids are taken?
 *
 * Open addressing, copies of the strings, 16 bytes a place at most 3/4 full.
 * Zero it (STRSET_INIT) before the first use, strset_done() in the end.
 */
#ifndef BASE_STRSET_H
#define BASE_STRSET_H

#include <stdbool.h>
#include <stddef.h>

struct strset {
	char **places; /* NULL: never used; "gone": see strset.c */
	size_t size, used, filled;
};

#define STRSET_INIT           \
	{                     \
		NULL, 0, 0, 0 \
	}

/* False if it was there already. */
bool strset_add(struct strset *s, const char *text);
bool strset_remove(struct strset *s, const char *text);
bool strset_has(const struct strset *s, const char *text);
void strset_done(struct strset *s);

#endif

/*
 * str.h - a string that grows.
 *
 * Invariants a caller may rely on: `data` is never NULL after the first add
 * and always NUL-terminated at data[len]; before it, str_text() still gives
 * "".  Initialise with STR_INIT, release with str_done() or declare `autostr`.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct str {
	char *data;
	size_t len;
	size_t cap;
};

#define STR_INIT           \
	{                  \
		NULL, 0, 0 \
	}
#define autostr scoped(str_done) struct str

void str_done(struct str *s);

/* Empty it, keeping the memory. */
void str_clear(struct str *s);

void str_add(struct str *s, const void *bytes, size_t n);
void str_adds(struct str *s, const char *text);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void str_vaddf(struct str *s, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Make room for `n` more bytes and return where they go; len is unchanged. */
char *str_reserve(struct str *s, size_t n);

/* The text, "" when nothing was added. */
const char *str_text(const struct str *s);

/* Hand the buffer to the caller, who frees it; the str is empty again. */
char *str_take(struct str *s);

/* Add `text` with every byte outside printable ASCII, and '\', escaped. */
void str_add_escaped(struct str *s, const char *text, size_t n);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/*
 * The entry of `words` nearest to `word`, for "did you mean": at most a third
 * of its letters may differ, at least one, two swapped ones counting as one.
 * NULL if none is near.
 */
const char *str_nearest(const char *word, const char *const *words, size_t n);

#endif

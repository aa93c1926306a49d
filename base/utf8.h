/*
 * utf8.h - is this text UTF-8 (RFC 3629), and if not, make it so.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *s, size_t n);

/* The offset of the first byte that is not part of valid UTF-8, or `n`. */
size_t utf8_first_bad(const char *s, size_t n);

/* A copy with U+FFFD for every byte that is not part of valid UTF-8. */
char *utf8_mend(const char *s, size_t n);

/* Columns on a terminal, counting one a code point. */
size_t utf8_width(const char *s);

#endif

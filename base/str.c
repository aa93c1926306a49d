#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NEAREST_MAX 64 /* longer words get no suggestion */

void
str_done(struct str *s)
{
	free(s->data);
	*s = (struct str)STR_INIT;
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

char *
str_reserve(struct str *s, size_t n)
{
	size_t want = s->len + n + 1;

	if (want > s->cap) {
		size_t cap = s->cap + s->cap / 2;

		if (cap < want)
			cap = want < 64 ? 64 : want;
		s->data = mem_resize(s->data, cap, 1);
		s->cap = cap;
		s->data[s->len] = '\0';
	}
	return s->data + s->len;
}

void
str_add(struct str *s, const void *bytes, size_t n)
{
	char *at = str_reserve(s, n);

	if (n)
		memcpy(at, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void
str_adds(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void
str_addc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void
str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	(void)vsnprintf(str_reserve(s, (size_t)n), (size_t)n + 1, fmt, ap);
	s->len += (size_t)n;
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

const char *
str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

char *
str_take(struct str *s)
{
	char *data = s->data ? s->data : mem_dup("");

	*s = (struct str)STR_INIT;
	return data;
}

void
str_add_escaped(struct str *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\')
			str_adds(s, "\\\\");
		else if (c == '\n')
			str_adds(s, "\\n");
		else if (c == '\t')
			str_adds(s, "\\t");
		else if (c < 0x20 || c > 0x7e)
			str_addf(s, "\\x%02x", c);
		else
			str_addc(s, (char)c);
	}
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* Levenshtein distance with one row; both words are at most NEAREST_MAX. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1];
	size_t m = strlen(b);

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < m; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j + 1] + 1 < best)
				best = row[j + 1] + 1;
			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[m];
}

const char *
str_nearest(const char *word, const char *const *words, size_t n)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3;
	size_t least;

	if (strlen(word) > NEAREST_MAX)
		return NULL;
	least = (limit ? limit : 1) + 1;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (strlen(words[i]) > NEAREST_MAX)
			continue;
		d = distance(word, words[i]);
		if (d < least) {
			least = d;
			best = words[i];
		}
	}
	return best;
}

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

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Edits from one word to the other, two letters in the wrong order counting
 * as one (optimal string alignment); both are at most NEAREST_MAX long.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		const size_t *before = rows[(i + 1) % 3]; /* row i - 2 */
		const size_t *last = rows[(i + 2) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = least_of(last[j] + 1, row[j - 1] + 1,
			                  last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
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

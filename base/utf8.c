#include "base/utf8.h"

#include <stdint.h>

#include "base/str.h"

/* Length of the sequence at `s` (at most `n` bytes); 0 if it is not valid. */
static size_t
sequence(const unsigned char *s, size_t n)
{
	size_t len;
	uint32_t c, least;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		len = 2;
		c = s[0] & 0x1fU;
		least = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3;
		c = s[0] & 0x0fU;
		least = 0x800;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		len = 4;
		c = s[0] & 0x07U;
		least = 0x10000;
	} else {
		return 0;
	}
	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = (c << 6) | (s[i] & 0x3fU);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

size_t
utf8_first_bad(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t i = 0;

	while (i < n) {
		size_t len = sequence(u + i, n - i);

		if (!len)
			return i;
		i += len;
	}
	return n;
}

bool
utf8_valid(const char *s, size_t n)
{
	return utf8_first_bad(s, n) == n;
}

char *
utf8_mend(const char *s, size_t n)
{
	autostr out = STR_INIT;

	while (n) {
		size_t good = utf8_first_bad(s, n);

		str_add(&out, s, good);
		s += good;
		n -= good;
		if (n) {
			str_adds(&out, "\xef\xbf\xbd");
			s++;
			n--;
		}
	}
	return str_take(&out);
}

size_t
utf8_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return n;
}

#include "base/quote.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define LETTERS   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALNUM     LETTERS "0123456789"
#define PLAIN     ALNUM "_./+=-"
#define WORDS_MAX 5 /* the longest of those below */

/* Words that some reader of YAML, if not ours, takes for no text. */
static const char *const special[] = {
	"null", "true", "false", "yes", "no", "on", "off", "y", "n", "...",
};

static bool
is_special(const char *text)
{
	if (strlen(text) > WORDS_MAX)
		return false;
	for (size_t i = 0; i < countof(special); i++)
		if (strcasecmp(text, special[i]) == 0)
			return true;
	return false;
}

/* Options, paths, words and numbers need no quotes. */
static bool
is_plain(const char *text)
{
	const char *p = text + strspn(text, "-");

	if (!*p || !strchr(ALNUM "_./", *p) || p - text > 2)
		return false;
	return text[strspn(text, PLAIN)] == '\0' && !is_special(text);
}

/* Code points that YAML wants escaped, or reads as the end of a line. */
static bool
is_bad(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029 || c == 0xfeff || (c >= 0xfffe && c <= 0xffff);
}

/* One code point of valid UTF-8; `*len` gets its bytes. */
static uint32_t
decode(const char *s, size_t *len)
{
	unsigned char first = (unsigned char)s[0];
	uint32_t c = first;

	*len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (*len > 1)
		c = first & (0xffU >> (*len + 1));
	for (size_t i = 1; i < *len; i++)
		c = (c << 6) | ((unsigned char)s[i] & 0x3fU);
	return c;
}

void
quote_add(struct str *out, const char *text)
{
	autofree char *clean = utf8_mend(text, strlen(text));
	size_t len;

	if (is_plain(clean)) {
		str_adds(out, clean);
		return;
	}
	str_addc(out, '"');
	for (const char *p = clean; *p; p += len) {
		uint32_t c = decode(p, &len);

		if (c == '\n')
			str_adds(out, "\\n");
		else if (c == '\t')
			str_adds(out, "\\t");
		else if (is_bad(c))
			str_addf(out, "\\u%04x", (unsigned)c);
		else if (c == '"' || c == '\\')
			str_addf(out, "\\%c", (char)c);
		else
			str_add(out, p, len);
	}
	str_addc(out, '"');
}

#include "cli/term.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

#define COLUMNS_UNKNOWN 80
#define LINES_UNKNOWN   24

/* Code points that no text of a stranger may bring to a terminal. */
static const struct range {
	uint32_t first, last;
} unshown[] = {
	{ 0x0080, 0x009f },                     /* control characters */
	{ 0x061c, 0x061c }, { 0x200b, 0x200f }, /* marks without a width */
	{ 0x2028, 0x202e }, /* separators; direction of writing */
	{ 0x2060, 0x206f }, /* the same, and invisible operators */
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
};

bool
term_colours(int fd)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!isatty(fd) || (no && *no))
		return false;
	return term && *term && strcmp(term, "dumb") != 0;
}

bool
term_size(int fd, size_t *columns, size_t *lines)
{
	struct winsize ws = { 0 };

	*columns = *lines = 0;
	if (!isatty(fd))
		return false;
	(void)ioctl(fd, TIOCGWINSZ, &ws);
	*columns = ws.ws_col ? ws.ws_col : COLUMNS_UNKNOWN;
	*lines = ws.ws_row ? ws.ws_row : LINES_UNKNOWN;
	return true;
}

/* The length of the valid sequence at `s`, which is no ASCII; 0 if none. */
static size_t
sequence(const char *s)
{
	for (size_t n = 2; n <= 4 && s[n - 1]; n++)
		if (utf8_valid(s, n))
			return n;
	return 0;
}

static uint32_t
decode(const char *s, size_t n)
{
	uint32_t c = (unsigned char)s[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3fU);
	return c;
}

static bool
may_be_shown(uint32_t c)
{
	for (size_t i = 0; i < countof(unshown); i++)
		if (c >= unshown[i].first && c <= unshown[i].last)
			return false;
	return true;
}

void
term_add_shown(struct str *out, const char *text)
{
	while (*text) {
		size_t n = (unsigned char)*text < 0x80 ? 0 : sequence(text);

		if (n && may_be_shown(decode(text, n)))
			str_add(out, text, n);
		else
			str_add_escaped(out, text, n ? n : 1);
		text += n ? n : 1;
	}
}

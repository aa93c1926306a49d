#include "cli/shellword.h"

#include <string.h>

#include "base/str.h"

#define PLAIN                        \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-./:=@%+,"

char *
shellword(const char *text)
{
	struct str out = STR_INIT;

	if (*text && text[strspn(text, PLAIN)] == '\0') {
		str_adds(&out, text);
		return str_take(&out);
	}
	str_addc(&out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_adds(&out, "'\\''");
		else
			str_addc(&out, *text);
	}
	str_addc(&out, '\'');
	return str_take(&out);
}

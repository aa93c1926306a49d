#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
nonnull(void *p)
{
	if (!p) {
		(void)fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
mem_new(size_t n, size_t size)
{
	return nonnull(calloc(n ? n : 1, size ? size : 1));
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	return nonnull(reallocarray(p, n ? n : 1, size ? size : 1));
}

void
mem_room(void *p, size_t used, size_t *cap, size_t size)
{
	void **array = p;

	if (used < *cap)
		return;
	*cap = *cap < 8 ? 8 : *cap + *cap / 2;
	*array = mem_resize(*array, *cap, size);
}

char *
mem_dup(const char *s)
{
	return nonnull(strdup(s));
}

char *
mem_dupn(const char *s, size_t n)
{
	return nonnull(strndup(s, n));
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return nonnull(s);
}

#include "base/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 16384

/* What was taken out makes room. */
static void
close_up(struct lines *l)
{
	if (!l->at)
		return;
	memmove(l->text.data, l->text.data + l->at, l->text.len - l->at);
	l->text.len -= l->at;
	l->at = 0;
}

ssize_t
lines_read(struct lines *l, int fd)
{
	ssize_t n;
	char *room;

	close_up(l);
	room = str_reserve(&l->text, READ_BYTES);
	do
		n = read(fd, room, READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->text.len += (size_t)n;
	return n;
}

void
lines_add(struct lines *l, const void *bytes, size_t n)
{
	close_up(l);
	str_add(&l->text, bytes, n);
}

/* No newline in sight: is what is there too much already? */
static int
overlong(struct lines *l)
{
	bool told = l->skipping;

	if (!told && l->text.len - l->at <= l->max)
		return 0;
	l->text.len = 0;
	l->at = 0;
	l->skipping = true;
	return told ? 0 : -EMSGSIZE;
}

int
lines_next(struct lines *l, char **line, size_t *len)
{
	for (;;) {
		size_t left = l->text.len - l->at;
		bool rest = l->skipping;
		char *from, *end;

		if (!left)
			return 0;
		from = l->text.data + l->at;
		end = memchr(from, '\n', left);
		if (!end)
			return overlong(l);
		l->at += (size_t)(end - from) + 1;
		l->skipping = false;
		if (rest)
			continue;
		if ((size_t)(end - from) > l->max)
			return -EMSGSIZE;
		*end = '\0';
		*line = from;
		*len = (size_t)(end - from);
		return 1;
	}
}

void
lines_done(struct lines *l)
{
	str_done(&l->text);
	l->at = 0;
	l->skipping = false;
}

#include "agent/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

int
channel_open(struct channel *c, int *worker_end)
{
	int fds[2];

	*c = (struct channel){ .fd = -1 };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* Only our end: a worker's write may wait, it is not told EAGAIN. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		(void)close(fds[0]);
		(void)close(fds[1]);
		return r;
	}
	c->fd = fds[0];
	*worker_end = fds[1];
	c->now.phase = PHASE_WORKING;
	return 0;
}

void
channel_close(struct channel *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	str_done(&c->partial);
}

static bool
take_text(char *to, size_t size, const struct json *value)
{
	const char *text = json_str(value, NULL);

	if (!text || strncmp(to, text, size - 1) == 0)
		return false;
	(void)snprintf(to, size, "%s", text);
	return true;
}

int
channel_line(struct channel *c, const char *line, size_t len, int64_t now_ms)
{
	autojson *o = json_parse(line, len, NULL);
	const struct json *percent = json_get(o, "progress");
	bool changed;

	if (!json_is_object(o) || (percent && !json_is_number(percent)))
		return -EBADMSG;
	changed = take_text(c->now.message, sizeof(c->now.message),
	                    json_get(o, "message"));
	changed |= take_text(c->now.stage, sizeof(c->now.stage),
	                     json_get(o, "stage"));
	if (percent) {
		int shown =
			progress_band(PHASE_WORKING, (int)json_int(percent, 0));

		changed |= shown > c->now.percent || !c->now.updated_ms;
		/* It never goes back. */
		if (shown > c->now.percent)
			c->now.percent = shown;
	}
	if (changed)
		c->now.updated_ms = now_ms;
	return changed;
}

/* Take the whole lines out of what has come. */
static int
take_lines(struct channel *c, int64_t now_ms)
{
	size_t used = 0;
	char *end;
	int changed = 0;

	while ((end = memchr(c->partial.data + used, '\n',
	                     c->partial.len - used))) {
		size_t len = (size_t)(end - c->partial.data) - used;
		int r = c->skipping ? -EBADMSG :
		                      channel_line(c, c->partial.data + used,
		                                   len, now_ms);

		c->skipping = false;
		c->bad += r < 0;
		changed |= r > 0;
		used += len + 1;
	}
	memmove(c->partial.data, c->partial.data + used, c->partial.len - used);
	c->partial.len -= used;
	if (c->partial.len > CHANNEL_LINE_MAX) {
		c->skipping = true;
		c->partial.len = 0;
	}
	return changed;
}

int
channel_read(struct channel *c, int64_t now_ms)
{
	int changed = 0;

	/* Bounded: a worker that never stops talking gets its turn again. */
	for (int turns = 0; turns < 16; turns++) {
		char *room = str_reserve(&c->partial, CHANNEL_LINE_MAX);
		ssize_t n = read(c->fd, room, CHANNEL_LINE_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? changed : -errno;
		if (n == 0)
			return changed ? changed : -ENODATA;
		c->partial.len += (size_t)n;
		changed |= take_lines(c, now_ms);
	}
	return changed;
}

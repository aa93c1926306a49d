#include "agent/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

#define PAUSE_MAX_MS (365 * 86400000LL)

int
channel_open(struct channel *c, int *worker_end)
{
	int fds[2];

	*c = (struct channel){ .fd = -1, .lines.max = CHANNEL_LINE_MAX };
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
	lines_done(&c->lines);
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

/* A duration, or seconds: of its own making, so beyond all limits, too. */
static int
take_rate_limit(struct channel_told *told, const struct json *value)
{
	double seconds = json_num(value, 0);
	int64_t ms = 0;

	if (!value)
		return 0;
	if (json_is_string(value)) {
		if (clock_parse_duration(json_str(value, ""), &ms) < 0)
			return -EBADMSG;
	} else if (json_is_number(value) && seconds >= 0) {
		ms = seconds < PAUSE_MAX_MS / 1000.0 ?
		             (int64_t)(seconds * 1000) :
		             PAUSE_MAX_MS;
	} else {
		return -EBADMSG;
	}
	told->rate_limited = true;
	told->rate_limit_ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
	return 0;
}

static int
take_told(struct channel_told *told, const struct json *o)
{
	const struct json *session = json_get(o, "session");

	if (session && strcmp(json_str(session, ""), "poisoned") != 0)
		return -EBADMSG;
	told->session_poisoned |= session != NULL;
	return take_rate_limit(told, json_get(o, "rate_limit"));
}

int
channel_line(struct channel *c, const char *line, size_t len, int64_t now_ms)
{
	autojson *o = json_parse(line, len, NULL);

	return channel_object(c, o, now_ms);
}

int
channel_object(struct channel *c, const struct json *o, int64_t now_ms)
{
	const struct json *percent = json_get(o, "progress");
	bool changed;

	if (!json_is_object(o) || (percent && !json_is_number(percent)) ||
	    take_told(&c->told, o) < 0)
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
	char *line;
	size_t len;
	int r, changed = 0;

	while ((r = lines_next(&c->lines, &line, &len))) {
		if (r > 0)
			r = channel_line(c, line, len, now_ms);
		c->bad += r < 0;
		changed |= r > 0;
	}
	return changed;
}

int
channel_read(struct channel *c, int64_t now_ms)
{
	int changed = 0;

	/* Bounded: a worker that never stops talking gets its turn again. */
	for (int turns = 0; turns < 16; turns++) {
		ssize_t n = lines_read(&c->lines, c->fd);

		if (n < 0)
			return n == -EAGAIN ? changed : (int)n;
		if (n == 0)
			return changed ? changed : -ENODATA;
		changed |= take_lines(c, now_ms);
	}
	return changed;
}

#include "spool/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"

#define TAIL_BYTES     (64 * 1024)
#define LINE_MAX_BYTES (1024 * 1024)

struct tail {
	uint64_t next, last_seq;
	bool admitted; /* an "admit" line: the newest has the highest seq */
};

static int
note_line(void *arg, const struct json *line, int64_t offset)
{
	struct tail *t = arg;
	uint64_t n = (uint64_t)json_int(json_get(line, "n"), 0);
	uint64_t seq = (uint64_t)json_int(json_get(line, "seq"), 0);

	(void)offset;
	if (n + 1 > t->next)
		t->next = n + 1;
	if (seq > t->last_seq)
		t->last_seq = seq;
	if (strcmp(json_str(json_get(line, "ev"), ""), "admit") == 0)
		t->admitted = true;
	return 0;
}

/* End a line that a crash has torn, so that the next one stands alone. */
static int
mend_end(int fd, int rfd, int64_t size)
{
	char last = '\n';

	if (size > 0 && pread(rfd, &last, 1, size - 1) != 1)
		return -EIO;
	return last == '\n' ? 0 : sys_write_all(fd, "\n", 1);
}

int
journal_open(struct desk *d, struct journal *j, struct err *err)
{
	autoclose int fd = sys_append(d->fd, DESK_JOURNAL, 0644);
	autoclose int rfd = sys_open(d->fd, DESK_JOURNAL, O_RDONLY);
	struct tail t = { 1, 0, false };
	int64_t size, from;
	int r;

	if (fd < 0 || rfd < 0)
		return err_sys(err, fd < 0 ? fd : rfd,
		               "cannot open '%s/agents/%s/%s'", d->spool->root,
		               d->name, DESK_JOURNAL);
	size = journal_size(d);
	r = mend_end(fd, rfd, size);
	for (from = size; r == 0 && from > 0 && !t.admitted;) {
		/* An old task may be all that the tail tells of. */
		from = from > TAIL_BYTES ? from - TAIL_BYTES : 0;
		r = journal_read(d, from, note_line, &t);
	}
	if (r < 0)
		return err_sys(err, r, "cannot read '%s/agents/%s/%s'",
		               d->spool->root, d->name, DESK_JOURNAL);
	j->fd = take_fd(fd);
	j->next = t.next;
	j->last_seq = t.last_seq;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
}

static void
set_text(struct json *o, const char *key, const char *value)
{
	if (value)
		json_set_str(o, key, value);
}

/*
 * A full disk has torn a line: remove the part that was written, or, where
 * that cannot be done, end it, so that it is skipped.
 */
static void
take_back(int fd, int written)
{
	off_t end = lseek(fd, 0, SEEK_CUR);

	if (end < written || sys_truncate(fd, end - written) < 0)
		(void)sys_write_line(fd, "\n", 1);
}

int
journal_write(struct journal *j, int64_t now_ms,
              const struct journal_line *line)
{
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	int r;

	json_set_int(o, "n", (int64_t)j->next);
	json_set_int(o, "t", now_ms);
	set_text(o, "ev", line->ev);
	set_text(o, "id", line->id);
	if (line->entry) {
		if (!line->id)
			json_set_str(o, "id", line->entry->id);
		json_set_int(o, "seq", (int64_t)line->entry->seq);
		json_set_int(o, "attempt", line->entry->attempts);
		json_set_str(o, "class", entry_class_name(line->entry->cls));
	}
	set_text(o, "from", line->from);
	set_text(o, "to", line->to);
	set_text(o, "reason", line->reason);
	set_text(o, "why", line->why);
	set_text(o, "trace", line->trace);
	if (line->until_ms)
		json_set_int(o, "until", line->until_ms);
	if (line->uid >= 0)
		json_set_int(o, "uid", line->uid);
	json_print(o, &text);
	str_addc(&text, '\n');
	r = sys_write_line(j->fd, text.data, text.len);
	if (r >= 0 && (size_t)r < text.len) {
		take_back(j->fd, r);
		return -ENOSPC;
	}
	if (r < 0)
		return r;
	j->next++;
	return 0;
}

/* Call `fn` with the JSON of one line, if it is one. */
static int
read_line(const char *text, size_t len, int64_t offset, journal_fn *fn,
          void *arg)
{
	autojson *line = json_parse(text, len, NULL);

	return json_is_object(line) ? fn(arg, line, offset) : 0;
}

int
journal_read(const struct desk *d, int64_t from, journal_fn *fn, void *arg)
{
	autoclose int fd = sys_open_beneath(d->fd, DESK_JOURNAL, O_RDONLY);
	autostr buf = STR_INIT;
	/* The byte before tells whether a line begins at `from`. */
	int64_t at = from > 0 ? from - 1 : 0; /* of buf.data[0] in the file */
	bool skip = from > 0; /* until the first line's beginning */

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (;;) {
		char *end, *room = str_reserve(&buf, TAIL_BYTES);
		ssize_t n = pread(fd, room, TAIL_BYTES, at + (int64_t)buf.len);
		size_t used = 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0; /* what is left is no whole line (yet) */
		buf.len += n < 0 ? 0 : (size_t)n;
		while ((end = memchr(buf.data + used, '\n', buf.len - used))) {
			size_t len = (size_t)(end - buf.data) - used;
			int r = skip ? 0 :
			               read_line(buf.data + used, len,
			                         at + (int64_t)used, fn, arg);

			skip = false;
			used += len + 1;
			if (r)
				return r;
		}
		if (used == 0 && buf.len > LINE_MAX_BYTES) {
			skip = true; /* no line of ours is that long */
			used = buf.len;
		}
		memmove(buf.data, buf.data + used, buf.len - used);
		buf.len -= used;
		at += (int64_t)used;
	}
}

int64_t
journal_size(const struct desk *d)
{
	struct stat st;
	int r = sys_stat(d->fd, DESK_JOURNAL, &st);

	return r < 0 ? 0 : st.st_size;
}

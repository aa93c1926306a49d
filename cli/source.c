#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/taskdir.h"

#define CHUNK 65536

/* A file without a name: it goes with its descriptor. */
static int
open_unnamed(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	autofree char *path = NULL;
	int fd;

	if (!dir || !dir[0])
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	path = mem_printf("%s/spoolhand-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, -errno, "cannot make a file in '%s'", dir);
	(void)unlink(path);
	return fd;
}

static int
keep_bytes(int fd, const void *bytes, size_t len, struct err *err)
{
	int r = sys_write_all(fd, bytes, len);

	if (r < 0)
		return err_sys(err, r, "cannot write a temporary file");
	return 0;
}

static int
keep_stream(int in, int out, const char *name, int64_t max, struct err *err)
{
	autofree char *buf = mem_new(1, CHUNK);
	int64_t total = 0;

	for (;;) {
		ssize_t n = read(in, buf, CHUNK);
		int r;

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EISDIR)
			return err_set(err, -EBADMSG,
			               "%s is a directory; name a FILE", name);
		if (n < 0) {
			r = err_sys(err, -errno, "cannot read %s", name);
			/* Closed by who started us: no bug of ours. */
			return r == -EBADF ? -EIO : r;
		}
		total += n;
		if (max && total > max)
			return err_set(err, -EFBIG,
			               "%s has more than max_task_bytes (%lld)",
			               name, (long long)max);
		r = keep_bytes(out, buf, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

static int
open_stream(struct source *s, int in, const char *name, int64_t max,
            struct err *err)
{
	autoclose int out = open_unnamed(err);
	int r;

	if (out < 0)
		return out;
	r = keep_stream(in, out, name, max, err);
	if (r < 0)
		return r;
	s->fd = take_fd(out);
	return 0;
}

/* A file that is not there is bad data; "not found" is said of tasks. */
static int
cannot_open(int code, const char *shown, struct err *err)
{
	(void)err_sys(err, -code, "cannot open '%s'", shown);
	return code == ENOENT ? -EBADMSG : -code;
}

int
source_open(struct source *s, const char *path, int64_t max, struct err *err)
{
	autofree char *shown = name_show(path);
	autoclose int fd = -1;
	struct stat st;

	*s = (struct source){ .fd = -1 };
	if (strcmp(path, "-") == 0)
		return open_stream(s, STDIN_FILENO, "standard input", max, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot_open(errno, shown, err);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return open_stream(s, fd, shown, max, err);
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "'%s' is a directory", shown);
	if (max && st.st_size > max)
		return err_set(err, -EFBIG,
		               "'%s' has more than max_task_bytes (%lld)",
		               shown, (long long)max);
	s->path = path;
	return 0;
}

/* A text in memory, at its first byte. */
static int
open_text(const char *text, struct err *err)
{
	autoclose int fd = memfd_create("task", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, -errno, "cannot keep a text");
	r = keep_bytes(fd, text, strlen(text), err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_sys(err, -errno, "cannot keep a text");
	return r < 0 ? r : take_fd(fd);
}

int
source_open_text(struct source *s, const char *text, struct err *err)
{
	int fd = open_text(text, err);

	*s = (struct source){ .fd = -1 };
	if (fd < 0)
		return fd;
	s->fd = fd;
	return 0;
}

void
source_close(struct source *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

const char *
source_name(const struct source *s)
{
	return s->path ? s->path : "standard input";
}

char *
source_stem(const struct source *s)
{
	const char *slash = s->path ? strrchr(s->path, '/') : NULL;
	autofree char *stem = NULL;

	if (!s->path)
		return mem_dup("task");
	stem = name_stem(slash ? slash + 1 : s->path);
	return name_safe(stem);
}

int
source_read(const struct source *s, struct task *t, struct err *err)
{
	int fd;

	if (!s->path) {
		fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return err_sys(err, -errno, "cannot read the task");
		return task_read_fd(fd, TASKDIR_PLAIN, "standard input", t,
		                    err);
	}
	fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", s->path);
	return task_read_fd(fd, taskdir_form_of(s->path), s->path, t, err);
}

int
source_read_at(int dfd, const char *name, struct task *t, struct err *err)
{
	autoclose int fd = -1;
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return task_open(dfd, name, t, err);
	fd = sys_open_beneath(dfd, name, O_RDONLY);
	if (fd < 0)
		return fd;
	return task_read_fd(take_fd(fd), taskdir_form_of(name), name, t, err);
}

int
source_body(const struct task *t, struct err *err)
{
	autoclose int fd = -1;

	if (t->json_body)
		return open_text(t->json_body, err);
	fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || lseek(fd, (off_t)t->body_at, SEEK_SET) < 0)
		return err_sys(err, -errno, "cannot read the body");
	return take_fd(fd);
}

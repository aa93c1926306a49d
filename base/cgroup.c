#include "base/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#define PROCS     "cgroup.procs"
#define KILL      "cgroup.kill"
#define EVENTS    "cgroup.events"
#define TEXT_MAX  (1 << 20)
#define DEPTH_MAX 64

struct cgroup {
	char *name;
	int parent, self; /* directories */
};

/* --- where it is ----------------------------------------------------------- */

/* A field of mountinfo, in which blanks and '\' are written in octal. */
static char *
unescape(const char *text, size_t len)
{
	autostr out = STR_INIT;

	for (size_t i = 0; i < len; i++) {
		char digits[4] = { 0 };

		if (text[i] == '\\' && len - i > 3) {
			(void)memcpy(digits, text + i + 1, 3);
			str_addc(&out, (char)strtol(digits, NULL, 8));
			i += 3;
		} else {
			str_addc(&out, text[i]);
		}
	}
	return out.len ? str_take(&out) : mem_dup("");
}

/* The nth field, from 0, of a line; "" if it has not so many. */
static char *
field(const char *line, size_t len, int n)
{
	const char *end = line + len;

	for (; n > 0 && line < end; n--) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));

		line = blank ? blank + 1 : end;
	}
	len = (size_t)(end - line);
	if (len) {
		const char *blank = memchr(line, ' ', len);

		len = blank ? (size_t)(blank - line) : len;
	}
	return unescape(line, len);
}

/* What is left of `path` below `root`; NULL if it is not below it. */
static const char *
below(const char *root, const char *path)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(root, path, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return strcmp(path + n, "/") == 0 ? "" : path + n;
}

/* The line that has no controllers: that of v2. */
static char *
own_path(const char *self)
{
	const char *line = str_starts(self, "0::/") ? self :
	                                              strstr(self, "\n0::/");

	if (!line)
		return NULL;
	line = strchr(line, '/');
	return mem_dupn(line, strcspn(line, "\n"));
}

/* The directory that stands for `path`, if this mount shows it. */
static char *
dir_in_mount(const char *line, size_t len, const char *path)
{
	static const char type[] = " - cgroup2 ";
	autofree char *root = NULL;
	autofree char *point = NULL;
	const char *rest;

	if (!memmem(line, len, type, strlen(type)))
		return NULL;
	root = field(line, len, 3);
	point = field(line, len, 4);
	rest = below(root, path);
	if (!rest || point[0] != '/')
		return NULL;
	return mem_printf("%s%s", point, rest);
}

int
cgroup_parse(const char *mountinfo, const char *self, char **dir)
{
	autofree char *path = own_path(self);

	if (!path)
		return -EOPNOTSUPP;
	/* Moved out of our sight, or removed. */
	if (str_starts(path, "/..") || str_ends(path, " (deleted)"))
		return -EXDEV;
	if (!strstr(mountinfo, " - cgroup2 "))
		return -EOPNOTSUPP;
	while (*mountinfo) {
		size_t len = strcspn(mountinfo, "\n");
		char *found = dir_in_mount(mountinfo, len, path);

		if (found) {
			*dir = found;
			return 0;
		}
		mountinfo += len + (mountinfo[len] == '\n');
	}
	return -EXDEV;
}

static int
read_proc(const char *path, struct str *out)
{
	autoclose int fd = sys_open(AT_FDCWD, path, O_RDONLY);

	return fd < 0 ? fd : sys_read_all(fd, TEXT_MAX, out);
}

static int
find_own(char **dir)
{
	autostr mounts = STR_INIT;
	autostr self = STR_INIT;
	int r = read_proc("/proc/self/mountinfo", &mounts);

	if (r == 0)
		r = read_proc("/proc/self/cgroup", &self);
	return r < 0 ? r :
	               cgroup_parse(str_text(&mounts), str_text(&self), dir);
}

/* --- its files ------------------------------------------------------------- */

static int
put(int dfd, const char *name, const char *text)
{
	autoclose int fd = sys_open(dfd, name, O_WRONLY);
	int r = fd < 0 ? fd : sys_write_line(fd, text, strlen(text));

	return r < 0 ? r : 0;
}

/* Into this one; moving where we are already does nothing. */
static int
go_to(int dfd)
{
	return put(dfd, PROCS, "0");
}

static int
open_dir(int dfd, const char *path)
{
	autoclose int fd = sys_opendir(dfd, path);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? take_fd(fd) : -ENOTDIR;
}

/* 1: something alive is in it or below it. */
static int
is_populated(int events)
{
	autostr text = STR_INIT;
	int r = lseek(events, 0, SEEK_SET) < 0 ?
	                -errno :
	                sys_read_all(events, TEXT_MAX, &text);

	if (r < 0)
		return r == -ENODEV ? 0 : r; /* removed meanwhile */
	return strstr(str_text(&text), "populated 1") != NULL;
}

/* It tells by POLLPRI that its populated has changed. */
static int
wait_empty(int dfd, int64_t deadline_ns)
{
	autoclose int events = sys_open(dfd, EVENTS, O_RDONLY);
	int r = events;

	while (r >= 0 && (r = is_populated(events)) > 0) {
		struct pollfd pfd = { .fd = events, .events = POLLPRI };
		int64_t left = deadline_ns - clock_boot_ns();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)(left / CLOCK_NS_PER_MS) + 1) < 0 &&
		    errno != EINTR)
			return -errno;
	}
	return r;
}

/* Cgroups that were made within it go first; their files go with them. */
static int
remove_below(int dfd, const char *name, int depth)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_rmdir(dfd, name);

	if (r == 0 || r == -ENOENT || depth == 0)
		return r == -ENOENT ? 0 : r;
	if (sys_listdir(dfd, name, &dir) < 0)
		return r;
	while (sys_next(dir, &de) > 0)
		if (de->d_type == DT_DIR)
			(void)remove_below(dirfd(dir), de->d_name, depth - 1);
	return sys_rmdir(dfd, name);
}

static int
end_all(int self, int64_t deadline_ns)
{
	int r = put(self, KILL, "1");

	return r < 0 ? r : wait_empty(self, deadline_ns);
}

/* --- ours ------------------------------------------------------------------ */

static void
cgroup_free(struct cgroup *c)
{
	if (!c)
		return;
	if (c->self >= 0)
		(void)close(c->self);
	if (c->parent >= 0)
		(void)close(c->parent);
	free(c->name);
	free(c);
}

static void
cgroup_freep(struct cgroup **c)
{
	cgroup_free(*c);
}

int
cgroup_outside(const char *name, char **dir, struct err *err)
{
	autofree char *own = NULL;
	autofree char *part = mem_printf("/%s/", name);
	autofree char *whole = NULL;
	autoclose int fd = -1;
	char *inside;
	int r = find_own(&own);

	if (r == -EOPNOTSUPP)
		return err_set(err, r, "this machine has no cgroup v2");
	if (r < 0)
		return err_set(err, r, "its cgroup is not to be seen here");
	whole = mem_printf("%s/", own);
	inside = strstr(whole, part);
	if (inside) {
		*inside = '\0';
		fd = open_dir(AT_FDCWD, whole);
		r = fd < 0 ? fd : go_to(fd);
		if (r < 0)
			return err_sys(err, r, "cannot go to the cgroup '%s'",
			               whole);
		own[inside - whole] = '\0';
	}
	*dir = take_ptr(own);
	return 0;
}

/* One that a dead process left empty is as good as none. */
static int
make(struct cgroup *c)
{
	autoclose int old = -1;
	autoclose int events = -1;
	int r = sys_mkdir(c->parent, c->name, 0755);

	if (r != -EEXIST)
		return r;
	old = open_dir(c->parent, c->name);
	events = old < 0 ? old : sys_open(old, EVENTS, O_RDONLY);
	r = events < 0 ? events : is_populated(events);
	if (r != 0)
		return r < 0 ? r : -EBUSY;
	r = remove_below(c->parent, c->name, DEPTH_MAX);
	return r < 0 ? r : sys_mkdir(c->parent, c->name, 0755);
}

/* In, out and in again: what a kill will take can be done. */
static int
go_in(struct cgroup *c)
{
	int r = 0;

	c->self = open_dir(c->parent, c->name);
	if (c->self < 0)
		return c->self;
	if (sys_exists(c->self, KILL) != 1)
		return -EOPNOTSUPP;
	r = go_to(c->self);
	if (r == 0)
		r = go_to(c->parent);
	return r == 0 ? go_to(c->self) : r;
}

int
cgroup_enter(const char *dir, const char *name, struct cgroup **out,
             struct err *err)
{
	scoped(cgroup_freep) struct cgroup *c = mem_new(1, sizeof(*c));
	int r;

	c->self = -1;
	c->name = mem_dup(name);
	c->parent = open_dir(AT_FDCWD, dir);
	if (c->parent < 0)
		return err_sys(err, c->parent, "cannot open the cgroup '%s'",
		               dir);
	r = make(c);
	if (r == -EBUSY)
		return err_set(err, r,
		               "there are processes in the cgroup '%s/%s' that "
		               "nobody knows of",
		               dir, name);
	if (r < 0)
		return err_sys(err, r, "cannot make a cgroup in '%s'", dir);
	r = go_in(c);
	if (r < 0) {
		(void)go_to(c->parent);
		(void)sys_rmdir(c->parent, c->name);
	}
	if (r == -EOPNOTSUPP)
		return err_set(err, r, "this kernel has no " KILL);
	if (r < 0)
		return err_sys(err, r, "cannot go into the cgroup '%s/%s'", dir,
		               name);
	*out = take_ptr(c);
	return 0;
}

int
cgroup_kill(struct cgroup *c)
{
	int r = go_to(c->parent);
	int back;

	if (r < 0)
		return r; /* we are in it: it would be the end of us */
	/* None of them can fork any more when the write is over. */
	r = put(c->self, KILL, "1");
	back = go_to(c->self);
	return r < 0 ? r : back;
}

int
cgroup_leave(struct cgroup *c, int64_t deadline_ns)
{
	int r = go_to(c->parent);

	if (r == 0)
		r = end_all(c->self, deadline_ns);
	if (r == 0)
		r = remove_below(c->parent, c->name, DEPTH_MAX);
	cgroup_free(c);
	return r;
}

static pid_t
first_of(int dfd)
{
	autostr text = STR_INIT;

	(void)sys_read_file(dfd, PROCS, TEXT_MAX, &text);
	return (pid_t)strtol(str_text(&text), NULL, 10);
}

int
cgroup_bury(const char *path, int64_t deadline_ns, pid_t *left)
{
	autoclose int fd = open_dir(AT_FDCWD, path);
	int r = fd < 0 ? fd : end_all(fd, deadline_ns);

	if (r == -ENOENT)
		return 0;
	if (r == -ETIMEDOUT)
		*left = first_of(fd);
	if (r < 0)
		return r;
	return remove_below(AT_FDCWD, path, DEPTH_MAX);
}

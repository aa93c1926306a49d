#include "spool/treecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/taskdir.h"

struct target {
	int fd;
	const char *name;
	int64_t left; /* bytes that may still be copied; < 0: link */
	bool others;  /* somebody else's: it must not change meanwhile */
	struct err *err;
};

/*
 * With a read lease nobody has it open for writing, nor can open it so before
 * `fd` is closed.  Where there is none to be had, times must tell.
 */
static bool
begin_still(int fd, struct stat *st)
{
	(void)fcntl(fd, F_SETSIG, SIGURG);
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN)
		return false;
	return fstat(fd, st) == 0;
}

static bool
was_still(int fd, const struct stat *before)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == before->st_size &&
	       st.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
	       st.st_ctim.tv_sec == before->st_ctim.tv_sec &&
	       st.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

static int
copy_one(struct target *t, int fromfd, const char *from, const char *to)
{
	autoclose int in = sys_open_beneath(fromfd, from, O_RDONLY);
	autoclose int out = -1;
	struct stat before;
	int64_t n;

	if (in < 0)
		return in;
	if (t->others && !begin_still(in, &before))
		return -EAGAIN;
	out = sys_create(t->fd, to, 0644);
	if (out < 0)
		return out;
	n = sys_copy(in, 0, out, t->left);
	if (n < 0)
		return (int)n;
	if (t->others && !was_still(in, &before))
		return -EAGAIN;
	t->left -= n;
	return 0;
}

static int
link_one(struct target *t, int fromfd, const char *from, const char *to)
{
	struct target copying = { t->fd, t->name, INT64_MAX, false, t->err };
	int r = sys_link(fromfd, from, t->fd, to);

	if (r == -EEXIST)
		return 0;
	/* No links here, or too many of this file already. */
	if (r == -EPERM || r == -EMLINK || r == -EOPNOTSUPP)
		return copy_one(&copying, fromfd, from, to);
	return r;
}

static int
take_one(void *arg, int parent, const char *name, const char *path,
         int directory)
{
	struct target *t = arg;
	autofree char *to = mem_printf("%s/%s", t->name, path);
	int r;

	if (directory)
		r = sys_mkdir(t->fd, to, 0755);
	else if (t->left < 0)
		r = link_one(t, parent, name, to);
	else
		r = copy_one(t, parent, name, to);
	if (r == -EEXIST && directory)
		return 0;
	if (r == -EFBIG)
		return err_set(t->err, r, "it is larger than max_task_bytes");
	if (r == -EAGAIN)
		return err_set(t->err, r,
		               "somebody writes to '%s', or holds a lease on "
		               "it; drop it again",
		               path);
	return r < 0 ? err_sys(t->err, r, "cannot copy '%s'", path) : 0;
}

static int
take_all(int fromfd, const char *from, struct target *t)
{
	struct stat st;
	int r = sys_stat(fromfd, from, &st);

	if (r < 0)
		return err_sys(t->err, r, "cannot look at '%s'", from);
	if (S_ISDIR(st.st_mode)) {
		r = sys_mkdir(t->fd, t->name, 0755);
		if (r < 0 && r != -EEXIST)
			return err_sys(t->err, r, "cannot make '%s'", t->name);
		return taskdir_walk(fromfd, from, take_one, t, t->err);
	}
	r = t->left < 0 ? link_one(t, fromfd, from, t->name) :
	                  copy_one(t, fromfd, from, t->name);
	return r < 0 ? err_sys(t->err, r, "cannot copy '%s'", from) : 0;
}

int
treecopy_link(int fromfd, const char *from, int tofd, const char *to,
              struct err *err)
{
	struct target t = { tofd, to, -1, false, err };

	return take_all(fromfd, from, &t);
}

int
treecopy_copy(int fromfd, const char *from, int tofd, const char *to,
              int64_t max, struct err *err)
{
	struct target t = { tofd, to, max, true, err };

	return take_all(fromfd, from, &t);
}

static int
sync_one(void *arg, int parent, const char *name, const char *path,
         int directory)
{
	const char *but = arg;
	autoclose int fd = -1;

	if (but && strcmp(path, but) == 0 && !directory)
		return 0;
	fd = sys_open_beneath(parent, name,
	                      O_RDONLY | (directory ? O_DIRECTORY : 0));
	if (fd < 0)
		return fd;
	/* It has but its name, which the sync of its directory writes. */
	return sys_untouched(fd) == 1 ? 0 : sys_fsync(fd);
}

static int
sync_top(int dfd, const char *name)
{
	autoclose int fd = sys_open_beneath(dfd, name, O_RDONLY);

	return fd < 0 ? fd : sys_fsync(fd);
}

int
treecopy_sync(int dfd, const char *name, const char *but)
{
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (r == 0 && S_ISDIR(st.st_mode))
		r = taskdir_walk(dfd, name, sync_one, (void *)(uintptr_t)but,
		                 NULL);
	return r < 0 ? r : sync_top(dfd, name);
}

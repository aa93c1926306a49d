/*
 * What of sys.h takes several changes: a whole file, a whole tree.
 */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"

static int
write_private(int dfd, const char *name, const void *buf, size_t len,
              bool durable)
{
	autoclose int fd = sys_create(dfd, name, 0644);
	int r;

	if (fd < 0)
		return fd;
	r = sys_write_all(fd, buf, len);
	if (r == 0 && durable)
		r = sys_fsync(fd);
	return r;
}

int
sys_write_file(int dfd, const char *name, const void *buf, size_t len,
               bool replace, bool durable)
{
	autofree char *tmp = mem_printf(".%s.%d.tmp", name, (int)getpid());
	int r = write_private(dfd, tmp, buf, len, durable);

	if (r == -EEXIST) {
		/* Left by a process that died and had our pid. */
		r = sys_unlink(dfd, tmp);
		if (r == 0)
			r = write_private(dfd, tmp, buf, len, durable);
	}
	if (r == 0)
		r = replace ? sys_replace(dfd, tmp, name) :
		              sys_rename(dfd, tmp, dfd, name);
	if (r < 0) {
		(void)sys_unlink(dfd, tmp);
		return r;
	}
	return durable ? sys_fsync(dfd) : 0;
}

/* Deeper ones are moved up: each level costs a descriptor. */
#define REMOVE_LEVELS 32

static int remove_below(int dfd, const char *name, int topfd, int level);

/* Bring dfd/name up to the top of the tree, under a name of its own. */
static int
lift(int dfd, const char *name, int topfd)
{
	for (unsigned n = 0; n < 10000; n++) {
		autofree char *up = mem_printf(".deep-%u", n);
		int r;

		(void)fchmodat(dfd, name, 0700, 0);
		r = sys_rename(dfd, name, topfd, up);
		if (r != -EEXIST)
			return r;
	}
	return -EEXIST;
}

static int
remove_content(int dfd, const char *name, int topfd, int level)
{
	autodir DIR *dir = NULL;
	struct dirent *de = NULL;
	int r = sys_listdir(dfd, name, &dir);

	if (r < 0)
		return r;
	while ((r = sys_next(dir, &de)) > 0) {
		assert(de);
		r = remove_below(dirfd(dir), de->d_name,
		                 topfd < 0 ? dirfd(dir) : topfd, level + 1);
		if (r < 0)
			return r;
	}
	return r;
}

static int
remove_below(int dfd, const char *name, int topfd, int level)
{
	int r = sys_unlink(dfd, name);

	if (r != -EISDIR && r != -EPERM)
		return r == -ENOENT ? 0 : r;
	if (level > REMOVE_LEVELS)
		return lift(dfd, name, topfd);
	r = remove_content(dfd, name, topfd, level);
	if (r == -EACCES) {
		/* A worker may leave directories without rights behind. */
		(void)fchmodat(dfd, name, 0700, 0);
		r = remove_content(dfd, name, topfd, level);
	}
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = sys_rmdir(dfd, name);
	return r == -ENOENT ? 0 : r;
}

int
sys_remove_tree(int dfd, const char *name)
{
	int r = -ENOTEMPTY;

	/* Not empty: something was lifted that this look did not meet. */
	for (int i = 0; i < 1000 && r == -ENOTEMPTY; i++)
		r = remove_below(dfd, name, -1, 0);
	return r;
}

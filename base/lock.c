#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"

static const struct flock whole_file = {
	.l_type = F_WRLCK,
	.l_whence = SEEK_SET,
};

int
lock_take(int dfd, const char *name)
{
	autoclose int fd = -1;
	struct flock fl = whole_file;

	fd = sys_open(dfd, name, O_RDWR);
	if (fd == -ENOENT)
		fd = sys_create(dfd, name, 0600);
	if (fd == -EEXIST) /* somebody made it in between */
		fd = sys_open(dfd, name, O_RDWR);
	if (fd < 0)
		return fd;
	if (fcntl(fd, F_OFD_SETLK, &fl) < 0)
		return errno == EACCES ? -EAGAIN : -errno;
	return take_fd(fd);
}

int
lock_held(int dfd, const char *name)
{
	autoclose int fd = sys_open(dfd, name, O_RDONLY);
	struct flock fl = whole_file;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	/* Asked as a reader: a write lock is in a reader's way, too. */
	fl.l_type = F_RDLCK;
	if (fcntl(fd, F_OFD_GETLK, &fl) < 0)
		return -errno;
	return fl.l_type != F_UNLCK;
}

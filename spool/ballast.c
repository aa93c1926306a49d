#include "spool/ballast.h"

#include <errno.h>
#include <fcntl.h>

#include "base/sys.h"

#define BALLAST_FILE ".ballast"

int
ballast_keep(struct desk *d)
{
	autoclose int fd = -1;
	int r = sys_exists(d->fd, BALLAST_FILE);

	if (r != 0)
		return r < 0 ? r : 0;
	fd = sys_create(d->fd, BALLAST_FILE, 0600);
	if (fd < 0)
		return fd == -EEXIST ? 0 : fd;
	r = sys_allocate(fd, BALLAST_BYTES);
	if (r == 0 || r == -EOPNOTSUPP)
		return 0;
	(void)sys_unlink(d->fd, BALLAST_FILE);
	return r;
}

int
ballast_release(struct desk *d)
{
	int r = sys_unlink(d->fd, BALLAST_FILE);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

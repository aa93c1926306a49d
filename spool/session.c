#include "spool/session.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"

#define MODE         0700 /* what is kept for a person or service may be secret */
#define SESSIONS_MAX 1000000

/* session -> sessions/N, the first number that is free; N, or -ENOENT. */
static int
put_aside(struct desk *d)
{
	autoclose int kept = -1;
	int r = sys_mkdir(d->fd, SESSIONS_DIR, MODE);

	if (r < 0 && r != -EEXIST)
		return r;
	kept = sys_opendir(d->fd, SESSIONS_DIR);
	if (kept < 0)
		return kept;
	for (int n = 1; n < SESSIONS_MAX; n++) {
		autofree char *name = mem_printf("%d", n);

		r = sys_rename(d->fd, SESSION_DIR, kept, name);
		if (r != -EEXIST)
			return r < 0 ? r : n;
	}
	return -EEXIST;
}

int
session_make(struct desk *d)
{
	autoclose int fd = -1;
	int r = sys_mkdir(d->fd, SESSION_DIR, MODE);

	if (r != -EEXIST)
		return r;
	fd = sys_opendir(d->fd, SESSION_DIR);
	if (fd != -ENOTDIR && fd != -ELOOP)
		return fd < 0 ? fd : 0;
	return session_renew(d, NULL);
}

int
session_renew(struct desk *d, int *n)
{
	int aside = put_aside(d);

	if (aside < 0 && aside != -ENOENT)
		return aside;
	if (n)
		*n = aside < 0 ? 0 : aside;
	return sys_mkdir(d->fd, SESSION_DIR, MODE);
}

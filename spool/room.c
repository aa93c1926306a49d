#include "spool/room.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "spool/journal.h"

#define OPEN_TRIES 100
#define COUNTS_MAX 20

/* Who may write to inbox/ may lock, by the class that lets him write there. */
static mode_t
wanted_mode(const struct stat *inbox)
{
	mode_t mode = 0600;

	if (inbox->st_mode & S_IWGRP)
		mode |= 0060;
	if (inbox->st_mode & S_IWOTH)
		mode |= 0066;
	return mode;
}

/*
 * Best effort: its owner keeps it as the inbox is by now; where the group
 * cannot be given, those of that group are told when they cannot open it.
 */
static void
share(int fd, const struct stat *inbox)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return;
	if (st.st_gid != inbox->st_gid)
		(void)sys_chown(fd, (uid_t)-1, inbox->st_gid);
	if ((st.st_mode & 0777) != wanted_mode(inbox))
		(void)sys_chmod(fd, wanted_mode(inbox));
}

/* Under a private name first: it is never seen with other rights. */
static int
make_lock(int dir, const struct stat *inbox)
{
	autofree char *private = mem_printf(ROOM_LOCK ".%d.tmp", (int)getpid());
	autoclose int fd = sys_create(dir, private, 0600);
	int r;

	if (fd < 0)
		return fd;
	share(fd, inbox);
	r = sys_rename(dir, private, dir, ROOM_LOCK);
	if (r < 0)
		(void)sys_unlink(dir, private);
	return r < 0 ? r : take_fd(fd);
}

static int
open_lock(int dir, const struct stat *inbox)
{
	int fd = -ENOENT;

	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = sys_open(dir, ROOM_LOCK, O_RDWR | O_NONBLOCK);
		if (fd == -ENOENT)
			fd = make_lock(dir, inbox);
		if (fd != -EEXIST && fd != -ENOENT)
			break;
	}
	return fd;
}

/* Is this still the file of that name? */
static bool
is_current(int dir, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && sys_stat(dir, ROOM_LOCK, &named) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static int
complain(const struct desk *d, int code, int64_t timeout_ms, struct err *err)
{
	if (code == -EAGAIN)
		return err_set(err, code,
		               "somebody has kept the inbox of '%s' locked "
		               "for %lld s; submit again, or see who it is: "
		               "fuser -v %s/agents/%s/inbox/" ROOM_LOCK,
		               d->name, (long long)(timeout_ms / 1000),
		               d->spool->root, d->name);
	if (code == -EBADMSG)
		return err_set(err, code,
		               "'%s/agents/%s/inbox/" ROOM_LOCK
		               "' is no plain file; remove it",
		               d->spool->root, d->name);
	return err_sys(err, code,
	               "cannot lock '%s/agents/%s/inbox/" ROOM_LOCK
	               "'; whoever may write to inbox/ must be able to "
	               "write to it, too",
	               d->spool->root, d->name);
}

int
room_lock(struct desk *d, int64_t timeout_ms, struct err *err)
{
	int dir = d->at[PLACE_INBOX];
	struct stat inbox, st;
	int r = fstat(dir, &inbox) < 0 ? -errno : 0;

	for (int i = 0; r == 0 && i < OPEN_TRIES; i++) {
		autoclose int fd = open_lock(dir, &inbox);

		if (fd < 0) {
			r = fd == -ELOOP || fd == -EISDIR ? -EBADMSG : fd;
			break;
		}
		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
			r = -EBADMSG;
			break;
		}
		share(fd, &inbox);
		r = lock_wait(fd, timeout_ms);
		if (r == 0 && is_current(dir, fd))
			return take_fd(fd);
	}
	return complain(d, r ? r : -EAGAIN, timeout_ms, err);
}

/* A drop on its way through admit/ is in a folder of a private name once. */
static bool
counts(enum place p, const char *name)
{
	if (p == PLACE_INBOX)
		return !name_is_private(name);
	if (p == PLACE_ADMIT && name[0] == '.')
		return inbox_dropped_name(name + 1) != NULL;
	return name[0] != '.';
}

static int
count(const struct desk *d, enum place p)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = sys_listdir(d->at[p], ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		n += counts(p, de->d_name);
	return r < 0 ? r : n;
}

int64_t
room_waiting(const struct desk *d)
{
	/* In the order in which they go: none is missed, however it moves. */
	static const enum place way[] = { PLACE_INBOX, PLACE_ADMIT,
		                          PLACE_PENDING, PLACE_READY };
	int64_t sum = 0;

	for (size_t i = 0; i < countof(way); i++) {
		int n = count(d, way[i]);

		if (n < 0)
			return n;
		sum += n;
	}
	return sum;
}

int
room_for(const struct desk *d, int64_t more, int64_t max, int64_t *waiting)
{
	int64_t last = -1;

	for (int i = 0; i < COUNTS_MAX; i++) {
		int64_t before = journal_size(d);
		int64_t n = room_waiting(d);

		if (n < 0)
			return (int)n;
		*waiting = n;
		if (n + more <= max)
			return 1;
		/* Twice the same, and nothing was moved: it is the truth. */
		if (n == last && journal_size(d) == before)
			break;
		last = n;
	}
	return 0;
}

#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/sys.h"

#define TEXT_MAX      256
#define TAKE_OVER_MS  10
#define TAKE_OVER_MAX 100

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

static bool
holder_is_dead(int dfd, const char *name)
{
	autoclose int holder = -1;
	autostr text = STR_INIT;
	struct proc_id id;

	if (sys_read_file(dfd, name, TEXT_MAX, &text) < 0 ||
	    proc_parse(str_text(&text), &id) < 0)
		return false;
	holder = proc_open(&id);
	return holder == -ESRCH;
}

int
lock_take_over(int dfd, const char *name)
{
	int fd = lock_take(dfd, name);

	for (int i = 0; i < TAKE_OVER_MAX && fd == -EAGAIN; i++) {
		if (!holder_is_dead(dfd, name))
			break;
		(void)poll(NULL, 0, TAKE_OVER_MS);
		fd = lock_take(dfd, name);
	}
	return fd;
}

/* Does the kernel list a write lock on this file? */
static int
is_listed(int dfd, const char *name)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], file[64];
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (!locks)
		return -EACCES;
	(void)snprintf(file, sizeof(file), " %02x:%02x:%llu ", major(st.st_dev),
	               minor(st.st_dev), (unsigned long long)st.st_ino);
	while (r == 0 && fgets(line, sizeof(line), locks))
		if (strstr(line, "OFDLCK") && strstr(line, "WRITE") &&
		    strstr(line, file))
			r = 1;
	(void)fclose(locks);
	return r;
}

int
lock_held(int dfd, const char *name)
{
	autoclose int fd = sys_open(dfd, name, O_RDONLY | O_NONBLOCK);
	struct flock fl = whole_file;

	if (fd == -EACCES)
		return is_listed(dfd, name);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	/* Asked as a reader: a write lock is in a reader's way, too. */
	fl.l_type = F_RDLCK;
	if (fcntl(fd, F_OFD_GETLK, &fl) < 0)
		return -errno;
	return fl.l_type != F_UNLCK;
}

static void
on_alarm(int signo)
{
	(void)signo;
}

static void
set_alarm(int64_t ms)
{
	/* Again and again: the first may come before the wait has begun. */
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { 0, ms ? 100 * 1000 : 0 },
	};

	(void)setitimer(ITIMER_REAL, &it, NULL);
}

int
lock_wait(int fd, int64_t timeout_ms)
{
	int64_t deadline = clock_boot_ns() + timeout_ms * CLOCK_NS_PER_MS;
	struct sigaction act = { .sa_handler = on_alarm }, old;
	struct flock fl = whole_file;
	int r;

	if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	if (sigaction(SIGALRM, &act, &old) < 0)
		return -errno;
	set_alarm(timeout_ms > 0 ? timeout_ms : 1);
	do
		r = fcntl(fd, F_OFD_SETLKW, &fl) < 0 ? -errno : 0;
	while (r == -EINTR && clock_boot_ns() < deadline);
	set_alarm(0);
	(void)sigaction(SIGALRM, &old, NULL);
	return r == -EINTR ? -EAGAIN : r;
}

void
lock_drop(int fd)
{
	struct flock fl = whole_file;

	fl.l_type = F_UNLCK;
	(void)fcntl(fd, F_OFD_SETLK, &fl);
	(void)close(fd);
}

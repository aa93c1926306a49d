/*
 * onlyone - see that there is never more than one entry in a directory.
 *
 * usage: onlyone DIR
 *
 * Counts the entries of DIR at every event there until SIGTERM or SIGINT, then
 * prints "looks N most N".  Exits with 1, at once, when it has seen two.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "base/watch.h"

#define EXIT_USAGE 64

static volatile sig_atomic_t over;

static void
on_signal(int signo)
{
	(void)signo;
	over = 1;
}

static int
count(int dfd)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0, r = sys_listdir(dfd, ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		n++;
	return r < 0 ? r : n;
}

static void
on_event(void *arg, enum watch_event event, int token, const char *name)
{
	(void)arg;
	(void)event;
	(void)token;
	(void)name;
}

/* Until told to end; the most that was seen, more than one at once, or -errno. */
static int
sample(int dfd, struct watch *w, long *looks)
{
	struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };
	int most = 0;

	while (!over) {
		int n = count(dfd);

		if (n < 0)
			return n;
		(*looks)++;
		if (n > most)
			most = n;
		if (most > 1)
			break;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		n = watch_read(w, on_event, NULL);
		if (n < 0)
			return n;
	}
	return most;
}

int
main(int argc, char **argv)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	struct watch *w = NULL;
	long looks = 0;
	int fd, most;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: onlyone DIR\n");
		return EXIT_USAGE;
	}
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	fd = sys_opendir(AT_FDCWD, argv[1]);
	if (fd < 0 || watch_new(&w) < 0 || watch_dir_leave(w, fd, 0) < 0) {
		(void)fprintf(stderr, "onlyone: cannot watch '%s'\n", argv[1]);
		return EXIT_FAILURE;
	}
	most = sample(fd, w, &looks);
	watch_free(w);
	(void)printf("looks %ld most %d\n", looks, most);
	return most == 0 || most == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

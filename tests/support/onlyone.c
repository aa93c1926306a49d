/*
 * onlyone - see that some directories together never hold two entries.
 *
 * usage: onlyone DIR...
 *
 * Keeps count by the events of all of them, which come in the order in which
 * the changes were made, so that no moment is missed, however short.  What
 * moves from one into another goes on being one.  They must be empty at first.
 *
 * Prints "watching", and on SIGTERM "N entered, most M".  Exits with 1 if
 * there were ever two, with 2 if it cannot tell because events were lost.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_TWO     1
#define EXIT_UNKNOWN 2
#define EXIT_USAGE   64

#define COMING (IN_CREATE | IN_MOVED_TO)
#define GOING  (IN_DELETE | IN_MOVED_FROM)

struct tally {
	long now, most, entered;
	uint32_t moving; /* the cookie of the move that the last event began */
};

static void
count(struct tally *t, const struct inotify_event *ev)
{
	bool second = (ev->mask & IN_MOVED_TO) && ev->cookie == t->moving;

	if (ev->len && ev->name[0] == '.')
		return;
	t->moving = ev->mask & IN_MOVED_FROM ? ev->cookie : 0;
	if (ev->mask & GOING)
		t->now--;
	if (ev->mask & COMING) {
		t->now++;
		t->entered += !second;
	}
	if (t->now > t->most)
		t->most = t->now;
}

/* 0, or the status to exit with. */
static int
read_events(int fd, struct tally *t)
{
	_Alignas(struct inotify_event) char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const void *)p;

			if (ev->mask & IN_Q_OVERFLOW)
				return EXIT_UNKNOWN;
			if (ev->mask & (COMING | GOING))
				count(t, ev);
			p += sizeof(*ev) + ev->len;
		}
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : EXIT_UNKNOWN;
}

static int
follow(int events, int signals)
{
	struct pollfd fds[] = { { .fd = events, .events = POLLIN },
		                { .fd = signals, .events = POLLIN } };
	struct tally t = { 0 };
	int status = 0;

	while (status == 0 && !fds[1].revents) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return EXIT_UNKNOWN;
		/* What happened before the signal is there to be read. */
		status = read_events(events, &t);
	}
	if (status)
		(void)printf("events were lost\n");
	(void)printf("%ld entered, most %ld\n", t.entered, t.most);
	return status ? status : t.most > 1 ? EXIT_TWO : 0;
}

int
main(int argc, char **argv)
{
	int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int signals;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (argc < 2 || events < 0 || signals < 0) {
		(void)fprintf(stderr, "usage: onlyone DIR...\n");
		return EXIT_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		if (inotify_add_watch(events, argv[i],
		                      COMING | GOING | IN_ONLYDIR) < 0) {
			(void)fprintf(stderr, "onlyone: %s: %s\n", argv[i],
			              strerror(errno));
			return EXIT_UNKNOWN;
		}
	}
	(void)puts("watching");
	(void)fflush(stdout);
	return follow(events, signals);
}

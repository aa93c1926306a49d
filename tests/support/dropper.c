/*
 * dropper - drop many files into an inbox, from many processes at once.
 *
 * usage: dropper INBOX AWAY FILES WRITERS EVENTS
 *
 * Each writer drops its share of FILES, named wWRITER-NUMBER.md, in turn by
 * mv from a private name, mv from the folder AWAY, ln from AWAY, O_TMPFILE and
 * linkat, and as cp does it, written in place.  In between it makes and
 * removes private files, as editors do to see whether they can write, until
 * there have been at least EVENTS events in all.
 *
 * An inotify instance of its own watches the inbox with the agent's mask, and
 * is not read until the end.  Prints what it found: "events N overflow N".
 * Exits with 0 if every file has been dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/watch.h"

#define EXIT_USAGE 64

/* The least of events that any way to drop a file makes. */
#define EVENTS_A_DROP  1
#define EVENTS_A_PROBE 2

struct writer {
	int inbox, away;
	const char *inbox_path;
	int number;
};

static int
make(int dfd, const char *name, const char *text)
{
	autoclose int fd = sys_create(dfd, name, 0644);

	return fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
}

static int
by_private_name(const struct writer *w, const char *name, const char *text)
{
	autofree char *private = mem_printf(".%s", name);
	int r = make(w->inbox, private, text);

	return r < 0 ? r : sys_rename(w->inbox, private, w->inbox, name);
}

static int
by_move(const struct writer *w, const char *name, const char *text)
{
	int r = make(w->away, name, text);

	return r < 0 ? r : sys_rename(w->away, name, w->inbox, name);
}

static int
by_link(const struct writer *w, const char *name, const char *text)
{
	int r = make(w->away, name, text);

	return r < 0 ? r : sys_link(w->away, name, w->inbox, name);
}

static int
without_name(const struct writer *w, const char *name, const char *text)
{
	autoclose int fd =
		open(w->inbox_path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	autofree char *path = mem_printf("/proc/self/fd/%d", fd);
	int r = fd < 0 ? -errno : sys_write_all(fd, text, strlen(text));

	if (r == 0 &&
	    linkat(AT_FDCWD, path, w->inbox, name, AT_SYMLINK_FOLLOW) < 0)
		r = -errno;
	return r;
}

/* In two parts: half of it is there before the whole. */
static int
in_place(const struct writer *w, const char *name, const char *text)
{
	autoclose int fd = sys_create(w->inbox, name, 0644);
	size_t half = strlen(text) / 2;
	int r = fd < 0 ? fd : sys_write_all(fd, text, half);

	return r < 0 ? r : sys_write_all(fd, text + half, strlen(text + half));
}

static int (*const ways[])(const struct writer *w, const char *name,
                           const char *text) = {
	by_private_name, by_move, by_link, without_name, in_place,
};

static int
probe(const struct writer *w, int n)
{
	autofree char *name = mem_printf(".w%d-probe%d", w->number, n);
	int r = make(w->inbox, name, "");

	return r < 0 ? r : sys_unlink(w->inbox, name);
}

static int
drop_all(const struct writer *w, int files, int probes)
{
	int r = 0;

	for (int n = 1; n <= files && r == 0; n++) {
		autofree char *name = mem_printf("w%d-%d.md", w->number, n);
		autofree char *text =
			mem_printf("file %d of writer %d\n", n, w->number);

		r = ways[n % (int)countof(ways)](w, name, text);
		for (int i = 0; i < probes && r == 0; i++)
			r = probe(w, i);
	}
	if (r < 0)
		(void)fprintf(stderr, "dropper: writer %d: %s\n", w->number,
		              strerror(-r));
	return r;
}

/* All at once; true if every one has dropped its share. */
static bool
run_writers(struct writer *w, int writers, int files, int probes)
{
	bool good = true;
	int status;

	for (w->number = 1; w->number <= writers; w->number++) {
		int share = files / writers + (w->number <= files % writers);
		pid_t pid = fork();

		if (pid == 0)
			_exit(drop_all(w, share, probes) < 0);
		good = good && pid > 0;
	}
	while (wait(&status) > 0)
		good = good && status == 0;
	return good;
}

struct tally {
	long events, overflows;
};

/* Read by other means than the agent's, so that this can tell of its faults. */
static int
count(int fd, struct tally *t)
{
	_Alignas(struct inotify_event) char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *ev;

		for (const char *p = buf; p < buf + n;
		     p += sizeof(*ev) + ev->len) {
			ev = (const void *)p;
			t->events++;
			t->overflows += (ev->mask & IN_Q_OVERFLOW) != 0;
		}
	}
	return n < 0 && errno != EAGAIN ? -errno : 0;
}

int
main(int argc, char **argv)
{
	struct writer w = { .inbox = -1, .away = -1 };
	struct watch *watch = NULL;
	struct tally t = { 0 };
	int files, writers, events, probes;
	bool good;

	if (argc != 6) {
		(void)fprintf(stderr, "usage: dropper INBOX AWAY FILES WRITERS "
		                      "EVENTS\n");
		return EXIT_USAGE;
	}
	files = atoi(argv[3]);
	writers = atoi(argv[4]);
	events = atoi(argv[5]);
	w.inbox_path = argv[1];
	w.inbox = sys_opendir(AT_FDCWD, argv[1]);
	w.away = sys_opendir(AT_FDCWD, argv[2]);
	if (files <= 0 || writers <= 0 || w.inbox < 0 || w.away < 0 ||
	    watch_new(&watch) < 0 || watch_dir(watch, w.inbox, 0) < 0) {
		(void)fprintf(stderr, "dropper: cannot begin\n");
		return EXIT_FAILURE;
	}
	probes = (events / files + 1 - EVENTS_A_DROP + 1) / EVENTS_A_PROBE;
	good = run_writers(&w, writers, files, probes);
	good = count(watch_fd(watch), &t) == 0 && good;
	watch_free(watch);
	(void)printf("events %ld overflow %ld\n", t.events, t.overflows);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

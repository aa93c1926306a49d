#include "bench/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"

static const char body[] = "a task of about one line, as people drop them\n";

long long
floor_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static double
seconds_since(long long start)
{
	return (double)(floor_now() - start) / 1e9;
}

static double
failed(const char *what)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

/* A directory and one below it. */
static int
open_below(const char *dir, const char *name)
{
	autofree char *path = mem_printf("%s/%s", dir, name);

	(void)mkdir(dir, 0755);
	(void)mkdir(path, 0755);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* File written and synced under a private name, then renamed. */
static int
put(int dfd, const char *name, const void *content, size_t len)
{
	char private[64];
	int fd;

	(void)snprintf(private, sizeof(private), ".%s", name);
	fd = openat(dfd, private, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	            0644);
	if (fd < 0 || write(fd, content, len) != (ssize_t)len ||
	    fsync(fd) < 0 || close(fd) < 0)
		return -1;
	return renameat2(dfd, private, dfd, name, RENAME_NOREPLACE);
}

static double
submit(const char *dir, int n, bool bulk)
{
	autoclose int in = open_below(dir, "in");
	long long start = floor_now();

	for (int i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%08d", i);
		if (put(in, name, body, sizeof(body) - 1) < 0 ||
		    (!bulk && fsync(in) < 0))
			return failed("floor submit");
	}
	if (bulk && fsync(in) < 0)
		return failed("floor submit");
	return seconds_since(start);
}

double
floor_submit(const char *dir, int n)
{
	return submit(dir, n, false);
}

double
floor_submit_bulk(const char *dir, int n)
{
	return submit(dir, n, true);
}

int
floor_submit_one(const char *dir, const char *name)
{
	autoclose int in = open_below(dir, "in");

	return put(in, name, body, sizeof(body) - 1) < 0 || fsync(in) < 0;
}

static int
run(const char *const *argv)
{
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, argv[0], NULL, NULL,
	                 (char *const *)(uintptr_t)argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

double
floor_submit_processes(const char *dir, int n, const char *self)
{
	long long start = floor_now();

	for (int i = 0; i < n; i++) {
		char name[32];
		const char *argv[] = { self, "--one", dir, name, NULL };

		(void)snprintf(name, sizeof(name), "%08d", i);
		if (run(argv) != 0)
			return failed("floor submit by processes");
	}
	return seconds_since(start);
}

/* `argv` is run for each; NULL: nothing is. */
static double
drain(const char *dir, int n, const char *const *argv)
{
	autoclose int in = open_below(dir, "in");
	autoclose int running = open_below(dir, "running");
	autoclose int out = open_below(dir, "out");
	long long start;

	if (submit(dir, n, true) < 0)
		return -1;
	start = floor_now();
	for (int i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%08d", i);
		if (renameat2(in, name, running, name, RENAME_NOREPLACE) < 0 ||
		    (argv && run(argv) != 0) ||
		    put(out, name, "{\"state\":\"COMPLETED\"}\n", 22) < 0 ||
		    fsync(out) < 0 || unlinkat(running, name, 0) < 0)
			return failed("floor drain");
	}
	return seconds_since(start);
}

double
floor_drain(const char *dir, int n)
{
	const char *const argv[] = { "/bin/true", NULL };

	return drain(dir, n, argv);
}

double
floor_drain_warm(const char *dir, int n)
{
	return drain(dir, n, NULL);
}

/* The watcher: for each name that arrives, start `stamp` and wait. */
static int
watch_and_run(const char *dir, int n, const char *stamp, int ready)
{
	autoclose int in = open_below(dir, "in");
	autoclose int running = open_below(dir, "running");
	autoclose int events = inotify_init1(IN_CLOEXEC);
	autofree char *path = mem_printf("%s/in", dir);
	_Alignas(struct inotify_event) char buf[4096];

	if (inotify_add_watch(events, path, IN_MOVED_TO) < 0 ||
	    write(ready, "r", 1) != 1)
		return 1;
	while (n > 0) {
		const char *const argv[] = { stamp, NULL };
		const struct inotify_event *ev;
		ssize_t got = read(events, buf, sizeof(buf));

		for (const char *p = buf; got > 0 && p < buf + got;
		     p += sizeof(*ev) + ev->len, n--) {
			ev = (const void *)p;
			if (renameat(in, ev->name, running, ev->name) < 0 ||
			    run(argv) != 0)
				return 1;
		}
	}
	return 0;
}

int
floor_latency(const char *dir, int n, const char *stamp, double *ns)
{
	autoclose int in = open_below(dir, "in");
	int stamps[2], ready[2], status;
	char c;
	pid_t pid;

	if (in < 0 || pipe(stamps) < 0 || pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)dup2(stamps[1], STDOUT_FILENO);
		_exit(watch_and_run(dir, n, stamp, ready[1]));
	}
	(void)close(stamps[1]);
	if (pid < 0 || read(ready[0], &c, 1) != 1)
		return -1;
	for (int i = 0; i < n; i++) {
		char name[32], text[64] = "";
		long long dropped;

		(void)snprintf(name, sizeof(name), "%08d", i);
		if (put(in, name, body, sizeof(body) - 1) < 0)
			return -1;
		dropped = floor_now();
		if (fsync(in) < 0 ||
		    read(stamps[0], text, sizeof(text) - 1) <= 0)
			return -1;
		ns[i] = (double)(strtoll(text, NULL, 10) - dropped);
	}
	(void)close(stamps[0]);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

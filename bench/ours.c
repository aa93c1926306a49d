#include "bench/ours.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
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
#include "bench/floor.h"

#define DEADLINE_MS 120000

static double
failed(const char *what)
{
	(void)fprintf(stderr, "bench: %s failed\n", what);
	return -1;
}

static int
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	(void)fputs(text, f);
	return fclose(f);
}

/* One agent, `w`, that runs `command` in this mode. */
static int
write_config(const char *dir, const char *command, const char *mode)
{
	autofree char *config = mem_printf("%s/spoolhand.yaml", dir);
	autofree char *text =
		mem_printf("agents:\n  w:\n    command: [%s]\n    mode: %s\n",
	                   command, mode);

	return write_text(config, text);
}

/* A spool with that agent, which starts its command for each task. */
static int
make_spool(const char *dir, const char *command)
{
	static const char *const dirs[] = { "", "/agents", "/gm", "/src" };
	autofree char *format = mem_printf("%s/format", dir);

	for (size_t i = 0; i < countof(dirs); i++) {
		autofree char *path = mem_printf("%s%s", dir, dirs[i]);

		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -1;
	}
	if (write_text(format, "spoolhand 1\n") < 0)
		return -1;
	return write_config(dir, command, "exec");
}

static pid_t
start(const char *program, const char *const *argv, bool silent_out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	if (silent_out)
		(void)posix_spawn_file_actions_addopen(
			&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
	                                       "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, program, &actions, NULL,
	                (char *const *)(uintptr_t)argv, environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int
wait_for(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

double
ours_submit_processes(const char *bin, const char *dir, int n)
{
	autofree char *program = mem_printf("%s/spoolhand", bin);
	const char *const argv[] = { program,
		                     "submit",
		                     "--root",
		                     dir,
		                     "w",
		                     "--body",
		                     "a task of about one line\n",
		                     NULL };
	long long begin;

	if (make_spool(dir, "\"true\"") < 0)
		return failed("making a spool");
	/* The desk is laid out by the first one; that is not measured. */
	if (wait_for(start(program, argv, true)) != 0)
		return failed("spoolhand submit");
	begin = floor_now();
	for (int i = 0; i < n; i++)
		if (wait_for(start(program, argv, true)) != 0)
			return failed("spoolhand submit");
	return (double)(floor_now() - begin) / 1e9;
}

double
ours_submit_bulk(const char *bin, const char *dir, int n)
{
	autofree char *program = mem_printf("%s/spoolhand", bin);
	const char **argv = mem_new((size_t)n + 6, sizeof(*argv));
	long long begin;
	int status;

	if (make_spool(dir, "\"true\"") < 0)
		return failed("making a spool");
	argv[0] = program;
	argv[1] = "submit";
	argv[2] = "--root";
	argv[3] = dir;
	argv[4] = "w";
	for (int i = 0; i < n; i++) {
		char *path = mem_printf("%s/src/%08d.md", dir, i);

		if (write_text(path, "a task of about one line\n") < 0)
			return failed("writing a file");
		argv[5 + i] = path;
	}
	begin = floor_now();
	status = wait_for(start(program, argv, true));
	for (int i = 0; i < n; i++)
		free((char *)(uintptr_t)argv[5 + i]);
	free(argv);
	if (status != 0)
		return failed("spoolhand submit FILE...");
	return (double)(floor_now() - begin) / 1e9;
}

/* Wait until `n` more results arrive in the outbox watched by `events`. */
static int
await_results(int events, int n)
{
	_Alignas(struct inotify_event) char buf[65536];

	while (n > 0) {
		struct pollfd pfd = { .fd = events, .events = POLLIN };
		const struct inotify_event *ev;
		ssize_t got;

		if (poll(&pfd, 1, DEADLINE_MS) <= 0)
			return -1;
		got = read(events, buf, sizeof(buf));
		for (const char *p = buf; got > 0 && p < buf + got;
		     p += sizeof(*ev) + ev->len) {
			ev = (const void *)p;
			n--;
		}
	}
	return 0;
}

static int
watch_outbox(const char *dir)
{
	autofree char *path = mem_printf("%s/agents/w/outbox", dir);
	autoclose int events = inotify_init1(IN_CLOEXEC);

	if (inotify_add_watch(events, path, IN_MOVED_TO) < 0)
		return -1;
	return take_fd(events);
}

static pid_t
start_agent(const char *bin, const char *dir)
{
	autofree char *program = mem_printf("%s/spoolhand-agent", bin);
	const char *const argv[] = { program, "--root", dir, "w", NULL };

	return start(program, argv, true);
}

static int
stop_agent(pid_t pid)
{
	return kill(pid, SIGTERM) < 0 ? -1 : wait_for(pid);
}

/* What was submitted there. */
static double
drain(const char *bin, const char *dir, int n)
{
	autoclose int events = -1;
	long long begin;
	double took;
	pid_t pid;

	events = watch_outbox(dir);
	if (events < 0)
		return failed("watching the outbox");
	begin = floor_now();
	pid = start_agent(bin, dir);
	if (pid < 0 || await_results(events, n) < 0)
		return failed("the drain");
	took = (double)(floor_now() - begin) / 1e9;
	return stop_agent(pid) == 0 ? took : failed("the agent");
}

double
ours_drain(const char *bin, const char *dir, int n)
{
	return ours_submit_bulk(bin, dir, n) < 0 ? -1 : drain(bin, dir, n);
}

double
ours_drain_warm(const char *bin, const char *dir, int n)
{
	autofree char *worker = mem_printf("\"%s/bench/spoolhand-noop\"", bin);

	if (ours_submit_bulk(bin, dir, n) < 0 ||
	    write_config(dir, worker, "stream") < 0)
		return -1;
	return drain(bin, dir, n);
}

/* One drop by hand, and what its worker printed. */
static int
drop_one(const char *dir, int in, int events, int i, double *ns)
{
	autofree char *name = mem_printf("t%08d.md", i);
	autofree char *private = mem_printf(".%s", name);
	autofree char *result =
		mem_printf("%s/agents/w/outbox/t%08d/stdout", dir, i);
	autoclose int fd =
		openat(in, private, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	char text[64] = "";
	long long dropped;
	FILE *f;

	if (fd < 0 || write(fd, "x\n", 2) != 2 || fsync(fd) < 0)
		return -1;
	(void)close(take_fd(fd));
	if (renameat(in, private, in, name) < 0)
		return -1;
	dropped = floor_now();
	if (await_results(events, 1) < 0)
		return -1;
	f = fopen(result, "r");
	if (!f || !fgets(text, sizeof(text), f))
		return -1;
	(void)fclose(f);
	*ns = (double)(strtoll(text, NULL, 10) - dropped);
	return 0;
}

/* Tasks that sleep for a year, as an agent would have left them. */
static int
add_blocked(const char *dir, int n)
{
	autofree char *record = mem_printf(
		"{\"blocked\":{\"reason\":\"sleep\",\"until\":%lld}}",
		((long long)time(NULL) + 365 * 86400LL) * 1000);

	for (int i = 0; i < n; i++) {
		autofree char *entry = mem_printf(
			"%s/agents/w/blocked/5.%012d.1.b%08d", dir, i + 1, i);
		autofree char *work =
			mem_printf("%s/agents/w/work/b%08d", dir, i);
		autofree char *file = mem_printf("%s/record.json", work);

		if (mkdir(work, 0755) < 0 || write_text(file, record) < 0 ||
		    write_text(entry, "x\n") < 0)
			return -1;
	}
	return 0;
}

int
ours_latency(const char *bin, const char *dir, int n, const char *stamp,
             int blocked, double *ns)
{
	autofree char *quoted = mem_printf("\"%s\"", stamp);
	autofree char *inbox = mem_printf("%s/agents/w/inbox", dir);
	autofree char *program = mem_printf("%s/spoolhand", bin);
	const char *const argv[] = { program, "submit", "--root",  dir,
		                     "w",     "--body", "first\n", NULL };
	autoclose int events = -1, in = -1;
	pid_t pid;

	if (make_spool(dir, quoted) < 0 ||
	    wait_for(start(program, argv, true)) != 0 ||
	    add_blocked(dir, blocked) < 0)
		return -1;
	events = watch_outbox(dir);
	in = open(inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = start_agent(bin, dir);
	if (events < 0 || in < 0 || pid < 0 || await_results(events, 1) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (drop_one(dir, in, events, i, &ns[i]) < 0)
			return -1;
	return stop_agent(pid) == 0 ? 0 : -1;
}

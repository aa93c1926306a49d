/*
 * runaway - a worker that leaves processes behind which do not want to end.
 *
 * usage: runaway LOCK stay|end KIND...
 *
 * Takes the lock on the file LOCK, which everything that it starts inherits:
 * while anything of it lives, the lock is held.  If somebody else has it,
 * LOCK.overlap is made, and the exit status is 9.  It starts one process of
 * each KIND, twice forked, in a session of its own, deaf to SIGTERM, with
 * every descriptor but that of the lock closed, and no environment:
 *
 *   still     does nothing
 *   stopped   the same, stopped
 *   runner    forks and ends, and so on: it has another number each time
 *   marked    like still, but keeps its environment
 *
 * When they are there, LOCK.ready is made.  Then it ends with 0, or stays, and
 * is deaf to SIGTERM.  Whatever the test does, all of them end by themselves
 * after two minutes.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_FD     9
#define READY_FD    8
#define LIFE        120    /* seconds */
#define GENERATIONS 300000 /* of a runner */
#define EXIT_HELD   9
#define EXIT_USAGE  64
#define EXIT_SYSTEM 71

static void
be_deaf(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)alarm(LIFE);
}

static void
stay(void)
{
	for (;;)
		(void)pause();
}

static void
say_ready(void)
{
	(void)!write(READY_FD, "r", 1);
	(void)close(READY_FD);
}

/* What is left of it is the lock, and what it does. */
static void
be(const char *kind)
{
	be_deaf();
	if (strcmp(kind, "runner") == 0) {
		say_ready();
		for (int i = 0; i < GENERATIONS; i++)
			if (fork() != 0)
				_exit(0);
		(void)alarm(LIFE);
	} else if (strcmp(kind, "stopped") == 0) {
		say_ready();
		(void)raise(SIGSTOP);
	} else {
		say_ready();
	}
	stay();
}

static void
leave_behind(const char *kind)
{
	char self[] = "/proc/self/exe", me[] = "runaway", be_it[] = "--be";
	char what[16];
	char *argv[] = { me, be_it, what, NULL };
	char *none[] = { NULL };
	bool marked = strcmp(kind, "marked") == 0;

	if (fork() != 0)
		return;
	(void)setsid();
	if (fork() != 0)
		_exit(0);
	(void)snprintf(what, sizeof(what), "%s", kind);
	(void)syscall(SYS_close_range, 0U, (unsigned)READY_FD - 1, 0U);
	(void)syscall(SYS_close_range, (unsigned)LOCK_FD + 1, UINT_MAX, 0U);
	(void)execve(self, argv, marked ? environ : none);
	_exit(EXIT_SYSTEM);
}

static int
touch(const char *lock, const char *what)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s.%s", lock, what);
	return close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

/* At its number, and inherited. */
static bool
take_lock(const char *lock)
{
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	       dup2(fd, LOCK_FD) == LOCK_FD && (fd == LOCK_FD || !close(fd));
}

int
main(int argc, char **argv)
{
	int ready[2];
	char byte;

	if (argc == 3 && strcmp(argv[1], "--be") == 0)
		be(argv[2]);
	if (argc < 3)
		return EXIT_USAGE;
	if (!take_lock(argv[1])) {
		(void)touch(argv[1], "overlap");
		return EXIT_HELD;
	}
	if (pipe(ready) < 0 || dup2(ready[1], READY_FD) < 0)
		return EXIT_SYSTEM;
	if (ready[1] != READY_FD)
		(void)close(ready[1]);
	for (int i = 3; i < argc; i++)
		leave_behind(argv[i]);
	(void)close(READY_FD);
	for (int i = 3; i < argc; i++)
		if (read(ready[0], &byte, 1) != 1)
			return EXIT_SYSTEM;
	if (strcmp(argv[2], "stay") == 0)
		be_deaf();
	(void)touch(argv[1], "ready");
	if (strcmp(argv[2], "stay") == 0)
		stay();
	return 0;
}

#include "cli/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/output.h"

#define CHUNK 65536

static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP };

/* Not reaped while it is not 0, so the number cannot be another's. */
static volatile sig_atomic_t program;

static void
pass_on(int sig)
{
	int e = errno;

	if (program > 0)
		(void)kill((pid_t)program, sig);
	errno = e;
}

/* From here on, one of them ends the program and not us. */
static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = pass_on };

	(void)sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < countof(passed_on); i++)
		(void)sigaction(passed_on[i], &act, NULL);
}

/* Started with the signals held back, so that none comes in between. */
static int
start(const struct child_spec *spec, struct child *child, struct err *err)
{
	sigset_t held, old;
	int r;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < countof(passed_on); i++)
		(void)sigaddset(&held, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &old);
	r = child_start(spec, child, err);
	if (r == 0) {
		program = child->pid;
		catch_signals();
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

/*
 * What cannot be kept or passed on is read all the same: the program is not
 * to die half way of it.
 */
static int
copy_all(int in, int out, struct recording *rec)
{
	autofree char *buf = mem_new(1, CHUNK);

	for (;;) {
		ssize_t n = read(in, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		rec->size += n;
		if (!rec->kept)
			rec->kept = sys_write_all(out, buf, (size_t)n);
		if (!rec->passed)
			rec->passed =
				output_bytes(STDOUT_FILENO, buf, (size_t)n);
	}
}

/* Whoever ran us with children of his own may have left them to us. */
static int
await_end(pid_t pid, int pidfd, struct recording *rec)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	struct child_end end = { 0 };
	int r = 0;

	while (poll(&pfd, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	program = 0;
	do
		r = child_reap(&end);
	while (r == 1 && end.pid != pid);
	if (r != 1)
		return r < 0 ? r : -ECHILD;
	rec->signal = end.signal;
	rec->exit = end.signal ? 128 + end.signal : end.exit;
	return 0;
}

int
recording_run(const char *const *argv, const char *const *envp, int out,
              struct recording *rec, struct err *err)
{
	struct child_spec spec = { .argv = argv,
		                   .envp = envp,
		                   .dirfd = -1,
		                   .fds = { STDIN_FILENO, -1, STDERR_FILENO },
		                   .nfds = 3,
		                   .keep_others = true,
		                   .die_with_parent = true };
	struct child child = { .pidfd = -1 };
	autoclose int pidfd = -1;
	autoclose int from = -1;
	int ends[2];
	int r;

	*rec = (struct recording){ 0 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, -errno, "cannot make a pipe");
	from = ends[0];
	spec.fds[1] = ends[1];
	r = start(&spec, &child, err);
	(void)close(ends[1]);
	if (r < 0)
		return r;
	pidfd = child.pidfd;
	r = copy_all(from, out, rec);
	if (r < 0)
		return err_sys(err, r, "cannot read what it writes");
	r = await_end(child.pid, pidfd, rec);
	return r < 0 ? err_sys(err, r, "cannot wait for its end") : 0;
}

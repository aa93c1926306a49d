#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/str.h"

int
child_find_program(const char *name, const char *path, char **out)
{
	const char *p = path;

	if (strchr(name, '/')) {
		*out = mem_dup(name);
		return 0;
	}
	while (p && *p) {
		size_t n = strcspn(p, ":");
		autofree char *try =
			mem_printf("%.*s/%s", (int)n, n ? p : ".", name);
		struct stat st;

		if (access(try, X_OK) == 0 && stat(try, &st) == 0 &&
		    S_ISREG(st.st_mode)) {
			*out = take_ptr(try);
			return 0;
		}
		p += n + (p[n] == ':');
	}
	return -ENOENT;
}

static void
default_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			(void)signal(s, SIG_DFL);
}

/*
 * Between vfork() and exec: only system calls, only local variables.  The
 * descriptors are first moved above the target range so that placing one
 * cannot close another that is still to be placed.
 */
static int
become(const struct child_spec *spec, const char *program, pid_t parent,
       sigset_t *none)
{
	int high[countof(spec->fds)];

	if (spec->session && setsid() < 0)
		return errno;
	if (spec->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			return errno;
		if (getppid() != parent)
			return ESRCH;
	}
	if (spec->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return errno;
	if (spec->dirfd >= 0 && fchdir(spec->dirfd) < 0)
		return errno;
	for (int i = 0; i < spec->nfds; i++) {
		high[i] = -1;
		if (spec->fds[i] < 0)
			continue;
		high[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, 64);
		if (high[i] < 0)
			return errno;
	}
	for (int i = 0; i < spec->nfds; i++)
		if (high[i] >= 0 && dup2(high[i], i) < 0)
			return errno;
		else if (high[i] < 0)
			(void)close(i);
	if (!spec->keep_others &&
	    syscall(SYS_close_range, (unsigned)spec->nfds, ~0U, 0U) < 0)
		return errno;
	default_signals();
	(void)sigprocmask(SIG_SETMASK, none, NULL);
	(void)execve(program, (char *const *)(uintptr_t)spec->argv,
	             (char *const *)(uintptr_t)spec->envp);
	return errno;
}

static const char *
path_of(const char *const *envp)
{
	for (; *envp; envp++)
		if (str_starts(*envp, "PATH="))
			return *envp + strlen("PATH=");
	return "/usr/local/bin:/usr/bin:/bin";
}

/* vfork() with every signal blocked, so that no handler runs in the child. */
static pid_t
vfork_and_become(const struct child_spec *spec, const char *program,
                 volatile int *failure)
{
	sigset_t all, old, none;
	pid_t parent = getpid();
	pid_t pid;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (pid == 0) {
		*failure = become(spec, program, parent, &none);
		_exit(127);
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

int
child_start(const struct child_spec *spec, struct child *out, struct err *err)
{
	autofree char *program = NULL;
	autofree char *shown = name_show(spec->argv[0]);
	volatile int failure = 0;
	pid_t pid;
	int r, fd;

	r = child_find_program(spec->argv[0], path_of(spec->envp), &program);
	if (r < 0)
		return err_set(err, r, "no program '%s' in PATH", shown);
	pid = vfork_and_become(spec, program, &failure);
	if (pid < 0)
		return err_sys(err, -errno, "cannot start '%s'", shown);
	if (failure) {
		(void)waitpid(pid, NULL, 0);
		return err_sys(err, -failure, "cannot run '%s'", shown);
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		r = -errno;
		(void)kill(pid, SIGKILL); /* ours and not reaped: no reuse */
		(void)waitpid(pid, NULL, 0);
		return err_sys(err, r, "cannot watch '%s'", shown);
	}
	out->pid = pid;
	out->pidfd = fd;
	return 0;
}

static int64_t
to_ms(const struct timeval *tv)
{
	return (int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000;
}

int
child_reap(struct child_end *end)
{
	struct rusage ru;
	int status;
	pid_t pid;

	do
		pid = wait4(-1, &status, WNOHANG, &ru);
	while (pid < 0 && errno == EINTR);
	if (pid <= 0)
		return pid < 0 ? -errno : 0;
	end->pid = pid;
	end->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->user_ms = to_ms(&ru.ru_utime);
	end->system_ms = to_ms(&ru.ru_stime);
	end->max_rss_kib = ru.ru_maxrss;
	return 1;
}

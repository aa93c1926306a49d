#include "orchestrator/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"

#define NULL_DEVICE "/dev/null"

int
launch_find(char **program, struct err *err)
{
	autofree char *beside = NULL;
	char self[PATH_MAX];
	const char *path = getenv("PATH");
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int r;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		beside = mem_printf("%.*s/" LAUNCH_PROGRAM, (int)(slash - self),
		                    self);
		if (access(beside, X_OK) == 0) {
			*program = take_ptr(beside);
			return 0;
		}
	}
	r = child_find_program(LAUNCH_PROGRAM, path ? path : "", program);
	if (r < 0)
		return err_set(err, r,
		               "there is no '%s', neither beside this program "
		               "nor in PATH; install it there",
		               LAUNCH_PROGRAM);
	return 0;
}

/* The log of the desk, or the null device. */
static int
open_output(const struct desk *d, struct err *err)
{
	int fd = sys_append(d->fd, LAUNCH_LOG, 0644);

	if (fd >= 0)
		return fd;
	(void)err_sys(err, fd, "cannot write 'agents/%s/%s'", d->name,
	              LAUNCH_LOG);
	return sys_open(AT_FDCWD, NULL_DEVICE, O_WRONLY);
}

int
launch_start(const char *program, const struct desk *d, struct child *out,
             struct err *err)
{
	const char *argv[] = { program, "--root", d->spool->root, d->name,
		               NULL };
	autoclose int in = sys_open(AT_FDCWD, NULL_DEVICE, O_RDONLY);
	autoclose int output = open_output(d, err);
	struct child_spec spec = {
		.argv = argv,
		.envp = (const char *const *)environ,
		.dirfd = d->spool->fd,
		.fds = { in, output, output },
		.nfds = 3,
		.session = true,
	};

	if (in < 0 || output < 0)
		return err_sys(err, in < 0 ? in : output, "cannot open '%s'",
		               NULL_DEVICE);
	return child_start(&spec, out, err);
}

#include "cli/program.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/verb.h"

char *
program_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return mem_dup(path);
}

static int
find(const char *name, char **out)
{
	autofree char *folder = program_folder();
	autofree char *beside = NULL;
	const char *path = getenv("PATH");

	if (folder)
		beside = mem_printf("%s/%s", folder, name);
	if (beside && access(beside, X_OK) == 0) {
		*out = take_ptr(beside);
		return 0;
	}
	return child_find_program(name, path ? path : "", out);
}

int
program_become(const char *const *argv)
{
	autofree char *path = NULL;
	int r = find(argv[0], &path);

	if (r == 0) {
		(void)fflush(stdout);
		/* What main() ignores would be ignored over there, too. */
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execv(path, (char *const *)argv);
		r = -errno;
	}
	complain("cannot start '%s': %s; it belongs beside 'spoolhand'",
	         argv[0], err_name(r));
	return EXIT_NOT_RUNNING;
}

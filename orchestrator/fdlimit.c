#include "orchestrator/fdlimit.h"

#include <errno.h>

int
fdlimit_raise(struct fdlimit *l, size_t need)
{
	struct rlimit more;

	l->raised = false;
	if (getrlimit(RLIMIT_NOFILE, &l->before) < 0)
		return -errno;
	if (need <= l->before.rlim_cur)
		return 0;
	more = l->before;
	more.rlim_cur = need < more.rlim_max ? need : more.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) < 0)
		return -errno;
	l->raised = true;
	return more.rlim_cur < need ? -EMFILE : 0;
}

int
fdlimit_restore(const struct fdlimit *l, pid_t pid)
{
	if (!l->raised)
		return 0;
	if (prlimit(pid, RLIMIT_NOFILE, &l->before, NULL) < 0)
		return -errno;
	return 0;
}

#include "agent/bury.h"

#include <errno.h>

#include "agent/worker.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sys.h"

static int
kill_holders(int dfd, const char *alive, int64_t deadline_ns, pid_t *left)
{
	struct stat st;
	int r;

	while ((r = lock_held(dfd, alive)) > 0) {
		r = sys_stat(dfd, alive, &st);
		if (r == 0)
			r = proc_kill_holders(st.st_dev, st.st_ino, deadline_ns,
			                      left);
		if (r < 0)
			return r;
		if (clock_boot_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
	/* It has put something else there: then the marks must do. */
	return r == -ENOTDIR || r == -ELOOP ? 0 : r;
}

/*
 * Those who closed the descriptor (close_fds of Python, closefrom()), or
 * whose `alive` was removed, are known by what surroundings.c gave them.
 */
static int
kill_marked(const struct desk *d, const char *own, int64_t deadline_ns,
            pid_t *left)
{
	autofree char *root = mem_printf("SPOOLHAND_ROOT=%s", d->spool->root);
	const char *const marks[] = { root, own, NULL };

	return proc_kill_marked(marks, deadline_ns, left);
}

int
bury_attempt(struct desk *d, const char *id, int64_t deadline_ns,
             struct err *err)
{
	autofree char *alive = mem_printf("%s/" WORKER_ALIVE, id);
	autofree char *mark = mem_printf("TASK_REF=%s/%s", d->name, id);
	pid_t left = 0;
	int r = kill_holders(d->at[PLACE_WORK], alive, deadline_ns, &left);

	if (r == 0)
		r = kill_marked(d, mark, deadline_ns, &left);
	return r < 0 ? err_sys(err, r,
	                       "something of the last attempt of '%s/%s' still "
	                       "lives (pid %d)",
	                       d->name, id, (int)left) :
	               0;
}

int
bury_stream(struct desk *d, int64_t deadline_ns, struct err *err)
{
	autofree char *mark = mem_printf(WORKER_STREAM "=%s", d->name);
	pid_t left = 0;
	int r = sys_exists(d->fd, DESK_WARM);

	if (r > 0)
		r = kill_holders(d->fd, DESK_WARM "/" WORKER_ALIVE, deadline_ns,
		                 &left);
	else if (r == 0)
		return 0; /* there has never been one */
	if (r == 0)
		r = kill_marked(d, mark, deadline_ns, &left);
	return r < 0 ? err_sys(err, r,
	                       "something of the last worker of '%s' still "
	                       "lives (pid %d)",
	                       d->name, (int)left) :
	               0;
}

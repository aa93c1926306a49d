#include "agent/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sys.h"

#define ALIVE         "alive"
#define ALIVE_FD      4 /* in the worker: above TASK_FD, of no use to it */
#define REKILL_NS     (10 * CLOCK_NS_PER_MS)
#define REKILL_MAX_NS CLOCK_NS_PER_S

struct worker {
	struct loop *loop;
	worker_ended_fn *ended;
	void *arg;
	struct child child;
	struct child_end end;
	bool main_gone, stopping, killing, timed_out, done;
	int64_t grace_ns, rekill_ns;
	struct loop_timer timer; /* timeout, then grace, then kill again */
};

static void kill_tree(void *arg);

static void
finish(struct worker *w)
{
	loop_clear(w->loop, &w->timer);
	w->done = true;
	w->ended(w->arg, &w->end, w->timed_out);
}

/* Repeated until all are gone: they may be forking faster than one look. */
static void
kill_tree(void *arg)
{
	struct worker *w = arg;

	w->killing = true;
	(void)proc_signal_descendants(SIGKILL);
	/* What cannot be killed (sudo, a dead disk) must not keep us busy. */
	w->rekill_ns = w->rekill_ns ? w->rekill_ns * 2 : REKILL_NS;
	if (w->rekill_ns > REKILL_MAX_NS)
		w->rekill_ns = REKILL_MAX_NS;
	loop_arm(w->loop, &w->timer, clock_boot_ns() + w->rekill_ns, kill_tree,
	         w);
}

void
worker_stop(struct worker *w)
{
	if (w->done || w->killing)
		return;
	if (w->stopping) {
		kill_tree(w);
		return;
	}
	w->stopping = true;
	(void)proc_signal_descendants(SIGTERM);
	loop_arm(w->loop, &w->timer, clock_boot_ns() + w->grace_ns, kill_tree,
	         w);
}

static void
on_timeout(void *arg)
{
	struct worker *w = arg;

	w->timed_out = true;
	worker_stop(w);
}

void
worker_on_child(struct worker *w)
{
	struct child_end end;
	int r;

	if (w->done)
		return;
	while ((r = child_reap(&end)) > 0) {
		if (end.pid != w->child.pid)
			continue;
		w->end = end;
		w->main_gone = true;
	}
	/* No child at all, as a subreaper: nothing of the tree is alive. */
	if (w->main_gone && r == -ECHILD)
		finish(w);
	else if (w->main_gone && !w->killing)
		kill_tree(w);
}

static int
open_output(int work, const char *name, bool fresh)
{
	struct stat st;
	int r = sys_stat(work, name, &st);

	/* Not what the last process of this attempt made of it, either. */
	if (r == 0 && (fresh || !S_ISREG(st.st_mode))) {
		r = sys_remove_tree(work, name);
		if (r < 0)
			return r;
	}
	return sys_append(work, name, 0644);
}

/* The lock that lives as long as anything of this attempt does. */
static int
take_alive(int work, struct err *err)
{
	int fd = lock_take(work, ALIVE);
	struct stat st;

	/* A worker has put something else there. */
	if (fd == -ELOOP || fd == -EISDIR ||
	    (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))) {
		if (fd >= 0)
			(void)close(fd);
		fd = sys_remove_tree(work, ALIVE);
		if (fd == 0)
			fd = lock_take(work, ALIVE);
	}
	if (fd == -EAGAIN)
		return err_set(err, -EBUSY,
		               "a process of an earlier attempt still lives");
	return fd < 0 ? err_sys(err, fd, "cannot lock 'alive'") : fd;
}

/* Who the worker is, for people and for fsck; the lock is what counts. */
static int
note_identity(int alive, pid_t pid)
{
	autostr text = STR_INIT;
	struct proc_id id;
	int r = proc_identify(pid, &id);

	if (r < 0)
		return r;
	proc_print(&id, &text);
	r = sys_truncate(alive, 0);
	return r < 0 ? r : sys_write_all(alive, text.data, text.len);
}

static int
start_child(const struct worker_spec *spec, struct worker *w, struct err *err)
{
	autoclose int work = sys_opendir(spec->desk->at[PLACE_WORK], spec->id);
	autoclose int null = sys_open(AT_FDCWD, "/dev/null", O_RDWR);
	autoclose int alive = -1, out = -1, errors = -1;
	struct child_spec child = { .argv = spec->argv,
		                    .envp = spec->envp,
		                    .dirfd = work,
		                    .nfds = ALIVE_FD + 1,
		                    .session = true,
		                    .die_with_parent = true };
	int r;

	if (work < 0)
		return err_sys(err, work, "cannot open 'work/%s'", spec->id);
	if (null < 0)
		return err_sys(err, null, "cannot open '/dev/null'");
	alive = take_alive(work, err);
	if (alive < 0)
		return alive;
	out = open_output(work, "stdout", spec->fresh_output);
	errors = open_output(work, "stderr", spec->fresh_output);
	if (out < 0 || errors < 0)
		return err_sys(err, out < 0 ? out : errors,
		               "cannot keep the output of '%s'", spec->id);
	child.fds[0] = spec->stdin_fd >= 0 ? spec->stdin_fd : null;
	child.fds[1] = out;
	child.fds[2] = errors;
	child.fds[WORKER_TASK_FD] = spec->progress_fd;
	child.fds[ALIVE_FD] = alive;
	r = child_start(&child, &w->child, err);
	if (r == 0)
		(void)note_identity(alive, w->child.pid);
	return r;
}

int
worker_start(struct loop *loop, const struct worker_spec *spec,
             worker_ended_fn *ended, void *arg, struct worker **out,
             struct err *err)
{
	autofree struct worker *w = mem_new(1, sizeof(*w));
	int r;

	w->loop = loop;
	w->ended = ended;
	w->arg = arg;
	w->grace_ns = spec->grace_ms * CLOCK_NS_PER_MS;
	r = start_child(spec, w, err);
	if (r < 0)
		return r;
	if (spec->timeout_ms > 0)
		loop_arm(loop, &w->timer,
		         clock_boot_ns() + spec->timeout_ms * CLOCK_NS_PER_MS,
		         on_timeout, w);
	*out = take_ptr(w);
	return 0;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_clear(w->loop, &w->timer);
	(void)close(w->child.pidfd);
	free(w);
}

/*
 * Those who closed the descriptor (close_fds of Python, closefrom()), or
 * whose `alive` was removed, are known by what surroundings.c gave them.
 */
static int
bury_marked(const struct desk *d, const char *id, int64_t deadline_ns,
            struct err *err)
{
	autofree char *root = mem_printf("SPOOLHAND_ROOT=%s", d->spool->root);
	autofree char *ref = mem_printf("TASK_REF=%s/%s", d->name, id);
	const char *const marks[] = { root, ref, NULL };
	pid_t left = 0;
	int r = proc_kill_marked(marks, deadline_ns, &left);

	return r < 0 ? err_sys(err, r,
	                       "something of the last attempt of '%s/%s' still "
	                       "lives (pid %d)",
	                       d->name, id, (int)left) :
	               0;
}

int
worker_bury(struct desk *d, const char *id, int64_t deadline_ns,
            struct err *err)
{
	autofree char *path = mem_printf("%s/" ALIVE, id);
	struct stat st;
	pid_t left = 0;
	int r;

	for (;;) {
		r = lock_held(d->at[PLACE_WORK], path);
		if (r == 0 || r == -ENOTDIR || r == -ELOOP)
			return bury_marked(d, id, deadline_ns, err);
		if (r > 0)
			r = sys_stat(d->at[PLACE_WORK], path, &st);
		if (r == 0)
			r = proc_kill_holders(st.st_dev, st.st_ino, deadline_ns,
			                      &left);
		if (r == 0 && clock_boot_ns() < deadline_ns)
			continue;
		if (r == 0)
			r = -ETIMEDOUT;
		return err_sys(err, r,
		               "something of the last attempt of '%s/%s' still "
		               "lives (pid %d)",
		               d->name, id, (int)left);
	}
}

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

#define ALIVE_FD      4 /* in the worker: above TASK_FD, of no use to it */
#define LANE_FD       5 /* the same */
#define HUNT_NS       (20 * CLOCK_NS_PER_MS)
#define REKILL_NS     (10 * CLOCK_NS_PER_MS)
#define REKILL_MAX_NS CLOCK_NS_PER_S

struct worker {
	struct loop *loop;
	struct containment *containment;
	struct worker *beside;
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

/* The tree that is not ours to touch; when its root is dead there is none. */
static pid_t
spared(const struct worker *w)
{
	return w->beside && !w->beside->main_gone ? w->beside->child.pid : 0;
}

static void
note_end(struct worker *w, const struct child_end *end)
{
	if (!w || end->pid != w->child.pid)
		return;
	w->end = *end;
	w->main_gone = true;
}

/* Is nothing left of it?  As a subreaper: no child at all, or none but... */
static bool
reap(struct worker *w)
{
	struct child_end end;
	int r;

	while ((r = child_reap(&end)) > 0) {
		note_end(w, &end);
		note_end(w->beside, &end);
	}
	if (!w->main_gone)
		return false;
	return r == -ECHILD ||
	       (spared(w) && proc_signal_descendants_but(0, spared(w)) == 0);
}

/* One by one; who forks may be faster than one look, but not than many. */
static bool
hunt(struct worker *w)
{
	int64_t until_ns = clock_boot_ns() + HUNT_NS;
	bool gone;

	(void)proc_signal_descendants(SIGKILL);
	while (!(gone = reap(w)) && clock_boot_ns() < until_ns)
		if (proc_kill_children() < 0)
			break;
	return gone;
}

/* Something has ended.  True if that was the end of all of it. */
static bool
look(struct worker *w)
{
	if (w->done)
		return true;
	if (reap(w)) {
		finish(w);
		return true;
	}
	if (w->main_gone && !w->killing)
		kill_tree(w);
	return false;
}

static void
on_gone(void *arg)
{
	struct worker *w = arg, *beside = w->beside;

	finish(w);
	if (beside)
		(void)look(beside);
}

static void
kill_tree(void *arg)
{
	struct worker *w = arg;
	bool again = w->killing;

	w->killing = true;
	/* By the cgroup all at once; then who has got himself out of it. */
	if (spared(w)) {
		(void)proc_signal_descendants_but(SIGKILL, spared(w));
	} else if ((again || !containment_kill(w->containment)) && hunt(w)) {
		/* Not from here: who has us do this still has hold of `w`. */
		loop_arm(w->loop, &w->timer, 0, on_gone, w);
		return;
	}
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
	(void)proc_signal_descendants_but(SIGTERM, spared(w));
	loop_arm(w->loop, &w->timer, clock_boot_ns() + w->grace_ns, kill_tree,
	         w);
}

bool
worker_stopping(const struct worker *w)
{
	return w->stopping || w->killing;
}

static void
on_timeout(void *arg)
{
	struct worker *w = arg;

	w->timed_out = true;
	worker_stop(w);
}

bool
worker_was_stopped(const struct worker *w)
{
	return w->stopping;
}

bool
worker_is_ending(const struct worker *w)
{
	return worker_stopping(w) || w->main_gone;
}

void
worker_limit(struct worker *w, int64_t timeout_ms)
{
	if (worker_is_ending(w))
		return;
	if (timeout_ms > 0)
		loop_arm(w->loop, &w->timer,
		         clock_boot_ns() + timeout_ms * CLOCK_NS_PER_MS,
		         on_timeout, w);
	else
		loop_clear(w->loop, &w->timer);
}

void
worker_on_child(struct worker *w, struct worker *beside)
{
	/* While it lives the other's orphans cannot be told from its own. */
	if (w && w != beside && !look(w))
		return;
	if (beside)
		(void)look(beside);
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
	int fd = lock_take(work, WORKER_ALIVE);
	struct stat st;

	/* A worker has put something else there. */
	if (fd == -ELOOP || fd == -EISDIR ||
	    (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))) {
		if (fd >= 0)
			(void)close(fd);
		fd = sys_remove_tree(work, WORKER_ALIVE);
		if (fd == 0)
			fd = lock_take(work, WORKER_ALIVE);
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

/* The folder that is its own: of the task, or of the desk. */
static int
open_folder(const struct worker_spec *spec, struct err *err)
{
	int r = spec->id ? 0 : sys_mkdir(spec->desk->fd, DESK_WARM, 0755);

	if (r == 0 || r == -EEXIST)
		r = spec->id ?
		            sys_opendir(spec->desk->at[PLACE_WORK], spec->id) :
		            sys_opendir(spec->desk->fd, DESK_WARM);
	return r < 0 ? err_sys(err, r, "cannot open '%s%s'",
	                       spec->id ? "work/" : "",
	                       spec->id ? spec->id : DESK_WARM) :
	               r;
}

/* What its descriptors 1 and 2 become, when there are no pipes for them. */
static int
open_outputs(const struct worker_spec *spec, int folder, int *out, int *errors,
             struct err *err)
{
	*out = open_output(folder, "stdout", spec->fresh_output);
	*errors = open_output(folder, "stderr", spec->fresh_output);
	if (*out < 0 || *errors < 0)
		return err_sys(err, *out < 0 ? *out : *errors,
		               "cannot keep the output of '%s'", spec->id);
	return 0;
}

static int
start_child(const struct worker_spec *spec, struct worker *w, struct err *err)
{
	autoclose int folder = open_folder(spec, err);
	autoclose int null = sys_open(AT_FDCWD, "/dev/null", O_RDWR);
	autoclose int alive = -1, out = -1, errors = -1;
	struct child_spec child = { .argv = spec->argv,
		                    .envp = spec->envp,
		                    .dirfd = folder,
		                    .nfds = ALIVE_FD + 1,
		                    .session = true,
		                    .die_with_parent = true,
		                    .subreaper = spec->streams };
	int r = 0;

	if (folder < 0)
		return folder;
	if (null < 0)
		return err_sys(err, null, "cannot open '/dev/null'");
	alive = take_alive(folder, err);
	if (alive < 0)
		return alive;
	if (!spec->streams)
		r = open_outputs(spec, folder, &out, &errors, err);
	if (r < 0)
		return r;
	child.fds[0] = spec->stdin_fd >= 0 ? spec->stdin_fd : null;
	child.fds[1] = out;
	child.fds[2] = errors;
	for (int i = 0; spec->streams && i < 3; i++)
		child.fds[i] = spec->streams[i];
	child.fds[WORKER_TASK_FD] = spec->progress_fd;
	child.fds[ALIVE_FD] = alive;
	if (spec->lane_fd > 0) {
		child.fds[LANE_FD] = spec->lane_fd;
		child.nfds = LANE_FD + 1;
	}
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
	w->containment = spec->containment;
	w->beside = spec->beside;
	w->ended = ended;
	w->arg = arg;
	w->grace_ns = spec->grace_ms * CLOCK_NS_PER_MS;
	r = start_child(spec, w, err);
	if (r < 0)
		return r;
	worker_limit(w, spec->timeout_ms);
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

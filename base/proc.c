#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"

#define ENVIRON_MAX  (8 * 1024 * 1024)
#define CHILDREN_MAX (64 * 1024 * 1024)

static int
read_small(const char *path, char *buf, size_t size)
{
	autoclose int fd = sys_open(AT_FDCWD, path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

int
proc_read_stat(pid_t pid, struct proc_stat *st)
{
	char path[64], buf[1024];
	const char *p;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = read_small(path, buf, sizeof(buf));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* The command may hold spaces and brackets: go on after the last. */
	p = strrchr(buf, ')');
	st->pid = pid;
	if (!p || sscanf(p + 1,
	                 " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u"
	                 " %*d %*d %*d %*d %*d %*d %" SCNu64,
	                 &st->state, &st->ppid, &st->pgrp, &st->session,
	                 &st->start) != 5)
		return -EPROTO;
	return 0;
}

int
proc_identify(pid_t pid, struct proc_id *id)
{
	struct proc_stat st;
	int r = proc_read_stat(pid, &st);

	if (r == 0)
		r = read_small("/proc/sys/kernel/random/boot_id", id->boot,
		               sizeof(id->boot));
	if (r < 0)
		return r;
	id->boot[strcspn(id->boot, "\n")] = '\0';
	id->pid = pid;
	id->start = st.start;
	return 0;
}

int
proc_self(struct proc_id *id)
{
	return proc_identify(getpid(), id);
}

void
proc_print(const struct proc_id *id, struct str *out)
{
	str_addf(out, "%d %" PRIu64 " %s\n", (int)id->pid, id->start, id->boot);
}

int
proc_parse(const char *text, struct proc_id *id)
{
	if (sscanf(text, "%d %" SCNu64 " %39[0-9a-f-]", &id->pid, &id->start,
	           id->boot) != 3 ||
	    id->pid <= 0)
		return -EBADMSG;
	return 0;
}

int
proc_open(const struct proc_id *id)
{
	autoclose int fd = -1;
	struct proc_id now;
	struct proc_stat st;
	int r;

	fd = (int)syscall(SYS_pidfd_open, id->pid, 0);
	/* The number may be a thread's by now, which has no pidfd. */
	if (fd < 0)
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	/* The pidfd is of whoever has the pid; compare after taking it. */
	r = proc_identify(id->pid, &now);
	if (r == 0)
		r = proc_read_stat(id->pid, &st);
	if (r < 0)
		return r;
	if (now.start != id->start || strcmp(now.boot, id->boot) != 0 ||
	    st.state == 'Z' || st.state == 'X')
		return -ESRCH;
	return take_fd(fd);
}

/* Every process there is, in a fresh array. */
static struct proc_stat *
list_all(size_t *n)
{
	autodir DIR *dir = opendir("/proc");
	struct proc_stat *all = NULL;
	size_t cap = 0;
	struct dirent *de;

	*n = 0;
	while (dir && sys_next(dir, &de) > 0) {
		char *end;
		long pid = strtol(de->d_name, &end, 10);

		if (*end || pid <= 0)
			continue;
		mem_room(&all, *n, &cap, sizeof(*all));
		if (proc_read_stat((pid_t)pid, &all[*n]) == 0)
			(*n)++;
	}
	return all;
}

static const struct proc_stat *
find(const struct proc_stat *all, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].pid == pid)
			return &all[i];
	return NULL;
}

static bool
descends(const struct proc_stat *all, size_t n, const struct proc_stat *p,
         pid_t but)
{
	pid_t self = getpid();

	for (size_t depth = 0; p && depth < n; depth++) {
		if (p->pid == but)
			return false;
		if (p->ppid == self)
			return true;
		p = find(all, n, p->ppid);
	}
	return false;
}

/* Signal the process that `st` was read from, or nobody. */
static bool
signal_exactly(const struct proc_stat *st, int sig)
{
	autoclose int fd = (int)syscall(SYS_pidfd_open, st->pid, 0);
	struct proc_stat now;

	if (fd < 0 || proc_read_stat(st->pid, &now) < 0 ||
	    now.start != st->start || now.state == 'Z' || now.state == 'X')
		return false;
	(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	return true;
}

int
proc_signal_descendants(int sig)
{
	return proc_signal_descendants_but(sig, 0);
}

int
proc_signal_descendants_but(int sig, pid_t but)
{
	size_t n;
	autofree struct proc_stat *all = list_all(&n);
	int found = 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].state != 'Z' && descends(all, n, &all[i], but))
			found += signal_exactly(&all[i], sig);
	return found;
}

int
proc_kill_children(void)
{
	autofree char *path =
		mem_printf("/proc/self/task/%d/children", (int)getpid());
	autoclose int fd = sys_open(AT_FDCWD, path, O_RDONLY);
	autostr text = STR_INIT;
	const char *p;
	char *end;
	int r = fd < 0 ? fd : sys_read_all(fd, CHILDREN_MAX, &text);
	long pid;

	if (r < 0)
		return r;
	/* Not reaped yet, so no number here can be another's by now. */
	for (p = str_text(&text); (pid = strtol(p, &end, 10)) > 0; p = end)
		(void)kill((pid_t)pid, SIGKILL);
	return 0;
}

/* Does this descriptor hold a lock, and not only look at the file? */
static bool
has_lock(pid_t pid, const char *fd)
{
	autofree char *path = mem_printf("/proc/%d/fdinfo/%s", (int)pid, fd);
	char text[4096];

	return read_small(path, text, sizeof(text)) == 0 &&
	       strstr(text, "lock:");
}

static bool
holds(pid_t pid, dev_t dev, ino_t ino)
{
	autofree char *path = mem_printf("/proc/%d/fd", (int)pid);
	autodir DIR *dir = opendir(path);
	struct dirent *de;

	while (dir && sys_next(dir, &de) > 0) {
		struct stat st;

		if (fstatat(dirfd(dir), de->d_name, &st, 0) == 0 &&
		    st.st_dev == dev && st.st_ino == ino &&
		    has_lock(pid, de->d_name))
			return true;
	}
	return false;
}

/* Kill it, if it is still the one that was seen, and wait for its end. */
static int
kill_and_wait(const struct proc_stat *st, int64_t deadline_ns)
{
	autoclose int fd = (int)syscall(SYS_pidfd_open, st->pid, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_ns - clock_boot_ns();
	int r;

	if (fd < 0 || !signal_exactly(st, SIGKILL))
		return 0;
	if (left < 0)
		left = 0;
	do
		r = poll(&pfd, 1, (int)(left / CLOCK_NS_PER_MS));
	while (r < 0 && errno == EINTR);
	return r == 0 ? -ETIMEDOUT : 0;
}

/* What is looked for in a process. */
struct trait {
	dev_t dev; /* an open file ... */
	ino_t ino;
	const char *const *marks; /* ... or words of its environment */
};

static bool
has_word(const struct str *words, const char *word)
{
	size_t at = 0;

	while (at < words->len) {
		const char *p = words->data + at;

		if (strcmp(p, word) == 0)
			return true;
		at += strlen(p) + 1;
	}
	return false;
}

static bool
is_marked(pid_t pid, const char *const *marks)
{
	autofree char *path = mem_printf("/proc/%d/environ", (int)pid);
	autoclose int fd = sys_open(AT_FDCWD, path, O_RDONLY);
	autostr words = STR_INIT;

	if (fd < 0 || sys_read_all(fd, ENVIRON_MAX, &words) < 0)
		return false;
	for (; *marks; marks++)
		if (!has_word(&words, *marks))
			return false;
	return true;
}

static bool
has_trait(pid_t pid, const struct trait *t)
{
	return t->marks ? is_marked(pid, t->marks) : holds(pid, t->dev, t->ino);
}

static int
kill_all(const struct trait *trait, int64_t deadline_ns, pid_t *left)
{
	pid_t self = getpid();
	int found = 1;

	/* Again until none is found: they may have forked meanwhile. */
	while (found) {
		size_t n;
		autofree struct proc_stat *all = list_all(&n);

		found = 0;
		for (size_t i = 0; i < n; i++) {
			if (all[i].pid == self || all[i].state == 'Z' ||
			    !has_trait(all[i].pid, trait))
				continue;
			found++;
			if (kill_and_wait(&all[i], deadline_ns) == 0)
				continue;
			*left = all[i].pid;
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int
proc_kill_holders(dev_t dev, ino_t ino, int64_t deadline_ns, pid_t *left)
{
	const struct trait t = { .dev = dev, .ino = ino };

	return kill_all(&t, deadline_ns, left);
}

int
proc_kill_marked(const char *const *marks, int64_t deadline_ns, pid_t *left)
{
	const struct trait t = { .marks = marks };

	return kill_all(&t, deadline_ns, left);
}

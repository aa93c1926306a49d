#include "base/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define ARRIVALS                                                     \
	(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)
#define LEAVES (IN_DELETE | IN_MOVED_FROM)

struct watch {
	int fd;
	int *tokens; /* by watch descriptor; -1 is none */
	size_t cap;
};

int
watch_new(struct watch **out)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -errno;
	*out = mem_new(1, sizeof(**out));
	(*out)->fd = fd;
	return 0;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	(void)close(w->fd);
	free(w->tokens);
	free(w);
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

static int
add(struct watch *w, int dfd, int token, uint32_t mask)
{
	char path[64];
	size_t old = w->cap;
	int wd;

	/* By descriptor, so that it is the directory we hold, not its name. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dfd);
	wd = inotify_add_watch(w->fd, path, mask);
	if (wd < 0)
		return -errno;
	while ((size_t)wd >= w->cap) {
		mem_room(&w->tokens, w->cap, &w->cap, sizeof(*w->tokens));
		for (; old < w->cap; old++)
			w->tokens[old] = -1;
	}
	w->tokens[wd] = token;
	return 0;
}

int
watch_dir(struct watch *w, int dfd, int token)
{
	return add(w, dfd, token, ARRIVALS);
}

int
watch_dir_leave(struct watch *w, int dfd, int token)
{
	return add(w, dfd, token, ARRIVALS | LEAVES);
}

int
watch_content(struct watch *w, int fd, int token)
{
	return add(w, fd, token, IN_MODIFY);
}

void
watch_stop(struct watch *w, int token)
{
	for (size_t wd = 0; w && wd < w->cap; wd++) {
		if (w->tokens[wd] != token)
			continue;
		w->tokens[wd] = -1;
		(void)inotify_rm_watch(w->fd, (int)wd);
	}
}

static void
tell(struct watch *w, const struct inotify_event *ev, watch_fn *fn, void *arg)
{
	int token = -1;

	if (ev->mask & IN_Q_OVERFLOW) {
		fn(arg, WATCH_RESCAN, -1, "");
		return;
	}
	if (ev->wd >= 0 && (size_t)ev->wd < w->cap)
		token = w->tokens[ev->wd];
	if (token < 0)
		return;
	if (ev->mask & IN_IGNORED)
		w->tokens[ev->wd] = -1;
	if (ev->mask &
	    (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		fn(arg, WATCH_MOVED, token, "");
	else
		fn(arg, WATCH_ENTRY, token, ev->len ? ev->name : "");
}

int
watch_read(struct watch *w, watch_fn *fn, void *arg)
{
	_Alignas(struct inotify_event) char buf[16384];

	for (;;) {
		ssize_t n = read(w->fd, buf, sizeof(buf));
		const char *p = buf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		while (p < buf + n) {
			const struct inotify_event *ev = (const void *)p;

			tell(w, ev, fn, arg);
			p += sizeof(*ev) + ev->len;
		}
	}
}

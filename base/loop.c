#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define EVENTS_AT_ONCE 32
#define NEVER          INT64_MAX

struct source {
	int fd;
	loop_fn *fn;
	void *arg;
};

struct loop {
	int epfd, timerfd, signalfd;
	sigset_t signals;
	loop_signal_fn *signal_fn[NSIG];
	void *signal_arg[NSIG];
	struct source *sources; /* a few dozen at most: found by walking */
	size_t nsources, sources_cap;
	struct loop_timer *timers; /* the same */
	uint64_t round;            /* counts the times that timers were run */
	int64_t timerfd_due;
	loop_fn *before_fn;
	void *before_arg;
	bool stopping;
};

static void
on_signal(void *arg)
{
	struct loop *loop = arg;
	struct signalfd_siginfo si;

	while (read(loop->signalfd, &si, sizeof(si)) == sizeof(si)) {
		int signo = (int)si.ssi_signo;

		if (signo < NSIG && loop->signal_fn[signo])
			loop->signal_fn[signo](loop->signal_arg[signo], signo);
	}
}

static void
on_timerfd(void *arg)
{
	struct loop *loop = arg;
	uint64_t times;

	if (read(loop->timerfd, &times, sizeof(times)) < 0)
		return; /* re-armed meanwhile: nothing to acknowledge */
	loop->timerfd_due = NEVER;
}

struct loop *
loop_new(void)
{
	struct loop *loop = mem_new(1, sizeof(*loop));

	loop->timerfd_due = NEVER;
	(void)sigemptyset(&loop->signals);
	loop->signalfd = -1;
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	loop->timerfd =
		timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->epfd < 0 || loop->timerfd < 0 ||
	    loop_add(loop, loop->timerfd, on_timerfd, loop) < 0) {
		int saved = errno;

		loop_free(loop);
		errno = saved;
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->signalfd >= 0)
		(void)close(loop->signalfd);
	if (loop->timerfd >= 0)
		(void)close(loop->timerfd);
	if (loop->epfd >= 0)
		(void)close(loop->epfd);
	free(loop->sources);
	free(loop);
}

int
loop_add(struct loop *loop, int fd, loop_fn *fn, void *arg)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	mem_room(&loop->sources, loop->nsources, &loop->sources_cap,
	         sizeof(*loop->sources));
	loop->sources[loop->nsources++] = (struct source){ fd, fn, arg };
	return 0;
}

static struct source *
find_source(struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->nsources; i++)
		if (loop->sources[i].fd == fd)
			return &loop->sources[i];
	return NULL;
}

void
loop_drop(struct loop *loop, int fd)
{
	struct source *s = find_source(loop, fd);

	(void)epoll_ctl(loop->epfd, EPOLL_CTL_DEL, fd, NULL);
	if (s)
		*s = loop->sources[--loop->nsources];
}

int
loop_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	bool first = loop->signalfd < 0;
	int fd;

	(void)sigaddset(&loop->signals, signo);
	if (sigprocmask(SIG_BLOCK, &loop->signals, NULL) < 0)
		return -errno;
	fd = signalfd(loop->signalfd, &loop->signals,
	              SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	loop->signalfd = fd;
	loop->signal_fn[signo] = fn;
	loop->signal_arg[signo] = arg;
	return first ? loop_add(loop, fd, on_signal, loop) : 0;
}

void
loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ns, loop_fn *fn,
         void *arg)
{
	t->due_ns = due_ns;
	t->fn = fn;
	t->arg = arg;
	t->round = loop->round;
	if (!t->armed) {
		t->next = loop->timers;
		loop->timers = t;
		t->armed = true;
	}
}

void
loop_clear(struct loop *loop, struct loop_timer *t)
{
	struct loop_timer **at;

	if (!t->armed)
		return;
	at = &loop->timers;
	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
	t->armed = false;
}

void
loop_before_wait(struct loop *loop, loop_fn *fn, void *arg)
{
	loop->before_fn = fn;
	loop->before_arg = arg;
}

/* The nearest of the timers that were armed before this round. */
static struct loop_timer *
nearest(struct loop *loop, uint64_t round)
{
	struct loop_timer *best = NULL;

	for (struct loop_timer *t = loop->timers; t; t = t->next)
		if (t->round < round && (!best || t->due_ns < best->due_ns))
			best = t;
	return best;
}

static void
run_due_timers(struct loop *loop)
{
	int64_t now = clock_boot_ns();
	uint64_t round = ++loop->round;
	struct loop_timer *t;

	while (!loop->stopping && (t = nearest(loop, round)) &&
	       t->due_ns <= now) {
		loop_clear(loop, t);
		t->fn(t->arg);
	}
}

/* Tell the kernel only when the nearest due time has changed. */
static int
set_timerfd(struct loop *loop)
{
	const struct loop_timer *t = nearest(loop, UINT64_MAX);
	int64_t due = t ? t->due_ns : NEVER;
	struct itimerspec its = { { 0, 0 }, { 0, 0 } };

	if (due == loop->timerfd_due)
		return 0;
	if (t) {
		/* An all-zero time would disarm it. */
		if (due < 1)
			due = 1;
		its.it_value.tv_sec = (time_t)(due / CLOCK_NS_PER_S);
		its.it_value.tv_nsec = (long)(due % CLOCK_NS_PER_S);
	}
	if (timerfd_settime(loop->timerfd, TFD_TIMER_ABSTIME, &its, NULL) < 0)
		return -errno;
	loop->timerfd_due = due;
	return 0;
}

int
loop_run(struct loop *loop)
{
	struct epoll_event ev[EVENTS_AT_ONCE];

	loop->stopping = false;
	while (!loop->stopping) {
		int n, r;

		run_due_timers(loop);
		if (loop->before_fn && !loop->stopping)
			loop->before_fn(loop->before_arg);
		if (loop->stopping)
			break;
		r = set_timerfd(loop);
		if (r < 0)
			return r;
		n = epoll_wait(loop->epfd, ev, EVENTS_AT_ONCE, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && !loop->stopping; i++) {
			/* An earlier callback may have dropped this one. */
			struct source *s = find_source(loop, ev[i].data.fd);

			if (s)
				s->fn(s->arg);
		}
	}
	return 0;
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

/*
 * loop.h - one event loop: descriptors, timers, signals.
 *
 * Nothing here polls: the loop sleeps in epoll_wait() until a descriptor is
 * ready, a signal came (signalfd) or the nearest timer is due (timerfd on
 * CLOCK_BOOTTIME).  A child's end is a descriptor, too: its pidfd.
 *
 * The caller:
 *   1. loop_new();
 *   2. registers descriptors, signals and timers, whose callbacks may
 *      register and drop others, themselves included;
 *   3. loop_run(), until some callback calls loop_stop().
 *
 * Descriptors and timers stay the caller's; a timer must be cleared before
 * the memory that holds it goes.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

typedef void loop_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo);

/* Embedded in its owner; zeroed before the first use. */
struct loop_timer {
	int64_t due_ns; /* on the boot clock */
	loop_fn *fn;
	void *arg;
	struct loop_timer *next;
	uint64_t round; /* of the loop in which it was armed */
	bool armed;
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Call `fn(arg)` whenever `fd` can be read, or its peer has gone. */
int loop_add(struct loop *loop, int fd, loop_fn *fn, void *arg);
void loop_drop(struct loop *loop, int fd);

/* Block `signo` and call `fn(arg, signo)` from the loop instead. */
int loop_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg);

/*
 * (Re)arm a one-shot timer; due in the past means at once, but descriptors
 * that are ready get their turn before a timer armed by a timer.
 */
void loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ns,
              loop_fn *fn, void *arg);
/* One that was never armed may be cleared without a loop. */
void loop_clear(struct loop *loop, struct loop_timer *t);

/* Called before each wait: the place for work that ends an iteration. */
void loop_before_wait(struct loop *loop, loop_fn *fn, void *arg);

int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif

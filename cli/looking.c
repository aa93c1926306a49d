#include "cli/looking.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"

#define RESCAN_NS (1 * CLOCK_NS_PER_S)
#define POLL_NS   (CLOCK_NS_PER_S / 5)

struct looking {
	struct loop *loop;
	struct watch *watch; /* NULL: there is no inotify */
	struct loop_timer rescan, deadline;
	int64_t period_ns;
	looking_fn *look;
	watch_fn *event;
	void *arg;
	bool stopped;
};

static void
on_event(void *arg, enum watch_event event, int token, const char *name)
{
	struct looking *k = arg;

	if (k->stopped)
		return;
	if (event == WATCH_ENTRY && k->event)
		k->event(k->arg, event, token, name);
	else
		k->look(k->arg);
}

static void
on_watch(void *arg)
{
	struct looking *k = arg;

	/* An error here leaves the rescan, which covers it. */
	(void)watch_read(k->watch, on_event, k);
}

static void
on_rescan(void *arg)
{
	struct looking *k = arg;

	k->look(k->arg);
	if (!k->stopped)
		loop_arm(k->loop, &k->rescan, clock_boot_ns() + k->period_ns,
		         on_rescan, k);
}

static void
on_deadline(void *arg)
{
	struct looking *k = arg;

	loop_stop(k->loop);
}

int
looking_open(const struct spool *s, struct looking **out)
{
	autolooking *k = mem_new(1, sizeof(*k));

	k->period_ns = RESCAN_NS;
	k->loop = loop_new();
	if (!k->loop)
		return -errno;
	if (watch_new(&k->watch) < 0 ||
	    loop_add(k->loop, watch_fd(k->watch), on_watch, k) < 0 ||
	    spool_needs_polling(s) == 1)
		k->period_ns = POLL_NS;
	*out = take_ptr(k);
	return 0;
}

void
looking_close(struct looking *k)
{
	if (!k)
		return;
	watch_free(k->watch);
	loop_free(k->loop);
	free(k);
}

void
looking_closep(struct looking **k)
{
	looking_close(*k);
}

void
looking_watch(struct looking *k, int dfd, int token, bool leave)
{
	int r = -ENOSYS;

	if (k->watch)
		r = leave ? watch_dir_leave(k->watch, dfd, token) :
		            watch_dir(k->watch, dfd, token);
	if (r < 0)
		k->period_ns = POLL_NS;
}

int
looking_run(struct looking *k, int64_t deadline_ns, looking_fn *look,
            watch_fn *event, void *arg)
{
	int r;

	k->look = look;
	k->event = event;
	k->arg = arg;
	k->stopped = false;
	loop_arm(k->loop, &k->rescan, clock_boot_ns() + k->period_ns, on_rescan,
	         k);
	if (deadline_ns != INT64_MAX)
		loop_arm(k->loop, &k->deadline, deadline_ns, on_deadline, k);
	r = loop_run(k->loop);
	return r < 0 ? r : k->stopped;
}

void
looking_stop(struct looking *k)
{
	k->stopped = true;
	loop_stop(k->loop);
}

#include "orchestrator/manager.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sys.h"
#include "base/watch.h"
#include "orchestrator/launch.h"
#include "orchestrator/orders.h"
#include "orchestrator/seat.h"
#include "orchestrator/supervise.h"

#define QUARANTINE   "quarantine"
#define TOKEN_ORDERS 1

/* What we have open besides one for each agent, with room to open a desk. */
#define OWN_DESCRIPTORS 128

enum phase {
	PHASE_MINDING = 1,
	PHASE_DRAINING, /* agents end when their tasks have */
	PHASE_ENDING,   /* agents end at once */
};

struct manager {
	struct spool *spool;
	const struct config *config;
	enum phase phase;
	struct seat seat;
	int quarantine_fd;
	char *program;
	struct loop *loop;
	struct watch *watch; /* NULL: polling */
	struct orders orders;
	struct supervise agents;
	struct loop_timer rescan_timer;
};

static void
drain(struct manager *m, const char *asked_by, const char *hint)
{
	if (m->phase != PHASE_MINDING)
		return;
	m->phase = PHASE_DRAINING;
	log_info("%s: ending when running tasks have ended, agents=%zu; %s",
	         asked_by, supervise_alive(&m->agents), hint);
	supervise_stop(&m->agents);
}

static void
end_now(struct manager *m, const char *asked_by)
{
	if (m->phase == PHASE_ENDING)
		return;
	m->phase = PHASE_ENDING;
	log_info("%s: ending now, agents=%zu", asked_by,
	         supervise_alive(&m->agents));
	supervise_stop_now(&m->agents);
}

static int
resume(struct manager *m, const char *agent, struct err *err)
{
	const struct config_agent *known;
	int r = config_find(m->config, agent, &known, err);

	if (r < 0)
		return r;
	if (m->phase != PHASE_MINDING)
		return -EAGAIN; /* for whoever comes after us */
	supervise_resume(&m->agents, agent);
	return 0;
}

static int
on_order(void *manager, const struct order *o, struct err *err)
{
	struct manager *m = manager;

	switch (o->kind) {
	case ORDER_DOWN:
		drain(m, "request=down", "spoolhand down --now ends now");
		return 0;
	case ORDER_DOWN_NOW:
		end_now(m, "request=down-now");
		return 0;
	case ORDER_RESUME:
		return resume(m, o->agent, err);
	default:
		return err_set(err, -EPROTO, "not understood");
	}
}

static void
on_signal(void *manager, int signo)
{
	struct manager *m = manager;
	char by[32];

	(void)snprintf(by, sizeof(by), "signal=%d", signo);
	if (signo == SIGCHLD)
		supervise_reap(&m->agents);
	else if (m->phase == PHASE_MINDING)
		drain(m, by, "a second signal (Ctrl-C) ends now");
	else
		end_now(m, by);
}

static void
watch_orders(struct manager *m)
{
	int r = orders_watch(&m->orders, m->watch, TOKEN_ORDERS);

	if (r < 0)
		log_warn("cannot watch 'gm/requests': %s; looked at again at "
		         "the next rescan",
		         err_name(r));
}

static void
on_rescan(void *manager)
{
	struct manager *m = manager;
	int64_t every = m->watch ? m->config->rescan_ms : m->config->poll_ms;

	loop_arm(m->loop, &m->rescan_timer,
	         clock_boot_ns() + every * CLOCK_NS_PER_MS, on_rescan, m);
	watch_orders(m);
	orders_scan(&m->orders, on_order, m);
	supervise_rescan(&m->agents);
}

static void
on_event(void *manager, enum watch_event event, int token, const char *name)
{
	struct manager *m = manager;

	(void)token;
	if (event == WATCH_ENTRY && name[0] == '.')
		return;
	if (event != WATCH_ENTRY)
		watch_orders(m);
	orders_scan(&m->orders, on_order, m);
}

static void
on_watch(void *manager)
{
	struct manager *m = manager;
	int r = watch_read(m->watch, on_event, m);

	if (r < 0)
		log_warn("cannot read events: %s", err_name(r));
}

static void
before_wait(void *manager)
{
	struct manager *m = manager;

	if (m->phase != PHASE_MINDING && supervise_alive(&m->agents) == 0)
		loop_stop(m->loop);
}

/* Inotify where it can be had and is wanted; else polling, and say so. */
static int
open_watch(struct manager *m, struct err *err)
{
	const char *why = "watch: poll";
	int r;

	if (m->config->watch != CONFIG_POLL) {
		why = "this file system gives no events";
		if (m->config->watch == CONFIG_INOTIFY ||
		    !spool_needs_polling(m->spool)) {
			r = watch_new(&m->watch);
			why = err_name(r);
		}
	}
	if (!m->watch) {
		log_info("polling every %lld ms: %s",
		         (long long)m->config->poll_ms, why);
		return 0;
	}
	r = loop_add(m->loop, watch_fd(m->watch), on_watch, m);
	return r < 0 ? err_sys(err, r, "cannot watch 'gm/requests'") : 0;
}

/*
 * Signals that the terminal or a reader of our log send when they go are not
 * for us, and one who ignored SIGCHLD before exec would hide our children.
 */
static int
open_loop(struct manager *m, struct err *err)
{
	static const int ours[] = { SIGCHLD, SIGTERM, SIGINT };
	static const int ignored[] = { SIGHUP, SIGPIPE, SIGTTOU };
	int r = 0;

	m->loop = loop_new();
	if (!m->loop)
		return err_sys(err, -errno, "cannot make an event loop");
	(void)signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < countof(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < countof(ours) && r == 0; i++)
		r = loop_signal(m->loop, ours[i], on_signal, m);
	if (r < 0)
		return err_sys(err, r, "cannot take signals");
	loop_before_wait(m->loop, before_wait, m);
	return open_watch(m, err);
}

static int
open_desk(struct manager *m, int64_t since_ns, struct err *err)
{
	int r = sys_mkdir(m->seat.gm_fd, QUARANTINE, 0755);

	if (r == 0 || r == -EEXIST)
		r = m->quarantine_fd = sys_opendir(m->seat.gm_fd, QUARANTINE);
	if (r < 0)
		return err_sys(err, r, "cannot open 'gm/%s'", QUARANTINE);
	r = orders_open(&m->orders, m->seat.gm_fd, since_ns, m->spool->durable,
	                err);
	if (r < 0 || !m->spool->durable)
		return r;
	r = sys_fsync(m->seat.gm_fd);
	return r < 0 ? err_sys(err, r, "cannot sync 'gm'") : 0;
}

static void
allow_descriptors(struct manager *m, struct fdlimit *fds)
{
	int r = fdlimit_raise(fds, m->config->nagents + OWN_DESCRIPTORS);

	if (r < 0)
		log_warn("cannot have a descriptor for each of %zu agents "
		         "(%s): not all of them will run; raise the limit "
		         "(ulimit -n)",
		         m->config->nagents, err_name(r));
}

/*
 * Requests are looked at before any agent is started, so that one to resume
 * an agent that was dropped while nobody ran is in time.
 */
static int
begin(struct manager *m, struct err *err)
{
	int64_t since_ns = clock_wall_ns();
	struct ward_ground ground = { .spool = m->spool };
	int r = seat_take(&m->seat, m->spool, err);

	if (r == 0)
		r = launch_find(&m->program, err);
	if (r == 0)
		r = open_desk(m, since_ns, err);
	if (r == 0)
		r = open_loop(m, err);
	if (r < 0)
		return r;
	ground.loop = m->loop;
	ground.program = m->program;
	ground.quarantine_fd = m->quarantine_fd;
	allow_descriptors(m, &ground.fds);
	supervise_init(&m->agents, &ground, m->config);
	on_rescan(m);
	supervise_begin(&m->agents);
	log_info("ready agents=%zu pid=%d", m->config->nagents, (int)getpid());
	return 0;
}

static void
end(struct manager *m)
{
	supervise_done(&m->agents);
	orders_close(&m->orders);
	watch_free(m->watch);
	loop_free(m->loop);
	free(m->program);
	if (m->quarantine_fd >= 0)
		(void)close(m->quarantine_fd);
	seat_leave(&m->seat);
}

int
manager_run(struct spool *spool, const struct config *config, struct err *err)
{
	struct manager m = {
		.spool = spool,
		.config = config,
		.phase = PHASE_MINDING,
		.seat = SEAT_INIT,
		.quarantine_fd = -1,
		.orders = ORDERS_INIT,
	};
	int r = begin(&m, err);

	if (r == 0) {
		r = loop_run(m.loop);
		if (r < 0)
			(void)err_sys(err, r, "the event loop failed");
		else
			log_info("ended");
	}
	end(&m);
	return r;
}

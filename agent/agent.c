#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/answers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sys.h"
#include "spool/ballast.h"

#define START_AT_ONCE 64 /* attempts that end in their very start */

void
agent_fail(struct agent *a, int code, const struct err *err)
{
	log_error("agent=%s %s; the agent stops, its desk is left as it is",
	          a->desk->name, err->text);
	a->failed = true;
	if (a->run.worker)
		worker_stop(a->run.worker);
	(void)code;
	loop_stop(a->loop);
}

static int64_t
admitted_ms(void *agent, const struct entry *e)
{
	const struct agent *a = agent;
	char name[ENTRY_NAME_MAX];
	struct stat st;

	if (sys_stat(a->desk->at[PLACE_READY], entry_format(e, name), &st) < 0)
		return clock_wall_ms();
	return (int64_t)st.st_mtim.tv_sec * 1000 +
	       st.st_mtim.tv_nsec / CLOCK_NS_PER_MS;
}

static void
on_hold_over(void *agent)
{
	/* The loop schedules before it waits again: nothing to do here. */
	(void)agent;
}

/* Start the next READY task, if none runs and one may. */
static void
schedule(struct agent *a)
{
	struct entry next;

	for (int i = 0; i < START_AT_ONCE && !a->run.active; i++) {
		if (a->draining) {
			if (!warm_dismiss(a->warm, a->stop_now))
				loop_stop(a->loop);
			return;
		}
		if (a->paused ||
		    !queue_peek(&a->ready, a->role->ageing_ms, clock_wall_ms(),
		                admitted_ms, a, &next)) {
			lanes_settle(a, false);
			return;
		}
		if (clock_boot_ns() < a->hold_until_ns) {
			loop_arm(a->loop, &a->hold_timer, a->hold_until_ns,
			         on_hold_over, a);
			return;
		}
		if (!pausing_lets(a)) {
			loop_arm(a->loop, &a->hold_timer, pausing_until_ns(a),
			         on_hold_over, a);
			return;
		}
		/* Before the lane: what is taken there is taken from others. */
		if (!warm_ready(a->warm)) {
			lanes_settle(a, false);
			return;
		}
		if (!lanes_let(a, &next))
			return;
		attempt_begin(a, &next);
	}
	/* The others get a turn; then go on. */
	if (!a->run.active)
		loop_arm(a->loop, &a->hold_timer, 0, on_hold_over, a);
}

static void
before_wait(void *agent)
{
	struct agent *a = agent;

	schedule(a);
	lanes_settle(a, true);
	intake_room(a);
	/* It waits for room to be saved in: recovery will see to it. */
	if (a->stop_now && !a->run.worker && !warm_dismiss(a->warm, true))
		loop_stop(a->loop);
}

/* A place that was moved away or replaced is opened anew, and told of. */
static void
mind_place(struct agent *a, enum place p, int token)
{
	struct err err;

	if (!desk_place_replaced(a->desk, p))
		return;
	if (desk_reopen_place(a->desk, p, &err) < 0) {
		log_warn("agent=%s %s", a->desk->name, err.text);
		return;
	}
	log_warn("agent=%s %s/ was moved or replaced; the new one is used",
	         a->desk->name, desk_place_name(p));
	if (a->watch)
		(void)watch_dir(a->watch, a->desk->at[p], token);
}

static void
look_everywhere(struct agent *a)
{
	bool all;

	mind_place(a, PLACE_INBOX, AGENT_TOKEN_INBOX);
	mind_place(a, PLACE_REQUESTS, AGENT_TOKEN_REQUESTS);
	mind_place(a, PLACE_ANSWERS, AGENT_TOKEN_ANSWERS);
	intake_scan(a);
	asked_scan(a);
	answers_scan(a);
	lanes_recheck(a);
	keeping_recheck(a);
	/* Where nothing is watched, only if something was published. */
	all = a->watch || foreign_anything_new(a);
	waits_recheck(a, all);
	blocked_recheck(a, all);
}

static void
on_rescan(void *agent)
{
	struct agent *a = agent;
	int64_t every = a->watch ? a->config->rescan_ms : a->config->poll_ms;

	loop_arm(a->loop, &a->rescan_timer,
	         clock_boot_ns() + every * CLOCK_NS_PER_MS, on_rescan, a);
	look_everywhere(a);
}

/* A folder that we hold open tells nothing itself of its removal. */
static bool
is_minded(const char *name)
{
	return strcmp(name, desk_place_name(PLACE_INBOX)) == 0 ||
	       strcmp(name, desk_place_name(PLACE_REQUESTS)) == 0 ||
	       strcmp(name, desk_place_name(PLACE_ANSWERS)) == 0;
}

/* Something has come to outbox/, failed/ or rejected/ of a desk. */
static void
on_foreign(struct agent *a, const char *other, const char *name)
{
	waits_result_of(a, other, name);
	blocked_result_of(a, other, name);
}

static void
on_event(void *agent, enum watch_event event, int token, const char *name)
{
	struct agent *a = agent;

	if (event != WATCH_ENTRY ||
	    (token == AGENT_TOKEN_DESK && is_minded(name)))
		look_everywhere(a);
	else if (token == AGENT_TOKEN_INBOX)
		intake_seen(a, name);
	else if (token == AGENT_TOKEN_REQUESTS && name[0] != '.')
		asked_scan(a);
	else if (token == AGENT_TOKEN_LANE)
		lanes_event(a, name);
	else if (token == AGENT_TOKEN_ANSWERS)
		answers_seen(a, name);
	else if (token >= AGENT_TOKEN_FOREIGN)
		on_foreign(a, a->foreign[token - AGENT_TOKEN_FOREIGN].name,
		           name);
}

static void
on_watch(void *agent)
{
	struct agent *a = agent;
	int r = watch_read(a->watch, on_event, a);

	if (r < 0)
		log_warn("agent=%s cannot read events: %s", a->desk->name,
		         err_name(r));
}

static void
on_signal(void *agent, int signo)
{
	struct agent *a = agent;

	if (signo == SIGCHLD) {
		worker_on_child(a->run.worker, warm_worker(a->warm));
		return;
	}
	if (!a->draining) {
		a->draining = true;
		log_info("agent=%s stopping%s", a->desk->name,
		         a->run.active ? " when its task has ended" : "");
		return;
	}
	/* Asked twice: no grace. */
	a->stop_now = true;
	if (a->run.worker) {
		worker_stop(a->run.worker);
		worker_stop(a->run.worker);
	}
}

/* Inotify where it can be had and is wanted; else polling, said loudly. */
static int
open_watch(struct agent *a, struct err *err)
{
	bool wanted = a->config->watch == CONFIG_INOTIFY;
	const char *why = "watch: poll";
	int r = 0;

	if (a->config->watch == CONFIG_POLL ||
	    (!wanted && spool_needs_polling(a->spool))) {
		if (a->config->watch != CONFIG_POLL)
			why = "this file system gives no events";
	} else {
		r = watch_new(&a->watch);
		why = err_name(r);
	}
	if (r < 0 && wanted)
		return err_sys(err, r, "cannot watch the desk");
	if (!a->watch) {
		log_info("agent=%s polling every %lld ms: %s", a->desk->name,
		         (long long)a->config->poll_ms, why);
		return 0;
	}
	r = watch_dir(a->watch, a->desk->at[PLACE_INBOX], AGENT_TOKEN_INBOX);
	if (r == 0)
		r = watch_dir(a->watch, a->desk->at[PLACE_REQUESTS],
		              AGENT_TOKEN_REQUESTS);
	if (r == 0)
		r = watch_dir(a->watch, a->desk->at[PLACE_ANSWERS],
		              AGENT_TOKEN_ANSWERS);
	if (r == 0)
		r = watch_dir_leave(a->watch, a->desk->fd, AGENT_TOKEN_DESK);
	if (r == 0)
		r = loop_add(a->loop, watch_fd(a->watch), on_watch, a);
	return r < 0 ? err_sys(err, r, "cannot watch the desk") : 0;
}

static int
open_loop(struct agent *a, struct err *err)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT };
	int r = 0;

	a->loop = loop_new();
	if (!a->loop)
		return err_sys(err, -errno, "cannot make an event loop");
	for (size_t i = 0; i < countof(signals) && r == 0; i++)
		r = loop_signal(a->loop, signals[i], on_signal, a);
	if (r < 0)
		return err_sys(err, r, "cannot take signals");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	loop_before_wait(a->loop, before_wait, a);
	return open_watch(a, err);
}

/* Watch first, then look: nothing can come in between unseen. */
static int
begin(struct agent *a, struct err *err)
{
	char **claimed = NULL;
	int r = startup_take_desk(a, err);

	if (r == 0)
		r = open_loop(a, err);
	if (r == 0)
		r = startup_contain(a, err);
	if (r == 0)
		r = lanes_begin(a, err);
	if (r == 0)
		r = startup_recover(a, err);
	/* Full: what the reserve is for, and recovery can be made again. */
	if ((r == -ENOSPC || r == -EDQUOT) && a->loop &&
	    ballast_release(a->desk) > 0)
		r = startup_recover(a, err);
	if (r == 0)
		r = startup_load(a, err);
	if (r < 0)
		return r;
	if (ballast_keep(a->desk) < 0) {
		a->full_disk = true; /* intake_run() tries again */
		loop_arm(a->loop, &a->drops_timer, 0, intake_run, a);
	}
	r = admit_recover(a->desk, &a->journal, clock_wall_ms(), &claimed, err);
	if (r == 0)
		r = startup_adopt(a, err);
	if (r < 0)
		return r;
	intake_leftovers(a, claimed);
	keeping_begin(a);
	answers_recover(a);
	on_rescan(a);
	if (a->role->mode == CONFIG_STREAM)
		a->warm = warm_new(a);
	return 0;
}

static void
end(struct agent *a)
{
	if (a->journal.fd >= 0 && !a->failed && a->loop)
		(void)startup_mark(a, "stop");
	waits_done(a);
	folders_done(a);
	circles_done(a);
	blocked_done(a);
	answers_done(a);
	foreign_done(a);
	intake_done(a);
	lanes_done(a);
	keeping_done(a);
	queue_done(&a->ready);
	strset_done(&a->ids);
	task_done(&a->run.task);
	free(a->run.missing);
	warm_free(a->warm);
	worker_free(a->run.worker);
	containment_end(a->containment);
	watch_free(a->watch);
	loop_free(a->loop);
	journal_close(&a->journal);
	desk_close(a->desk);
	if (a->lock_fd >= 0)
		(void)close(a->lock_fd);
}

int
agent_run(struct spool *spool, const struct config *config,
          const struct config_agent *role, struct err *err)
{
	struct agent a = {
		.config = config,
		.role = role,
		.spool = spool,
		.journal.fd = -1,
		.lock_fd = -1,
		.run.channel.fd = -1,
		.run.task.fd = -1,
	};
	int r = begin(&a, err);

	if (r == 0) {
		log_info("agent=%s ready pid=%d", role->name, (int)getpid());
		r = loop_run(a.loop);
		if (r < 0)
			(void)err_sys(err, r, "the event loop failed");
		else if (a.failed)
			r = err_set(err, -EIO, "stopped by an error");
	}
	end(&a);
	return r;
}

/*
 * One attempt of one task: from READY to the end of its worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/surroundings.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/inputs.h"
#include "spool/manifest.h"
#include "spool/move.h"
#include "spool/record.h"
#include "spool/result.h"
#include "spool/session.h"

#define PROGRESS_EVERY_NS (100 * CLOCK_NS_PER_MS)
#define VERIFY_AGAIN      2 /* exit status: do it again, with these words */
#define BLOCKED_EXIT      79

/* What an earlier attempt left in work/ID that is not the worker's own. */
static const char *const stale[] = { "in",       "out",       "stdout",
	                             "stderr",   "result",    "progress.json",
	                             "body",     "refused",   "position",
	                             CALLS_WAIT, CALLS_MISUSE };

static const char not_blocked[] =
	"it exited with status 79, which says that it is blocked, but no "
	"`spoolhand ask`, `call` or `sleep` in it has said on what";

static void on_ended(void *agent, const struct child_end *end, bool timed_out);

static int
prepare_work(struct agent *a, const char *id)
{
	int places = a->desk->at[PLACE_WORK];
	autoclose int work = -1;
	int r = sys_mkdir(places, id, 0755);
	bool fresh = r == 0;

	if (r < 0 && r != -EEXIST)
		return r;
	work = sys_opendir(places, id);
	if (work < 0)
		return work;
	for (size_t i = 0; i < countof(stale) && !fresh; i++) {
		r = sys_remove_tree(work, stale[i]);
		if (r < 0)
			return r;
	}
	r = sys_mkdir(work, "in", 0755);
	return r < 0 ? r : sys_mkdir(work, "out", 0755);
}

static void
write_progress(void *agent)
{
	struct agent *a = agent;

	a->run.progress_due = false;
	/* For people only: a disk that is full just does not show it. */
	(void)progress_write(a->desk, a->run.entry.id, &a->run.channel.now);
}

static void
on_channel(void *agent)
{
	struct agent *a = agent;
	struct channel *c = &a->run.channel;
	int r = channel_read(c, clock_wall_ms());

	if (r < 0) {
		loop_drop(a->loop, c->fd);
		(void)close(take_fd(c->fd));
		return;
	}
	stall_sign(a);
	if (r > 0)
		attempt_show_progress(a);
}

void
attempt_show_progress(struct agent *a)
{
	if (a->run.progress_due)
		return;
	a->run.progress_due = true;
	loop_arm(a->loop, &a->run.progress_timer,
	         clock_boot_ns() + PROGRESS_EVERY_NS, write_progress, a);
}

/* The body as a descriptor: the file from where it begins. */
static int
open_body(struct agent *a, int *fd)
{
	struct task *t = &a->run.task;
	autofree char *path = mem_printf("%s/body", a->run.entry.id);
	autoclose int body = -1;
	int r;

	*fd = -1;
	if (!t->json_body)
		return lseek(t->fd, t->body_at, SEEK_SET) < 0 ? -errno : 0;
	body = sys_create(a->desk->at[PLACE_WORK], path, 0644);
	if (body < 0)
		return body;
	r = sys_write_all(body, t->json_body, strlen(t->json_body));
	if (r < 0 || lseek(body, 0, SEEK_SET) < 0)
		return r < 0 ? r : -errno;
	*fd = take_fd(body);
	return 0;
}

static int
fetch(struct agent *a, struct err *err)
{
	bool without = a->run.record.without_inputs;
	char name[ENTRY_NAME_MAX];
	autostr missing = STR_INIT;
	autoclose int dir = -1;
	int r;

	if (!a->run.task.directory && !a->run.task.inputs && !without)
		return 0;
	if (a->run.task.directory) {
		dir = sys_opendir(a->desk->at[PLACE_RUNNING],
		                  entry_format(&a->run.entry, name));
		if (dir < 0)
			return err_sys(err, dir, "cannot open the task");
	}
	r = inputs_fetch(a->spool, a->desk, a->run.entry.id, dir, &a->run.task,
	                 without ? &missing : NULL, err);
	a->run.missing = str_take(&missing);
	return r;
}

static int
prepare_session(struct agent *a, struct err *err)
{
	int r = a->role->session ? session_make(a->desk) : 0;

	return r < 0 ? err_sys(err, r, "cannot make '" SESSION_DIR "'") : 0;
}

static int64_t
timeout_ms(const struct agent *a)
{
	return a->run.task.timeout_ms >= 0 ? a->run.task.timeout_ms :
	                                     a->role->timeout_ms;
}

static int
launch(struct agent *a, const char *const *argv, int stdin_fd, int progress_fd,
       bool fresh, struct err *err)
{
	struct attempt *run = &a->run;
	char **env = surroundings_make(a->desk, a->role, &run->entry,
	                               &run->task, run->missing);
	struct worker_spec spec = {
		.desk = a->desk,
		.containment = a->containment,
		.id = run->entry.id,
		.argv = argv,
		.envp = (const char *const *)env,
		.stdin_fd = stdin_fd,
		.progress_fd = progress_fd,
		.lane_fd = lanes_fd(a),
		.fresh_output = fresh,
		.timeout_ms = timeout_ms(a),
		.grace_ms = a->role->grace_ms,
		.beside = warm_worker(a->warm),
	};
	int r = worker_start(a->loop, &spec, on_ended, a, &run->worker, err);

	keys_free_list(env);
	if (r == 0)
		stall_begin(a);
	return r;
}

static int
start(struct agent *a, struct err *err)
{
	const char *const shell[] = { "/bin/sh", "-c", a->role->shell, NULL };
	struct attempt *run = &a->run;
	autoclose int progress = -1;
	autoclose int body = -1;
	int r = open_body(a, &body);

	if (r < 0)
		return err_sys(err, r, "cannot open the body");
	if (a->warm) {
		run->channel.now.phase = PHASE_WORKING;
		r = warm_give(a->warm, timeout_ms(a), err);
		if (r == 0)
			stall_begin(a);
		return r;
	}
	r = channel_open(&run->channel, &progress);
	if (r < 0)
		return err_sys(err, r, "cannot make a pipe");
	r = launch(a,
	           a->role->shell ? shell :
	                            (const char *const *)a->role->command,
	           body >= 0 ? body : run->task.fd, progress, true, err);
	/* It runs all the same if nobody can listen to what it reports. */
	if (r < 0 || loop_add(a->loop, run->channel.fd, on_channel, a) < 0)
		channel_close(&run->channel);
	return r;
}

static int
to_running(struct agent *a)
{
	struct move m = { .from = PLACE_READY,
		          .to = PLACE_RUNNING,
		          .count_attempt = true,
		          .why = "it is next and nothing runs" };

	return move_task(a->desk, &a->journal, &m, &a->run.entry,
	                 clock_wall_ms());
}

/* Facts that the result will tell, taken before anything changes. */
static void
note_facts(struct agent *a)
{
	struct attempt *run = &a->run;

	record_read(a->desk, run->entry.id, &run->record);
	(void)record_origin(a->desk, PLACE_READY, &run->entry, &run->record,
	                    &run->facts.uid, &run->facts.admitted_ms);
	run->facts.started_ms = clock_wall_ms();
	run->facts.started_boot_ns = clock_boot_ns();
	if (!run->record.first_started_ms)
		run->record.first_started_ms = run->facts.started_ms;
	run->facts.end.exit = -1;
}

static void
give_back(struct agent *a, const char *what, int code)
{
	log_warn("agent=%s task=%s %s: %s, retry in 2s", a->desk->name,
	         a->run.entry.id, what, err_name(code));
	task_done(&a->run.task);
	a->run = (struct attempt){ .channel.fd = -1 };
	a->hold_until_ns = clock_boot_ns() + 2 * CLOCK_NS_PER_S;
}

/* What the record names, which is an end that is final. */
static enum verdict
doom_of(const struct record *rec)
{
	for (int v = 0; v < VERDICT_N; v++)
		if (strcmp(verdict_name((enum verdict)v), rec->doom) == 0)
			return (enum verdict)v;
	return VERDICT_NO_ANSWER;
}

void
attempt_begin(struct agent *a, const struct entry *e)
{
	struct attempt *run = &a->run;
	struct entry queued = *e;
	char name[ENTRY_NAME_MAX];
	struct err err = { "" };
	int r;

	*run = (struct attempt){ .entry = *e, .channel.fd = -1 };
	r = task_open(a->desk->at[PLACE_READY], entry_format(e, name),
	              &run->task, &err);
	if (r == -ENOENT) {
		(void)queue_remove(&a->ready, e);
		waits_vanished(a, e);
		return;
	}
	if (r == -EBADMSG) {
		/* It was a task when it was admitted: somebody touched it. */
		(void)queue_remove(&a->ready, e);
		(void)closing_withdraw(a, PLACE_READY, e, "unreadable",
		                       err.text);
		return;
	}
	if (r < 0) {
		give_back(a, "cannot be read", r);
		return;
	}
	note_facts(a);
	r = prepare_work(a, e->id);
	if (r == 0)
		r = to_running(a);
	if (r < 0) {
		give_back(a, "cannot be started", r);
		return;
	}
	(void)queue_remove(&a->ready, &queued);
	run->active = true;
	if (run->record.doom[0]) {
		closing_after_worker(a, doom_of(&run->record),
		                     run->record.message);
		return;
	}
	pausing_begin(a, &run->entry);
	r = fetch(a, &err);
	if (r == -ENOENT || r == -EBADMSG) {
		closing_after_worker(a, VERDICT_INPUTS, err.text);
		return;
	}
	if (r == 0)
		r = prepare_session(a, &err);
	if (r == 0)
		r = start(a, &err);
	if (r < 0)
		closing_after_worker(a, VERDICT_CANNOT_START, err.text);
}

void
attempt_cancel(struct agent *a)
{
	a->run.cancelled = true;
	if (a->run.worker)
		worker_stop(a->run.worker);
}

static void
close_channel(struct agent *a)
{
	struct channel *c = &a->run.channel;

	loop_clear(a->loop, &a->run.progress_timer);
	if (c->fd >= 0) {
		/* Its writers are dead; somebody they gave it to is not. */
		for (int i = 0; i < 64 && channel_read(c, clock_wall_ms()) > 0;
		     i++)
			a->run.progress_due = true;
		loop_drop(a->loop, c->fd);
	}
	channel_close(c);
	if (c->bad)
		log_info("agent=%s task=%s said %u lines on TASK_FD that are "
		         "no JSON objects, ignored",
		         a->desk->name, a->run.entry.id, c->bad);
}

static char *
missing_output(struct agent *a)
{
	for (char **p = a->run.task.outputs; p && *p; p++) {
		autofree char *path =
			mem_printf("%s/out/%s", a->run.entry.id, *p);

		if (sys_exists(a->desk->at[PLACE_WORK], path) != 1)
			return mem_printf("it exited with status 0, but its "
			                  "declared output '%s' is not there",
			                  *p);
	}
	return NULL;
}

/* What the verify command will write to stderr begins where that ends now. */
static off_t
end_of_errors(const struct agent *a)
{
	autofree char *path = mem_printf("%s/stderr", a->run.entry.id);
	struct stat st;
	int r = sys_stat(a->desk->at[PLACE_WORK], path, &st);

	return r == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

static void
verify(struct agent *a)
{
	struct err err = { "" };
	int r;

	a->run.verifying = true;
	a->run.verify_from = end_of_errors(a);
	r = launch(a, (const char *const *)a->role->verify, -1, -1, false,
	           &err);
	if (r < 0)
		closing_after_worker(a, VERDICT_CANNOT_START, err.text);
}

/* Did the worker end as it wanted to? */
static bool
by_itself(const struct agent *a)
{
	return !a->run.verifying && !a->run.timed_out &&
	       !a->run.stall.stopped && !a->run.cancelled;
}

/* Has its script used a durable call in a way that cannot be right? */
static char *
misuse(const struct agent *a)
{
	autostr why = STR_INIT;

	if (!calls_misused(a->desk, a->run.entry.id, &why))
		return NULL;
	return mem_printf("a durable call of it was refused: %s",
	                  str_text(&why));
}

static void
judge(struct agent *a, const struct child_end *end)
{
	enum verdict v = verdict_of_exit(end->exit, end->signal);
	autofree char *message = NULL;
	bool worked;

	if (a->run.crashed[0]) {
		v = VERDICT_CRASHED;
	} else if (!end->signal && by_itself(a)) {
		if (closing_waits(a))
			return;
		message = misuse(a);
		if (message)
			v = VERDICT_PERMANENT;
	}
	if (a->run.verifying && v != VERDICT_OK)
		v = end->exit == VERIFY_AGAIN ? VERDICT_REVIEW : VERDICT_VERIFY;
	worked = v == VERDICT_OK && !a->run.verifying;
	/* We ended it: what it made of that, even exit 0, does not count. */
	if (a->run.timed_out)
		v = VERDICT_TIMEOUT;
	if (a->run.stall.stopped)
		v = VERDICT_STALLED;
	if (a->run.cancelled)
		v = VERDICT_CANCELLED;
	if (worked && v == VERDICT_OK) {
		message = missing_output(a);
		if (message) {
			v = VERDICT_NO_OUTPUT;
		} else if (a->role->verify && !a->stop_now) {
			verify(a);
			return;
		}
	}
	/* Stopped, not failed: unless it was done all the same. */
	if (a->stop_now && (v != VERDICT_OK || (worked && a->role->verify)))
		v = VERDICT_STOPPED;
	if (v == VERDICT_EXIT && end->exit == BLOCKED_EXIT)
		message = mem_dup(not_blocked);
	else if (v == VERDICT_CRASHED)
		message = mem_dup(a->run.crashed);
	closing_after_worker(a, v, message);
}

static void
on_ended(void *agent, const struct child_end *end, bool timed_out)
{
	struct agent *a = agent;
	struct child_end e = *end; /* it goes with the worker */

	worker_free(take_ptr(a->run.worker));
	attempt_ended(a, &e, timed_out);
}

void
attempt_ended(struct agent *a, const struct child_end *end, bool timed_out)
{
	stall_end(a);
	close_channel(a);
	if (!a->run.verifying)
		a->run.facts.end = *end;
	a->run.timed_out |= timed_out;
	judge(a, end);
}

#include "agent/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/hearing.h"
#include "agent/stream.h"
#include "agent/surroundings.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/downtime.h"

#define PIPE_BYTES   (256 * 1024) /* room for the line of a task */
#define PAUSE_NS     (100 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS (30 * CLOCK_NS_PER_S)
#define DEAF_NS      CLOCK_NS_PER_S

static void on_start(void *warm);

struct warm *
warm_new(struct agent *a)
{
	struct warm *w = mem_new(1, sizeof(*w));

	w->a = a;
	w->in = w->out = w->errors = -1;
	w->stdout_fd = w->stderr_fd = -1;
	w->lines.max = STREAM_LINE_MAX;
	loop_arm(a->loop, &w->start_timer, 0, on_start, w);
	return w;
}

struct worker *
warm_worker(const struct warm *w)
{
	return w ? w->worker : NULL;
}

static void
close_pipes(struct warm *w)
{
	int *fds[] = { &w->in, &w->out, &w->errors };

	for (size_t i = 0; i < countof(fds); i++) {
		if (*fds[i] < 0)
			continue;
		loop_drop(w->a->loop, *fds[i]);
		(void)close(take_fd(*fds[i]));
	}
	lines_done(&w->lines);
}

/* Three pipes, ours of which do not block; `theirs` are 0, 1 and 2. */
static int
open_pipes(struct warm *w, int theirs[3])
{
	int *ours[3] = { &w->in, &w->out, &w->errors };

	for (int i = 0; i < 3; i++) {
		int fds[2], mine = i == 0;

		if (pipe2(fds, O_CLOEXEC) < 0)
			return -errno;
		*ours[i] = fds[mine];
		theirs[i] = fds[!mine];
		if (fcntl(fds[mine], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	/* Where that is not allowed, long tasks are told without their body. */
	(void)fcntl(w->in, F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

/* --- dying, and being started again -------------------------------------- */

/* The next one comes after a pause, which is told to whoever asks. */
static void
wait_after(struct warm *w, const char *how)
{
	struct desk *d = w->a->desk;
	struct downtime down;
	int64_t pause = PAUSE_NS;
	char text[CLOCK_TEXT_MAX];

	w->deaths++;
	for (int64_t i = 1; i < w->deaths && pause < PAUSE_MAX_NS; i++)
		pause *= 2;
	if (pause > PAUSE_MAX_NS)
		pause = PAUSE_MAX_NS;
	w->next_start_ns = clock_boot_ns() + pause;
	down.deaths = w->deaths;
	down.until_ms = clock_wall_ms() + pause / CLOCK_NS_PER_MS;
	(void)snprintf(down.message, sizeof(down.message), "%s", how);
	/* For people only: a disk that is full just does not show it. */
	(void)downtime_write(d, &down);
	log_warn("agent=%s has no worker, %lld time%s in a row without a task "
	         "done: %s; the next start in %s",
	         d->name, (long long)w->deaths, w->deaths == 1 ? "" : "s", how,
	         clock_format_duration(pause / CLOCK_NS_PER_MS, text));
}

static void
say_end(const struct warm *w, const struct child_end *end, struct str *out)
{
	if (w->wrong[0])
		str_adds(out, w->wrong);
	else if (end->signal == 0 && end->exit == 0)
		str_adds(out, "it exited with status 0");
	else
		verdict_say(end->signal ? VERDICT_SIGNAL : VERDICT_EXIT,
		            end->exit, end->signal, out);
}

static void
on_ended(void *warm, const struct child_end *end, bool timed_out)
{
	struct warm *w = warm;
	struct child_end e = *end; /* it goes with the worker */
	/* By us, for a reason that is not its fault. */
	bool stopped = worker_was_stopped(w->worker) && !w->wrong[0];
	autostr how = STR_INIT;

	if (w->busy)
		w->a->run.worker = NULL;
	worker_free(take_ptr(w->worker));
	loop_clear(w->a->loop, &w->end_timer);
	loop_clear(w->a->loop, &w->deaf_timer);
	hearing_rest(w, !stopped);
	say_end(w, &e, &how);
	if (!stopped && !w->dismissed && !w->served)
		wait_after(w, str_text(&how));
	else if (!stopped && !w->dismissed)
		log_info("agent=%s its worker is gone: %s; another is started",
		         w->a->desk->name, str_text(&how));
	if (w->busy)
		hearing_crashed(w, &e, timed_out, str_text(&how));
	close_pipes(w);
	loop_arm(w->a->loop, &w->start_timer, w->next_start_ns, on_start, w);
}

static void
on_still_deaf(void *warm)
{
	struct warm *w = warm;
	int unread = 0;

	if (!w->busy || w->in < 0)
		return;
	if (w->untold || (ioctl(w->in, FIONREAD, &unread) == 0 && unread > 0))
		warm_distrust(w, "it has closed its standard input and has not "
		                 "read its task");
}

/*
 * Nobody reads its standard input any more.  Whoever has its task may do that
 * and answer nevertheless; one that is dying is heard of in a moment.
 */
static void
on_deaf(void *warm)
{
	struct warm *w = warm;

	loop_drop(w->a->loop, w->in);
	loop_arm(w->a->loop, &w->deaf_timer, clock_boot_ns() + DEAF_NS,
	         on_still_deaf, w);
}

static int
launch(struct warm *w, const int theirs[3], struct err *err)
{
	struct agent *a = w->a;
	const char *const shell[] = { "/bin/sh", "-c", a->role->shell, NULL };
	char **env = surroundings_stream(a->desk, a->role);
	struct worker_spec spec = {
		.desk = a->desk,
		.containment = a->containment,
		.argv = a->role->shell ? shell :
		                         (const char *const *)a->role->command,
		.envp = (const char *const *)env,
		.streams = theirs,
		.stdin_fd = -1,
		.progress_fd = -1,
		.grace_ms = a->role->grace_ms,
	};
	int r = worker_start(a->loop, &spec, on_ended, w, &w->worker, err);

	keys_free_list(env);
	return r;
}

static void
start(struct warm *w)
{
	int theirs[3] = { -1, -1, -1 };
	struct err err = { "" };
	int r = open_pipes(w, theirs);

	w->served = false;
	w->wrong[0] = '\0';
	if (r < 0)
		(void)err_sys(&err, r, "cannot make a pipe");
	else
		r = launch(w, theirs, &err);
	for (int i = 0; i < 3; i++)
		if (theirs[i] >= 0)
			(void)close(theirs[i]);
	if (r < 0) {
		close_pipes(w);
		wait_after(w, err.text);
		return;
	}
	log_debug("agent=%s its worker is started", w->a->desk->name);
	if (loop_add(w->a->loop, w->in, on_deaf, w) < 0 ||
	    loop_add(w->a->loop, w->out, hearing_on_out, w) < 0 ||
	    loop_add(w->a->loop, w->errors, hearing_on_errors, w) < 0)
		warm_distrust(w, "it cannot be listened to");
}

/* Also between tasks, so that it is there before the next one comes. */
static void
on_start(void *warm)
{
	struct warm *w = warm;

	if (w->worker || w->dismissed || w->a->draining)
		return;
	if (clock_boot_ns() >= w->next_start_ns)
		start(w);
	if (!w->worker)
		loop_arm(w->a->loop, &w->start_timer, w->next_start_ns,
		         on_start, w);
}

/* --- being ended --------------------------------------------------------- */

/* A verify command runs beside it: what stops the one would stop both. */
static bool
has_company(const struct warm *w)
{
	return w->a->run.worker && w->a->run.worker != w->worker;
}

/* At once: nothing that it could still say is worth waiting for. */
static void
kill_now(struct warm *w)
{
	worker_stop(w->worker);
	worker_stop(w->worker);
}

static void
on_end_due(void *warm)
{
	struct warm *w = warm;

	if (!w->worker)
		return;
	if (has_company(w)) {
		loop_arm(w->a->loop, &w->end_timer,
		         clock_boot_ns() + CLOCK_NS_PER_S, on_end_due, w);
		return;
	}
	if (!w->dismissed && !w->wrong[0])
		(void)snprintf(w->wrong, sizeof(w->wrong),
		               "it has closed its standard input or output");
	worker_stop(w->worker);
}

void
warm_send_away(struct warm *w)
{
	if (w->in < 0)
		return;
	loop_drop(w->a->loop, w->in);
	(void)close(take_fd(w->in));
	loop_arm(w->a->loop, &w->end_timer,
	         clock_boot_ns() + w->a->role->grace_ms * CLOCK_NS_PER_MS,
	         on_end_due, w);
}

bool
warm_dismiss(struct warm *w, bool now)
{
	if (!w)
		return false;
	w->dismissed = true;
	if (!w->worker)
		return false;
	warm_send_away(w);
	if (now)
		kill_now(w);
	return true;
}

void
warm_distrust(struct warm *w, const char *what)
{
	if (w->wrong[0])
		return;
	(void)snprintf(w->wrong, sizeof(w->wrong), "%s", what);
	log_warn("agent=%s%s%s its worker is ended: %s", w->a->desk->name,
	         w->busy ? " task=" : "", w->busy ? w->a->run.entry.id : "",
	         what);
	/* Else warm_ready() does it, when it is alone again. */
	if (w->worker && !has_company(w))
		kill_now(w);
}

/* --- tasks --------------------------------------------------------------- */

void
warm_served(struct warm *w)
{
	if (w->deaths)
		(void)downtime_forget(w->a->desk);
	w->deaths = 0;
	w->served = true;
	if (w->worker)
		worker_limit(w->worker, 0);
}

bool
warm_ready(struct warm *w)
{
	struct pollfd pipe = { .events = POLLOUT };

	if (!w)
		return true;
	if (!w->worker)
		on_start(w);
	if (!w->worker)
		return false;
	if (w->wrong[0])
		kill_now(w);
	if (w->in < 0 || worker_is_ending(w->worker))
		return false;
	pipe.fd = w->in;
	if (poll(&pipe, 1, 0) >= 0 && !(pipe.revents & (POLLERR | POLLHUP)))
		return true;
	/* It is dying, and we are told in a moment; or it shut its ears. */
	warm_send_away(w);
	return false;
}

/* The body as text, to free; NULL: it is too long, or no text. */
static char *
read_body(const struct task *t, struct err *err)
{
	int64_t size = t->json_body ? (int64_t)strlen(t->json_body) :
	                              t->size - t->body_at;
	autofree char *body = NULL;
	ssize_t n;

	if (size > STREAM_BODY_MAX)
		return NULL;
	if (t->json_body)
		return mem_dup(t->json_body);
	body = mem_new((size_t)size + 1, 1);
	n = pread(t->fd, body, (size_t)size, t->body_at);
	if (n != size || !stream_is_text(body, (size_t)size)) {
		if (n < 0)
			(void)err_sys(err, -errno, "cannot read the body");
		return NULL;
	}
	return take_ptr(body);
}

/* The line for the task, as much of it as the pipe has room for. */
static int
print_task(struct warm *w, struct str *line, struct err *err)
{
	struct attempt *run = &w->a->run;
	char **env = surroundings_task(w->a->desk, w->a->role, &run->entry,
	                               &run->task, run->missing);
	autofree char *body = read_body(&run->task, err);
	autofree char *own = mem_printf("%s/agents/%s/work/%s/body",
	                                w->a->spool->root, w->a->desk->name,
	                                run->entry.id);
	struct stream_order order = {
		.entry = &run->entry,
		.task = &run->task,
		.env = (const char *const *)env,
		.body_file = run->task.json_body ? own : NULL,
		.body_at = run->task.json_body ? 0 : run->task.body_at,
		.body = body,
	};
	int room = fcntl(w->in, F_GETPIPE_SZ);

	stream_print(&order, line);
	if (room > 0 && line->len > (size_t)room) {
		order.body = NULL;
		str_clear(line);
		stream_print(&order, line);
	}
	keys_free_list(env);
	if (room > 0 && line->len > (size_t)room)
		return err_set(err, -E2BIG,
		               "its header is too long for a stream worker");
	return 0;
}

int
warm_give(struct warm *w, int64_t timeout_ms, struct err *err)
{
	autostr line = STR_INIT;
	int r = print_task(w, &line, err);
	ssize_t n;

	if (r < 0)
		return r;
	r = hearing_begin(w);
	if (r < 0)
		return err_sys(err, r, "cannot keep the output of '%s'",
		               w->a->run.entry.id);
	w->a->run.worker = w->worker;
	worker_limit(w->worker, timeout_ms);
	do
		n = write(w->in, line.data, line.len);
	while (n < 0 && errno == EINTR);
	/* It has died just now, which is noticed as ever; or it is deaf. */
	w->untold = n < 0 && errno == EPIPE;
	if (w->untold)
		loop_arm(w->a->loop, &w->deaf_timer, clock_boot_ns() + DEAF_NS,
		         on_still_deaf, w);
	else if (n != (ssize_t)line.len)
		warm_distrust(w, "it has not read its last task to the end");
	return 0;
}

void
warm_free(struct warm *w)
{
	if (!w)
		return;
	if (w->a->run.worker == w->worker)
		w->a->run.worker = NULL;
	loop_clear(w->a->loop, &w->start_timer);
	loop_clear(w->a->loop, &w->end_timer);
	loop_clear(w->a->loop, &w->deaf_timer);
	close_pipes(w);
	hearing_done(w);
	worker_free(w->worker);
	free(w);
}

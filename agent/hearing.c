#include "agent/hearing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/unfinished.h"

#define READS_AT_ONCE 16
#define ERRORS_BYTES  16384
#define EXIT_LATER    75

static int
open_output(struct warm *w, const char *name)
{
	autofree char *path = mem_printf("%s/%s", w->a->run.entry.id, name);

	return sys_append(w->a->desk->at[PLACE_WORK], path, 0644);
}

static void
close_outputs(struct warm *w)
{
	if (w->stdout_fd >= 0)
		(void)close(take_fd(w->stdout_fd));
	if (w->stderr_fd >= 0)
		(void)close(take_fd(w->stderr_fd));
}

int
hearing_begin(struct warm *w)
{
	w->stdout_fd = open_output(w, "stdout");
	w->stderr_fd = open_output(w, "stderr");
	if (w->stdout_fd < 0 || w->stderr_fd < 0) {
		int r = w->stdout_fd < 0 ? w->stdout_fd : w->stderr_fd;

		close_outputs(w);
		return r;
	}
	w->unsaved = 0;
	w->noise = 0;
	w->busy = true;
	return 0;
}

static void
keep(struct warm *w, int fd, const char *bytes, size_t n)
{
	int r = n && fd >= 0 ? sys_write_all(fd, bytes, n) : 0;

	if (r == 0 || w->unsaved)
		return;
	w->unsaved = r;
	log_warn("agent=%s task=%s its output cannot be kept: %s",
	         w->a->desk->name, w->a->run.entry.id, err_name(r));
}

/* Its standard error; without a task it is for the agent's log. */
static void
read_errors(struct warm *w, int reads)
{
	char buf[ERRORS_BYTES];
	ssize_t n = 1;

	for (int i = 0; i < reads && n > 0 && w->errors >= 0; i++) {
		do
			n = read(w->errors, buf, sizeof(buf));
		while (n < 0 && errno == EINTR);
		if (n > 0 && w->busy)
			keep(w, w->stderr_fd, buf, (size_t)n);
		else if (n > 0)
			chatter_add(&w->chatter, w->a->desk->name, buf,
			            (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			loop_drop(w->a->loop, w->errors);
	}
}

void
hearing_on_errors(void *warm)
{
	read_errors(warm, 1);
}

/* The attempt is over: what comes from now on is of no task. */
static void
let_go(struct warm *w)
{
	struct attempt *run = &w->a->run;

	close_outputs(w);
	w->busy = false;
	run->worker = NULL;
	if (w->noise)
		log_info("agent=%s task=%s said %u lines that are no part of "
		         "the protocol, ignored",
		         w->a->desk->name, run->entry.id, w->noise);
	w->noise = 0;
}

/* What is published must not change: nobody may have it open any more. */
static bool
is_finished(struct warm *w)
{
	autofree char *path = NULL;
	autofree char *what = NULL;

	close_outputs(w);
	if (!unfinished_find(w->a->desk, w->a->run.entry.id, &path))
		return true;
	what = mem_printf("it has said that its task is done while '%.100s' "
	                  "was still open for writing",
	                  path);
	warm_distrust(w, what);
	return false;
}

static void
answered(struct warm *w, int status)
{
	struct child_end end = { .exit = status };

	/* What it wrote there before it answered is in the pipe by now. */
	read_errors(w, READS_AT_ONCE);
	if (!is_finished(w))
		return;
	/* A task whose output is lost is not done; it is not its fault. */
	if (w->unsaved && status == 0)
		end.exit = EXIT_LATER;
	warm_served(w);
	let_go(w);
	attempt_ended(w->a, &end, false);
}

void
hearing_crashed(struct warm *w, const struct child_end *end, bool timed_out,
                const char *how)
{
	struct attempt *run = &w->a->run;

	let_go(w);
	(void)snprintf(run->crashed, sizeof(run->crashed), "its worker %s: %s",
	               w->wrong[0] ? "was ended" : "died under it", how);
	attempt_ended(w->a, end, timed_out);
}

static void
heard_of_task(struct warm *w, enum stream_kind kind,
              const struct stream_said *said)
{
	struct attempt *run = &w->a->run;

	if (said->done && strcmp(said->done, run->entry.id) != 0) {
		warm_distrust(w, "it has answered another task than it has");
		return;
	}
	stall_sign(w->a);
	if (said->output)
		keep(w, w->stdout_fd, said->output, strlen(said->output));
	if (channel_object(&run->channel, said->object, clock_wall_ms()) > 0)
		attempt_show_progress(w->a);
	if (kind == STREAM_DONE)
		answered(w, said->exit);
}

static void
heard(struct warm *w, const char *line, size_t len)
{
	autosaid said = { 0 };
	struct err err = { "" };
	enum stream_kind kind = stream_read(line, len, &said, &err);

	if (kind == STREAM_BROKEN)
		warm_distrust(w, err.text);
	else if (kind == STREAM_DONE && !w->busy)
		warm_distrust(w, "it has answered a task that it did not "
		                 "have");
	else if (kind == STREAM_NOISE || !w->busy) /* or late */
		w->noise++;
	else
		heard_of_task(w, kind, &said);
}

/* Read what there is; false when there is no more to come. */
static bool
read_out(struct warm *w)
{
	char *line;
	size_t len;
	int r;

	for (int i = 0; i < READS_AT_ONCE && !w->wrong[0]; i++) {
		ssize_t n = lines_read(&w->lines, w->out);

		if (n <= 0)
			return n == -EAGAIN;
		while (!w->wrong[0] &&
		       (r = lines_next(&w->lines, &line, &len))) {
			if (r > 0)
				heard(w, line, len);
			else
				warm_distrust(w, "it has said a line that is "
				                 "too long");
		}
	}
	return true;
}

void
hearing_on_out(void *warm)
{
	struct warm *w = warm;

	/* It is being ended: what it has still said is taken after that. */
	if (w->wrong[0] || worker_is_ending(w->worker)) {
		loop_drop(w->a->loop, w->out);
		return;
	}
	if (read_out(w))
		return;
	/* So it is ending; and if not, it must: nobody could hear it. */
	loop_drop(w->a->loop, w->out);
	warm_send_away(w);
}

void
hearing_rest(struct warm *w, bool answers)
{
	/* Bounded: it may have given the pipe to somebody who lives on. */
	for (int i = 0; answers && i < 64 && w->busy && !w->wrong[0]; i++)
		if (!read_out(w))
			break;
	read_errors(w, READS_AT_ONCE);
}

void
hearing_done(struct warm *w)
{
	close_outputs(w);
	chatter_done(&w->chatter);
}

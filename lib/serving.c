#include "lib/serving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/mem.h"
#include "lib/given.h"

#define TASK_LINE_MAX (16 * 1024 * 1024)

struct session {
	spoolhand_handler *handler;
	void *arg;
	int in, out; /* the pipes of the agent */
	int home, null;
	struct lines lines;
};

static void
session_done(struct session *s)
{
	const int fds[] = { s->in, s->out, s->home, s->null };

	lines_done(&s->lines);
	for (size_t i = 0; i < countof(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

#define autosession scoped(session_done) struct session

/* What exit() would make of it, had it been given that. */
static int
to_status(int returned)
{
	return returned < 0 || returned > 255 ? EX_SOFTWARE : returned;
}

static int
flush(void)
{
	return fflush(stdout) == 0 && fflush(stderr) == 0 ? 0 : -errno;
}

int
serving_once(spoolhand_handler *handler, void *arg, struct err *err)
{
	autogiven task = { .progress_fd = -1 };
	int r = given_by_env(&task, err);
	off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	int status;

	if (r < 0)
		return r;
	task.stdin_at = at < 0 ? 0 : at;
	status = to_status(handler(&task, arg));
	r = flush();
	return r < 0 ? err_sys(err, r, "cannot write its output") : status;
}

/*
 * The pipes are moved away from where the handler, and what it starts, would
 * take them for standard input and output.  The one to the agent is left open
 * for programs that are started: it is their TASK_FD.
 */
static int
take_pipes(struct session *s)
{
	autofree char *number = NULL;

	s->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	s->out = fcntl(STDOUT_FILENO, F_DUPFD, 10);
	if (s->home < 0 || s->null < 0 || s->in < 0 || s->out < 0)
		return -errno;
	number = mem_printf("%d", s->out);
	return setenv("TASK_FD", number, 1) < 0 ? -errno : 0;
}

static int
say(const struct session *s, const struct json *what)
{
	autostr line = STR_INIT;

	json_print(what, &line);
	str_addc(&line, '\n');
	for (size_t at = 0; at < line.len;) {
		ssize_t n = write(s->out, line.data + at, line.len - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Standard input and output between tasks: nothing, and the agent's log. */
static int
leave(const struct session *s)
{
	__fpurge(stdin);
	clearerr(stdin);
	clearerr(stdout);
	return dup2(s->null, STDIN_FILENO) < 0 ||
	                       dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	                       fchdir(s->home) < 0 ?
	               -errno :
	               0;
}

/* The world of a task, as a process that is started for it has it. */
static int
enter(struct spoolhand_task *t)
{
	autofree char *path = mem_printf("%s/stdout", t->work);
	autoclose int body = open(t->body_file, O_RDONLY | O_CLOEXEC);
	autoclose int out = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	given_export(t);
	if (body < 0 || out < 0 || chdir(t->work) < 0 ||
	    lseek(body, t->body_at, SEEK_SET) < 0 ||
	    dup2(body, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		return -errno;
	t->stdin_at = t->body_at;
	return 0;
}

static int
run_one(const struct session *s, struct spoolhand_task *t, struct err *err)
{
	autojson *answer = json_new_object();
	int r = enter(t);
	int status = EX_TEMPFAIL;

	if (r == 0) {
		t->progress_fd = s->out;
		status = to_status(s->handler(t, s->arg));
		r = flush();
	}
	if (r < 0)
		return err_sys(err, r, "cannot do the work of '%s'", t->ref);
	r = leave(s);
	if (r < 0)
		return err_sys(err, r, "cannot leave '%s'", t->work);
	json_set_str(answer, "done", t->id);
	json_set_int(answer, "exit", status);
	r = say(s, answer);
	return r < 0 ? err_sys(err, r, "cannot answer the agent") : 0;
}

static int
run_lines(struct session *s, struct err *err)
{
	char *line;
	size_t len;
	int r;

	while ((r = lines_next(&s->lines, &line, &len)) > 0) {
		autogiven task = { .progress_fd = -1 };

		r = given_by_line(&task, line, len, err);
		if (r == 0)
			r = run_one(s, &task, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_sys(err, r, "a task of its agent") : 0;
}

int
serving_stream(spoolhand_handler *handler, void *arg, struct err *err)
{
	autosession s = { .handler = handler,
		          .arg = arg,
		          .in = -1,
		          .out = -1,
		          .home = -1,
		          .null = -1,
		          .lines.max = TASK_LINE_MAX };
	int r = take_pipes(&s);

	if (r == 0)
		r = leave(&s);
	if (r < 0)
		return err_sys(err, r, "cannot take the pipes of the agent");
	for (;;) {
		ssize_t n = lines_read(&s.lines, s.in);

		if (n <= 0)
			return n < 0 ? err_sys(err, (int)n,
			                       "cannot read its tasks") :
			               0;
		r = run_lines(&s, err);
		if (r < 0)
			return r;
	}
}

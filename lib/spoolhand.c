#include "lib/spoolhand/agent.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "lib/given.h"
#include "lib/serving.h"

#define AGENT       "spoolhand-agent"
#define MESSAGE_MAX 255 /* of which no more is kept */

const char *
spoolhand_id(const struct spoolhand_task *task)
{
	return task->id;
}

const char *
spoolhand_ref(const struct spoolhand_task *task)
{
	return task->ref;
}

const char *
spoolhand_agent(const struct spoolhand_task *task)
{
	return task->agent;
}

unsigned
spoolhand_attempt(const struct spoolhand_task *task)
{
	return task->attempt;
}

const char *
spoolhand_file(const struct spoolhand_task *task)
{
	return task->file;
}

const char *
spoolhand_in(const struct spoolhand_task *task)
{
	return task->in;
}

const char *
spoolhand_out(const struct spoolhand_task *task)
{
	return task->out;
}

const char *
spoolhand_work(const struct spoolhand_task *task)
{
	return task->work;
}

const char *
spoolhand_body(struct spoolhand_task *task, size_t *len)
{
	const char *body;
	size_t n;
	int r = given_body(task, &body, &n);

	if (r < 0) {
		errno = -r;
		return NULL;
	}
	if (len)
		*len = n;
	return body;
}

int
spoolhand_progress(struct spoolhand_task *task, int percent,
                   const char *message)
{
	autojson *o = json_new_object();
	autostr line = STR_INIT;
	ssize_t n;

	if (task->progress_fd < 0)
		return -ENOENT;
	json_set_int(o, "progress", percent);
	if (message) {
		autofree char *kept =
			mem_dupn(message, strnlen(message, MESSAGE_MAX));

		json_set_str(o, "message", kept);
	}
	json_print(o, &line);
	str_addc(&line, '\n');
	/* At once, or it could be mixed up with what a child says there. */
	do
		n = write(task->progress_fd, line.data, line.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == line.len ? 0 : -EIO;
}

int
spoolhand_output(struct spoolhand_task *task, const void *bytes, size_t len)
{
	(void)task;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -errno;
}

int
spoolhand_printf(struct spoolhand_task *task, const char *format, ...)
{
	va_list ap;
	int n;

	(void)task;
	va_start(ap, format);
	n = vprintf(format, ap);
	va_end(ap);
	return n < 0 ? -errno : 0;
}

void
spoolhand_log(struct spoolhand_task *task, const char *format, ...)
{
	va_list ap;

	(void)task;
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

static int
usage(const char *self, FILE *out, int status)
{
	(void)fprintf(out,
	              "usage: %s [--root DIR] NAME\n"
	              "\n"
	              "Runs the desk of agent NAME, as spoolhand-agent does, "
	              "with this program for\nits worker.  A spoolhand-agent "
	              "starts it without arguments of its own.\n",
	              self);
	return status;
}

/* Become the agent, whose worker we then are. */
static int
become_agent(int argc, char **argv)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *root = NULL;
	autofree char *self = realpath("/proc/self/exe", NULL);
	const char *args[8] = { AGENT, "--worker", self };
	int c, n = 3;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h')
			return usage(argv[0], stdout, EX_OK);
		if (c != 'r')
			return usage(argv[0], stderr, EX_USAGE);
		root = optarg;
	}
	if (argc - optind != 1)
		return usage(argv[0], stderr, EX_USAGE);
	if (!self) {
		perror("/proc/self/exe");
		return EX_OSERR;
	}
	if (root) {
		args[n++] = "--root";
		args[n++] = root;
	}
	args[n] = argv[optind];
	(void)execvp(AGENT, (char *const *)(uintptr_t)args);
	(void)fprintf(stderr,
	              "%s: cannot run " AGENT ": %s; it has to be in PATH\n",
	              argv[0], strerror(errno));
	return EX_UNAVAILABLE;
}

int
spoolhand_agent_main(int argc, char **argv, spoolhand_handler *handler,
                     void *arg)
{
	struct err err = { "" };
	int r;

	if (getenv("SPOOLHAND_STREAM"))
		r = serving_stream(handler, arg, &err);
	else if (getenv("TASK_FILE"))
		r = serving_once(handler, arg, &err);
	else
		return become_agent(argc, argv);
	if (r >= 0)
		return r;
	(void)fprintf(stderr, "%s: %s\n", argv[0], err.text);
	return r == -EBADMSG ? EX_DATAERR : EX_IOERR;
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "cli/verb.h"

#define MESSAGE_MAX 1024

/* A whole number of decimal digits up to `max`, or -1. */
static int
parse_number(const char *text, size_t len, int max)
{
	int n = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
		if (n > max)
			return -1;
	}
	return n;
}

/* The descriptor that the agent has given the task, or -1. */
static int
task_fd(void)
{
	const char *text = getenv("TASK_FD");
	int fd = text ? parse_number(text, strlen(text), 1 << 20) : -1;

	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

static int
report(int fd, int percent, const char *message)
{
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	autostr line = STR_INIT;
	struct err err = { "" };
	int r;

	json_set_int(o, "progress", percent);
	if (message) {
		/* One line of the channel is one write. */
		str_add(&text, message, strnlen(message, MESSAGE_MAX));
		json_set_str(o, "message", str_text(&text));
	}
	json_print(o, &line);
	str_addc(&line, '\n');
	r = sys_write_line(fd, line.data, line.len);
	/* An agent too busy to listen misses nothing but a number. */
	if (r >= 0 || r == -EAGAIN)
		return EXIT_FINE;
	(void)err_sys(&err, r, "cannot tell the agent");
	return fail(r, &err);
}

static int
run(struct context *cx, const struct args *a)
{
	const char *text = a->noperands ? a->operands[0] : "";
	size_t len = strlen(text);
	int fd = task_fd();
	int percent;

	(void)cx;
	if (len && text[len - 1] == '%')
		len--;
	percent = parse_number(text, len, 100);
	if (percent < 0 || a->noperands > 2) {
		complain("write: progress PERCENT [MESSAGE], PERCENT a whole "
		         "number from 0 to 100, MESSAGE in quotes");
		return EXIT_USAGE;
	}
	if (fd < 0) {
		complain("progress is reported from inside a task, by the "
		         "command of an agent; here is none");
		return EXIT_USAGE;
	}
	return report(fd, percent, a->noperands > 1 ? a->operands[1] : NULL);
}

const struct verb verb_progress = {
	.name = "progress",
	.operands = "PERCENT [MESSAGE]",
	.summary = "inside a task: say how far it is",
	.text = "Tells the agent, and who asks it for its status, how far\n"
		"the running task is.  The same as one JSON line to the open\n"
		"descriptor $TASK_FD: {\"progress\":40,\"message\":\"parsing\"}\n"
		"\n"
		"example:\n"
		"  spoolhand progress 40 \"parsing\"\n",
	.run = run,
};

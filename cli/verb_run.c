#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/deadline.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/submitting.h"
#include "cli/taskargs.h"
#include "cli/verb.h"
#include "cli/waiting.h"
#include "spool/result.h"

static void
note_end(void *arg, const struct waiting_task *t)
{
	enum outcome *outcome = arg;

	*outcome = t->outcome;
}

/*
 * Two with the same id and other content, submitted at the same moment, find
 * out only now which of them it was.
 */
static int
check_ours(const struct submitting *s)
{
	const struct submitting_task *t = &s->tasks[0];
	struct err err = { "" };
	int r;

	if (!t->chosen)
		return EXIT_FINE;
	r = known_check(s->desk, t->id, t->digest, &err);
	if (r != -EEXIST)
		return r < 0 ? fail(r, &err) : EXIT_FINE;
	complain("%s", err.text);
	return EXIT_ID_TAKEN;
}

static int
write_stream(const struct submitting *s, enum place p, const char *name,
             int out)
{
	autofree char *path = mem_printf("%s/%s", s->tasks[0].id, name);
	int r = output_file(s->desk->at[p], path, out);

	/* A task that was withdrawn may have written nothing. */
	return r == EXIT_NOT_FOUND ? EXIT_FINE : r;
}

/* One line: how it ended and why. */
static void
complain_reason(const struct submitting *s)
{
	const char *id = s->tasks[0].id;
	autojson *result = NULL;
	autostr how = STR_INIT;
	struct err err = { "" };

	if (result_read(s->desk, PLACE_FAILED, id, &result, &err) < 0) {
		complain("%s/%s FAILED; %s", s->desk->name, id, err.text);
		return;
	}
	result_describe(result, &how);
	complain("%s/%s %s", s->desk->name, id, str_text(&how));
}

static int
write_result(const struct submitting *s, enum outcome outcome)
{
	enum place p = outcome == OUT_COMPLETED ? PLACE_OUTBOX : PLACE_FAILED;
	int r = check_ours(s);

	if (r == EXIT_FINE)
		r = write_stream(s, p, "stdout", STDOUT_FILENO);
	if (outcome == OUT_COMPLETED || r == EXIT_ID_TAKEN)
		return r;
	(void)write_stream(s, p, "stderr", STDERR_FILENO);
	complain_reason(s);
	return EXIT_TASK_FAILED;
}

static int
run(struct context *cx, const struct args *a)
{
	autosubmitting s = { 0 };
	autowaiting w = { 0 };
	enum outcome outcome = OUT_NONE;
	int64_t deadline_ns;
	int r = deadline_option(a, "wait-timeout", &deadline_ns);

	if (r != EXIT_FINE)
		return r;
	if (a->noperands > 2) {
		complain("run takes one task; for many: spoolhand submit, then "
		         "spoolhand wait");
		return EXIT_USAGE;
	}
	r = submitting_drop(cx, a, &s);
	if (r != EXIT_FINE)
		return r;
	waiting_init(&w, cx);
	w.no_block = args_has(a, "no-block");
	r = waiting_add(&w, s.desk->name, s.tasks[0].id);
	if (r == EXIT_FINE)
		r = waiting_run(&w, false, deadline_ns, note_end, &outcome);
	if (outcome != OUT_NONE)
		return write_result(&s, outcome);
	if (r == EXIT_TIMED_OUT || r == EXIT_QUESTION)
		say(cx,
		    "%s/%s goes on; its output later: spoolhand result "
		    "%s/%s",
		    s.desk->name, s.tasks[0].id, s.desk->name, s.tasks[0].id);
	return r;
}

const struct verb verb_run = {
	.name = "run",
	.operands = "AGENT [FILE | -]",
	.summary = "submit a task, wait for it, print its output",
	.text = "A filter: submits FILE, or standard input, waits until the\n"
		"task has ended and writes what it wrote to standard output.\n"
		"Exit 0 if it COMPLETED; 1 if it FAILED or was WITHDRAWN, with\n"
		"the reason, and what the task complained about, on standard\n"
		"error.  The task goes on if this is interrupted.  With\n"
		"--no-block exit 6 when it waits for an answer.\n"
		"\n"
		"example:\n"
		"  spoolhand run pm < brief.md | spoolhand run backend > api.md\n",
	.options = taskargs_options,
	.noptions = TASKARGS_NRUN,
	.run = run,
};

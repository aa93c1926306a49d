#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/inside.h"
#include "cli/output.h"
#include "cli/recording.h"
#include "cli/shellword.h"
#include "cli/verb.h"

#define NAME_MAX_BYTES 128
#define NO_PROGRAM     127
#define CANNOT_RUN     126

/* The form, in the words that were given as far as they make sense. */
static int
complain_form(const struct args *a)
{
	autofree char *name = shellword(a->noperands ? a->operands[0] : "NAME");
	autofree char *cmd =
		shellword(a->noperands > 1 ? a->operands[1] : "CMD");

	complain("write the command after '--': spoolhand step %s -- %s ...",
	         name, cmd);
	return EXIT_USAGE;
}

static int
check_usage(const struct args *a)
{
	const char *name = a->noperands ? a->operands[0] : "";
	size_t len = strlen(name);
	bool ok = len >= 1 && len <= NAME_MAX_BYTES && utf8_valid(name, len);

	if (!a->ended || a->nbefore != 1 || a->noperands < 2)
		return complain_form(a);
	for (const char *p = name; *p; p++)
		ok = ok && (unsigned char)*p >= ' ' && *p != '\x7f';
	if (ok)
		return EXIT_FINE;
	complain("the name of a step is one line of text, 1 to %d bytes long",
	         NAME_MAX_BYTES);
	return EXIT_USAGE;
}

static int
replay(struct inside *in, const struct call_end *end)
{
	int r = output_file(in->calling.dir, "stdout", STDOUT_FILENO);

	if (r == EXIT_NOT_FOUND) {
		complain("what step '%s' wrote is gone", in->calling.call.what);
		return EXIT_BAD_DATA;
	}
	return r == EXIT_FINE ? end->status : r;
}

/* The status of a program that could not be started, as of a shell. */
static int
complain_start(const char *name, int code, const struct err *err)
{
	complain("step '%s': %s", name, err->text);
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		return NO_PROGRAM;
	default:
		return CANNOT_RUN;
	}
}

/* Did all that it wrote come where it was to? */
static int
check_output(const struct inside *in, const struct recording *rec)
{
	struct err err = { "" };

	if (rec->kept < 0) {
		(void)err_sys(&err, rec->kept,
		              "step '%s' ended with status %d, but what it "
		              "wrote could not be recorded, so it will be done "
		              "again",
		              in->calling.call.what, rec->exit);
		return inside_fail(rec->kept, &err);
	}
	if (rec->passed == 0 || rec->exit != 0)
		return EXIT_FINE;
	if (rec->passed != -EPIPE)
		complain("cannot write the output: %s", err_name(rec->passed));
	return EXIT_IO;
}

static int
finish(struct inside *in, const struct recording *rec, int64_t begun_ms,
       bool final, int out)
{
	struct call_end end = { .status = rec->exit,
		                .final = final && !rec->signal,
		                .attempt = in->entry.attempts,
		                .begun_ms = begun_ms,
		                .ended_ms = clock_wall_ms(),
		                .size = rec->size };
	struct err err = { "" };
	int r = 0;

	if (rec->kept == 0)
		r = calling_finish(&in->calling, &end, out, &err);
	if (r < 0)
		return inside_fail(r, &err);
	r = check_output(in, rec);
	return r == EXIT_FINE ? rec->exit : r;
}

static int
perform(struct inside *in, const struct args *a)
{
	autofree char *mark = mem_printf(INSIDE_STEP "=%s", a->operands[0]);
	char **env = mem_new(1, sizeof(*env));
	int64_t begun_ms = clock_wall_ms();
	autoclose int out = -1;
	struct recording rec;
	struct err err = { "" };
	int r = 0;

	for (char **p = environ; *p; p++)
		keys_append(&env, *p);
	keys_append(&env, mark);
	if (!in->calling.recorded)
		r = calling_record(&in->calling, &err);
	if (r == 0)
		r = out = calling_output(&in->calling, &err);
	if (r < 0) {
		keys_free_list(env);
		return inside_fail(r, &err);
	}
	r = recording_run(a->operands + 1, (const char *const *)env, out, &rec,
	                  &err);
	keys_free_list(env);
	if (r < 0)
		return complain_start(a->operands[0], r, &err);
	return finish(in, &rec, begun_ms, args_has(a, "final"), out);
}

static int
run(struct context *cx, const struct args *a)
{
	autoinside in = INSIDE_INIT;
	struct err err = { "" };
	struct call_end end;
	int r = check_usage(a);

	if (r == EXIT_FINE)
		r = inside_open(&in, cx, "step");
	if (r == EXIT_FINE)
		r = inside_begin(&in, CALL_STEP, a->operands[0]);
	if (r != EXIT_FINE)
		return r;
	r = calling_ended(&in.calling, &end, &err);
	if (r < 0)
		return inside_fail(r, &err);
	return r ? replay(&in, &end) : perform(&in, a);
}

static const struct arg_option options[] = {
	{ "final", 0, NULL, false,
	  "a failure is final, too: replay whatever status it exits with" },
};

const struct verb verb_step = {
	.name = "step",
	.operands = "NAME -- CMD [ARG...]",
	.summary = "inside a task: do a thing once, replay it in later runs",
	.text = "Runs CMD and records what it wrote to standard output and how\n"
		"it exited.  When the task is run again from its start, for\n"
		"whatever reason, CMD is not: its output and status are given\n"
		"again.  If CMD failed, or was killed half way, it is run again\n"
		"by the next run, unless it failed and --final was given.\n"
		"\n"
		"NAME is used once in a task, and the order of steps, asks,\n"
		"calls and sleeps may not change between runs.\n"
		"\n"
		"example:\n"
		"  id=$(spoolhand step order -- ./place-order \"$item\") || exit\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

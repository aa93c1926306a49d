#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/childtask.h"
#include "cli/inside.h"
#include "cli/output.h"
#include "cli/submitting.h"
#include "cli/verb.h"
#include "spool/task.h"

#define DROPPED "dropped"
#define OUTPUT  "stdout"

/* One call: what was given, and what it comes to. */
struct calling_child {
	struct context *cx;
	const struct args *a;
	struct inside in;
	struct desk *desk; /* of the child; NULL: it is not there any more */
	char *agent, *id;  /* of the child */
};

static int
check_usage(const struct args *a)
{
	const char *into = args_value(a, "into");
	bool stream = !args_has(a, "body") &&
	              (a->noperands < 2 || strcmp(a->operands[1], "-") == 0);

	if (a->noperands == 0)
		complain("which agent? give AGENT first");
	else if (a->noperands > 2)
		complain("call gives one task; call again for the next");
	else if (stream && isatty(STDIN_FILENO))
		complain("no task given; name a FILE, write --body TEXT, or "
		         "pipe it in");
	else if (into && args_has(a, "detach"))
		complain("--into waits for what --detach does not wait for; "
		         "leave out one");
	else if (into && !into[0])
		complain("--into: write the name of a folder");
	else
		return EXIT_FINE;
	return EXIT_USAGE;
}

/* The header of the task that calls. */
static int
open_parent(const struct inside *in, struct task *t)
{
	struct err err = { "" };
	int r = task_open(in->desk->at[PLACE_RUNNING], in->name, t, &err);

	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

static int
check_depth(const struct calling_child *c, const struct task *parent)
{
	int depth = childtask_depth(c->in.desk->spool, parent->parent);

	if (depth < CHILDTASK_DEEPEST)
		return EXIT_FINE;
	complain("%s/%s is the last of %d tasks that called one another; "
	         "deeper is not allowed, because it looks like a call without "
	         "an end",
	         c->in.desk->name, c->in.entry.id, CHILDTASK_DEEPEST + 1);
	return EXIT_BAD_DATA;
}

/* Of the record, or a new one. */
static void
name_child(struct calling_child *c)
{
	struct call *call = &c->in.calling.call;

	if (!c->in.calling.recorded) {
		c->agent = mem_dup(c->a->operands[0]);
		c->id = childtask_id(c->in.desk->name, &c->in.entry, call->n);
		return;
	}
	/* calls_read() has seen that it is a ref. */
	(void)name_split_ref(call->child, &c->agent, &c->id);
}

/* What is called, and whether it is waited for, may not change. */
static int
compare(struct calling_child *c, const char *digest)
{
	bool detach = args_has(c->a, "detach");
	autofree char *whole =
		mem_printf("%s%s", digest, detach ? " detached" : "");
	struct err err = { "" };
	int r = calling_compare(&c->in.calling, whole,
	                        "its task, its options or --detach", &err);

	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

static int
record(struct calling_child *c)
{
	struct call *call = &c->in.calling.call;
	struct err err = { "" };
	int r;

	if (c->in.calling.recorded)
		return EXIT_FINE;
	call->child = mem_printf("%s/%s", c->agent, c->id);
	call->detached = args_has(c->a, "detach");
	r = calling_record(&c->in.calling, &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

/*
 * Record it, then drop it, then note that: killed in between, the next run
 * finds by the id whether it is there.
 */
static int
drop(struct calling_child *c, const struct submitting_as *as,
     struct submitting *s)
{
	struct err err = { "" };
	int r = compare(c, s->tasks[0].digest);

	if (r == EXIT_FINE)
		r = record(c);
	if (r == EXIT_FINE)
		r = submitting_commit(c->cx, c->a, as, s);
	if (r != EXIT_FINE)
		return r;
	r = calling_mark(&c->in.calling, DROPPED, &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

static int
submit(struct calling_child *c)
{
	autofree char *parent =
		mem_printf("%s/%s", c->in.desk->name, c->in.entry.id);
	struct submitting_as as = { .id = c->id, .parent = parent };
	autosubmitting s = { 0 };
	autotask t = TASK_INIT;
	int r = open_parent(&c->in, &t);

	if (r == EXIT_FINE)
		r = check_depth(c, &t);
	if (r != EXIT_FINE)
		return r;
	as.user = t.user;
	as.device = t.device;
	r = submitting_prepare(c->cx, c->a, &as, &s);
	if (r == EXIT_FINE)
		r = drop(c, &as, &s);
	/* Somebody edits the configuration: that is not the task's fault. */
	return r == EXIT_BAD_CONFIG ? EXIT_TRY_LATER : r;
}

/* It was dropped by an earlier run: is it what is called now? */
static int
check_same(struct calling_child *c)
{
	char digest[DIGEST_TEXT_MAX];
	int r = submitting_digest(c->cx, c->a, digest);

	return r == EXIT_FINE ? compare(c, digest) : r;
}

static int
open_desk(struct calling_child *c)
{
	struct err err = { "" };
	int r = desk_open(c->cx->spool, c->agent, &c->desk, &err);

	return r < 0 && r != -ENOENT ? fail(r, &err) : EXIT_FINE;
}

static int
wait_for_it(struct calling_child *c)
{
	struct calls_wait wait = { .reason = BLOCK_CHILD };

	(void)snprintf(wait.on, sizeof(wait.on), "%s/%s", c->agent, c->id);
	(void)snprintf(wait.message, sizeof(wait.message), "waits for %s",
	               wait.on);
	return inside_wait(&c->in, &wait);
}

/* Copy its standard output to the record; it may have none. */
static int64_t
keep_output(struct calling_child *c, const struct childtask *child, int out)
{
	autofree char *path = mem_printf("%s/" OUTPUT, c->id);
	autoclose int from = -1;

	if (child->state != CHILDTASK_ENDED)
		return 0;
	from = sys_open_beneath(c->desk->at[child->place], path, O_RDONLY);
	if (from == -ENOENT)
		return 0;
	return from < 0 ? from : sys_copy(from, 0, out, INT64_MAX);
}

static void
describe(const struct calling_child *c, const struct childtask *child,
         struct call_end *end)
{
	const char *why = str_text(&child->why);

	if (child->state == CHILDTASK_REJECTED)
		(void)snprintf(end->message, sizeof(end->message),
		               "%s/%s was rejected: %s", c->agent, c->id, why);
	else if (child->place == PLACE_FAILED)
		(void)snprintf(end->message, sizeof(end->message), "%s/%s %s",
		               c->agent, c->id, why);
}

/* How it ended, kept for the runs to come, when it may be gone. */
static int
keep(struct calling_child *c, const struct childtask *child,
     struct call_end *end)
{
	bool completed = child->state == CHILDTASK_ENDED &&
	                 child->place == PLACE_OUTBOX;
	autoclose int out = -1;
	struct err err = { "" };
	int r;

	*end = (struct call_end){ .status = completed ? 0 : EXIT_TASK_FAILED,
		                  .final = true,
		                  .attempt = c->in.entry.attempts,
		                  .begun_ms = c->in.calling.call.begun_ms,
		                  .ended_ms = clock_wall_ms() };
	describe(c, child, end);
	r = out = calling_output(&c->in.calling, &err);
	if (r < 0)
		return inside_fail(r, &err);
	end->size = keep_output(c, child, out);
	if (end->size < 0) {
		r = err_sys(&err, (int)end->size,
		            "cannot keep the output of '%s/%s'", c->agent,
		            c->id);
		return inside_fail(r, &err);
	}
	r = calling_finish(&c->in.calling, end, out, &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

/*
 * Its artifacts, as long as the result is there; in later runs the copy may
 * have to do.
 */
static int
copy_artifacts(struct calling_child *c, const struct childtask *child)
{
	const char *into = args_value(c->a, "into");
	struct err err = { "" };
	int r;

	if (!into)
		return EXIT_FINE;
	if (child->state == CHILDTASK_ENDED) {
		r = childtask_artifacts(c->desk, child->place, c->id, into,
		                        &err);
		if (r < 0)
			r = fail(r, &err);
		/* What is not there is the folder, no task. */
		return r == EXIT_NOT_FOUND ? EXIT_CANNOT_CREATE : r;
	}
	if (child->state == CHILDTASK_REJECTED || access(into, F_OK) == 0)
		return EXIT_FINE;
	complain("the result of %s/%s has been removed meanwhile, and its "
	         "artifacts with it; '%s' is not there either",
	         c->agent, c->id, into);
	return EXIT_TASK_FAILED;
}

static int
give_result(struct calling_child *c, const struct childtask *child,
            const struct call_end *end)
{
	int r = copy_artifacts(c, child);

	if (r == EXIT_FINE)
		r = output_file(c->in.calling.dir, OUTPUT, STDOUT_FILENO);
	if (r == EXIT_FINE && end->message[0])
		complain("%s", end->message);
	return r == EXIT_FINE ? end->status : r;
}

static int
await_result(struct calling_child *c)
{
	autochildtask child = { 0 };
	struct err err = { "" };
	struct call_end end;
	int ended, r;

	r = open_desk(c);
	if (r != EXIT_FINE)
		return r;
	ended = calling_ended(&c->in.calling, &end, &err);
	if (ended < 0)
		return inside_fail(ended, &err);
	r = childtask_look(c->desk, c->id, &child, &err);
	if (r < 0 && !ended)
		return fail(r, &err);
	if (!ended && child.state == CHILDTASK_LIVES)
		return wait_for_it(c);
	if (!ended && child.state == CHILDTASK_GONE) {
		complain("%s/%s is neither at work nor has it a result: "
		         "somebody has removed it",
		         c->agent, c->id);
		return EXIT_TASK_FAILED;
	}
	r = ended ? EXIT_FINE : keep(c, &child, &end);
	return r == EXIT_FINE ? give_result(c, &child, &end) : r;
}

static int
call(struct calling_child *c)
{
	struct calling *own = &c->in.calling;
	bool dropped;
	int r = inside_begin(&c->in, CALL_CHILD, c->a->operands[0]);

	if (r != EXIT_FINE)
		return r;
	dropped = own->recorded && calling_marked(own, DROPPED);
	name_child(c);
	r = dropped ? check_same(c) : submit(c);
	if (r != EXIT_FINE)
		return r;
	if (!args_has(c->a, "detach"))
		return await_result(c);
	put(own->call.child, strlen(own->call.child));
	put("\n", 1);
	return finish_output();
}

static int
run(struct context *cx, const struct args *a)
{
	struct calling_child c = { .cx = cx, .a = a, .in = INSIDE_INIT };
	int r = check_usage(a);

	if (r == EXIT_FINE)
		r = inside_open(&c.in, cx, "call");
	if (r == EXIT_FINE)
		r = call(&c);
	inside_done(&c.in);
	desk_close(c.desk);
	free(c.agent);
	free(c.id);
	return r;
}

static const struct arg_option options[] = {
	{ "detach", 0, NULL, false,
	  "do not wait: print the REF; it goes on without its parent" },
	{ "into", 0, "DIR", false, "copy its artifacts to this folder" },
	{ "title", 0, "TEXT", false, "one line for people" },
	{ "priority", 0, "high|medium|low", false, "class in the queue" },
	{ "input", 0, "REF/ARTIFACT|file:PATH", true,
	  "wait for that artifact, and put it at $TASK_IN/ARTIFACT; or for a "
	  "file, or a pattern" },
	{ "timeout", 0, "DURATION", false, "limit of one attempt; 0: none" },
	{ "retries", 0, "N", false, "further attempts after a failure" },
	{ "output", 0, "PATH", true,
	  "an artifact that must be there, or exit 0 is a failure" },
	{ "label", 0, "K=V", true, "a word of your own, for the result" },
	{ "body", 0, "TEXT", false, "the task itself, instead of a FILE" },
};

const struct verb verb_call = {
	.name = "call",
	.operands = "AGENT [FILE | -]",
	.summary = "inside a task: have an agent do a task, get its output",
	.text = "Gives AGENT a task: FILE, --body, or standard input.  The task\n"
		"that calls is BLOCKED until that one has ended: the helper\n"
		"exits with 79 and the script has to end.  It is then run again\n"
		"from its start, and this writes what the other wrote to\n"
		"standard output.  Exit 0 if that COMPLETED; 1, with the reason\n"
		"on standard error, if it FAILED or was WITHDRAWN.  However\n"
		"often the script is run, the task is given once.\n"
		"\n"
		"example:\n"
		"  spoolhand call tester api.md --into tested >report || exit\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

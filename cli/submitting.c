#include "cli/submitting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/entering.h"
#include "cli/known.h"
#include "cli/shellword.h"
#include "cli/source.h"
#include "cli/taskargs.h"
#include "cli/taskrefs.h"
#include "spool/drop.h"
#include "spool/find.h"

struct batch {
	struct context *cx;
	const struct args *a;
	const struct submitting_as *as; /* NULL: of nobody */
	struct source *sources;
	struct submitting *out;
};

static int
check_usage(const struct args *a)
{
	size_t files = a->noperands ? a->noperands - 1 : 0;
	int streams = 0;

	for (size_t i = 1; i < a->noperands; i++)
		streams += strcmp(a->operands[i], "-") == 0;
	if (a->noperands == 0)
		complain("which agent? give AGENT first");
	else if (args_has(a, "body") && files)
		complain("--body is the whole task; leave out '%s'",
		         a->operands[1]);
	else if (args_knows(a, "id") && args_has(a, "id") && files > 1)
		complain("--id names one task, but %zu are given", files);
	else if (streams > 1)
		complain("'-' is given twice, but there is one standard input");
	else if (!files && !args_has(a, "body") && isatty(STDIN_FILENO))
		complain("no task given; name a FILE, write --body TEXT, or "
		         "give '-' and type it");
	else
		return EXIT_FINE;
	return EXIT_USAGE;
}

static int
open_desk(struct batch *b)
{
	const struct config_agent *agent;
	struct err err = { "" };
	int r = context_config(b->cx);

	if (r != EXIT_FINE)
		return r;
	r = config_find(b->cx->config, b->a->operands[0], &agent, &err);
	if (r == 0)
		r = desk_make(b->cx->spool, agent->name, &err);
	if (r == 0)
		r = desk_open(b->cx->spool, agent->name, &b->out->desk, &err);
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

static int
fail_source(const struct batch *b, const char *path, int code,
            const struct err *err)
{
	autofree char *from = NULL;
	autofree char *to = NULL;
	autofree char *word = NULL;

	if (code != -EISDIR)
		return fail(code, err);
	from = shellword(path);
	to = mem_printf("%s/agents/%s/inbox/", b->cx->spool->root,
	                b->a->operands[0]);
	word = shellword(to);
	complain("%s; drop it as it is: mv %s%s %s", err->text,
	         path[0] == '-' ? "-- " : "", from, word);
	return EXIT_BAD_DATA;
}

static int
open_sources(struct batch *b, int64_t max)
{
	const struct args *a = b->a;
	struct err err = { "" };
	int r;

	if (args_has(a, "body")) {
		r = source_open_text(&b->sources[0], args_value(a, "body"),
		                     &err);
		return r < 0 ? fail(r, &err) : EXIT_FINE;
	}
	for (size_t i = 0; i < b->out->n; i++) {
		const char *path = a->noperands > 1 ? a->operands[i + 1] : "-";

		r = source_open(&b->sources[i], path, max, &err);
		if (r < 0)
			return fail_source(b, path, r, &err);
	}
	return EXIT_FINE;
}

/* Who calls it has given it its name. */
static int
take_as(const struct batch *b, size_t i, struct task *t)
{
	if (t->id) {
		complain("%s: 'id' is made from the task that calls; leave it "
		         "out",
		         source_name(&b->sources[i]));
		return EXIT_BAD_DATA;
	}
	t->id = mem_dup(b->as->id);
	free(t->parent);
	t->parent = mem_dup(b->as->parent);
	if (!t->user && b->as->user)
		t->user = mem_dup(b->as->user);
	if (!t->device && b->as->device)
		t->device = mem_dup(b->as->device);
	return EXIT_FINE;
}

/* The task as it is to be dropped, but for an id that is made up. */
static int
read_task(const struct batch *b, size_t i, struct task *t)
{
	struct err err = { "" };
	int r = source_read(&b->sources[i], t, &err);

	if (r < 0)
		return fail(r, &err);
	r = taskargs_apply(b->a, b->out->begun_ms, t);
	return r == EXIT_FINE && b->as ? take_as(b, i, t) : r;
}

/* Is the id of task `i`, which somebody chose, there already? */
static int
check_known(struct batch *b, size_t i)
{
	const struct config_agent *role =
		config_agent(b->cx->config, b->out->desk->name);
	struct submitting_task *its = &b->out->tasks[i];
	struct err err = { "" };
	int r;

	for (size_t j = 0; j < i; j++) {
		const struct submitting_task *other = &b->out->tasks[j];

		if (strcmp(other->id, its->id) != 0)
			continue;
		its->known = strcmp(other->digest, its->digest) == 0;
		if (its->known)
			return EXIT_FINE;
		complain("'%s' and '%s' have the same id '%s', but not the "
		         "same content",
		         b->a->operands[j + 1], b->a->operands[i + 1], its->id);
		return EXIT_ID_TAKEN;
	}
	r = known_check_within(b->out->desk, its->id, its->digest,
	                       role->keep_for_ms, &err);
	if (r == -EEXIST) {
		complain("%s", err.text);
		return EXIT_ID_TAKEN;
	}
	its->known = r == 1;
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

/* Read it once to see that all is well, and settle its id. */
static int
check_task(struct batch *b, size_t i, int64_t wall_ns)
{
	struct submitting_task *its = &b->out->tasks[i];
	autotask t = TASK_INIT;
	int r = read_task(b, i, &t);

	if (r == EXIT_FINE)
		r = taskrefs_check(b->cx, b->a, source_name(&b->sources[i]),
		                   b->out->desk->name, &t);
	if (r != EXIT_FINE)
		return r;
	if (!t.id) {
		autofree char *stem = source_stem(&b->sources[i]);

		its->id = drop_new_id(stem, wall_ns, (unsigned)i);
		return EXIT_FINE;
	}
	its->id = mem_dup(t.id);
	its->chosen = true;
	r = task_digest(-1, "", &t, its->digest);
	return r < 0 ? fail(r, NULL) : check_known(b, i);
}

static int
check_tasks(struct batch *b)
{
	int64_t now = clock_wall_ns();

	for (size_t i = 0; i < b->out->n; i++) {
		int r = check_task(b, i, now);

		if (r != EXIT_FINE)
			return r;
	}
	return EXIT_FINE;
}

static int
drop_one(struct batch *b, struct drop_batch *drops, size_t i)
{
	int64_t max = b->cx->config->max_task_bytes;
	autotask t = TASK_INIT;
	autoclose int body = -1;
	struct err err = { "" };
	int r = read_task(b, i, &t);

	if (r != EXIT_FINE)
		return r;
	free(t.id);
	t.id = mem_dup(b->out->tasks[i].id);
	body = source_body(&t, &err);
	if (body < 0)
		return fail(body, &err);
	r = drop_add(drops, &t, body, max, &err);
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

/*
 * What was dropped before one fails is not taken back: an agent may have
 * begun with it.  It is made durable and told.
 */
static int
drop_tasks(struct batch *b)
{
	struct submitting *out = b->out;
	struct drop_batch drops;
	struct err err = { "" };
	size_t dropped = 0;
	int r = EXIT_FINE, committed;

	drop_begin(&drops, out->desk);
	while (dropped < out->n && r == EXIT_FINE) {
		if (!out->tasks[dropped].known)
			r = drop_one(b, &drops, dropped);
		if (r == EXIT_FINE)
			dropped++;
	}
	committed = drop_commit(&drops, &err);
	if (committed < 0)
		return fail(committed, &err);
	out->done = dropped;
	if (r != EXIT_FINE && out->n > 1)
		complain("%zu of %zu tasks were submitted", dropped, out->n);
	return r;
}

int
submitting_prepare(struct context *cx, const struct args *a,
                   const struct submitting_as *as, struct submitting *out)
{
	struct batch b = { .cx = cx, .a = a, .as = as, .out = out };
	int r = check_usage(a);

	*out = (struct submitting){ .begun_ms = clock_wall_ms() };
	if (r == EXIT_FINE)
		r = open_desk(&b);
	if (r != EXIT_FINE)
		return r;
	out->n = a->noperands > 1 ? a->noperands - 1 : 1;
	out->tasks = mem_new(out->n, sizeof(*out->tasks));
	out->sources = mem_new(out->n, sizeof(*out->sources));
	for (size_t i = 0; i < out->n; i++)
		out->sources[i].fd = -1;
	b.sources = out->sources;
	r = open_sources(&b, cx->config->max_task_bytes);
	return r == EXIT_FINE ? check_tasks(&b) : r;
}

int
submitting_commit(struct context *cx, const struct args *a,
                  const struct submitting_as *as, struct submitting *out)
{
	struct batch b = {
		.cx = cx, .a = a, .as = as, .sources = out->sources, .out = out
	};
	autoclose int lock = -1;
	int r = entering_begin(cx, out, &lock);

	return r == EXIT_FINE ? drop_tasks(&b) : r;
}

int
submitting_digest(struct context *cx, const struct args *a, char *digest)
{
	struct submitting one = { .n = 1, .begun_ms = clock_wall_ms() };
	struct source source = { .fd = -1 };
	struct batch b = { .cx = cx, .a = a, .sources = &source, .out = &one };
	autotask t = TASK_INIT;
	int r = open_sources(&b, 0);

	if (r == EXIT_FINE)
		r = read_task(&b, 0, &t);
	source_close(&source);
	if (r != EXIT_FINE)
		return r;
	r = task_digest(-1, "", &t, digest);
	return r < 0 ? fail(r, NULL) : EXIT_FINE;
}

int
submitting_drop(struct context *cx, const struct args *a,
                struct submitting *out)
{
	int r = submitting_prepare(cx, a, NULL, out);

	return r == EXIT_FINE ? submitting_commit(cx, a, NULL, out) : r;
}

void
submitting_done(struct submitting *s)
{
	for (size_t i = 0; s->tasks && i < s->n; i++)
		free(s->tasks[i].id);
	for (size_t i = 0; s->sources && i < s->n; i++)
		source_close(&s->sources[i]);
	free(s->tasks);
	free(s->sources);
	desk_close(s->desk);
	*s = (struct submitting){ 0 };
}

#include "cli/submitting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/known.h"
#include "cli/shellword.h"
#include "cli/source.h"
#include "cli/taskargs.h"
#include "spool/drop.h"
#include "spool/find.h"

struct batch {
	struct context *cx;
	const struct args *a;
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
	else if (args_has(a, "id") && files > 1)
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
open_sources(struct batch *b)
{
	const struct args *a = b->a;
	int64_t max = b->cx->config->max_task_bytes;
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

/* The task as it is to be dropped, but for an id that is made up. */
static int
read_task(const struct batch *b, size_t i, struct task *t)
{
	struct err err = { "" };
	int r = source_read(&b->sources[i], t, &err);

	if (r < 0)
		return fail(r, &err);
	return taskargs_apply(b->a, t);
}

/* Who asks for it: the option, or the header of the file. */
static const char *
ref_from(const struct batch *b, size_t i, const char *ref)
{
	static const char *const options[] = { "after", "input" };

	for (size_t k = 0; k < countof(options); k++) {
		const char *const *v = args_values(b->a, options[k]);

		for (; *v; v++)
			if (strcmp(*v, ref) == 0)
				return k ? "--input" : "--after";
	}
	return source_name(&b->sources[i]);
}

/* Is this, or an artifact of it, the task itself? */
static bool
is_itself(const struct batch *b, const struct task *t, const char *ref)
{
	autofree char *own =
		mem_printf("%s/%s", b->out->desk->name, t->id ? t->id : "");
	size_t n = strlen(own);

	return t->id && strncmp(ref, own, n) == 0 && (!ref[n] || ref[n] == '/');
}

/*
 * What a task waits for must be able to come: an agent of the configuration
 * that has had no task yet gets its desk here.
 */
static int
check_ref(const struct batch *b, size_t i, const struct task *t,
          const char *ref)
{
	struct spool *s = b->cx->spool;
	autofree char *agent = mem_dupn(ref, strcspn(ref, "/"));
	const struct config_agent *found;
	struct err err = { "" };
	int r = sys_exists(s->agents_fd, agent);

	if (is_itself(b, t, ref)) {
		complain("%s: '%s' is the task itself, which would wait for "
		         "ever; leave it out",
		         ref_from(b, i, ref), ref);
		return EXIT_BAD_DATA;
	}
	if (r == 1)
		return EXIT_FINE;
	r = config_find(b->cx->config, agent, &found, &err);
	if (r == 0)
		r = desk_make(s, agent, &err);
	if (r < 0)
		return fail(err_prefix(&err, r, "%s: '%s'", ref_from(b, i, ref),
		                       ref),
		            &err);
	return EXIT_FINE;
}

static int
check_refs(const struct batch *b, size_t k, const struct task *t)
{
	char *const *lists[] = { t->after, t->inputs };

	for (size_t i = 0; i < countof(lists); i++) {
		for (char *const *p = lists[i]; p && *p; p++) {
			int r = check_ref(b, k, t, *p);

			if (r != EXIT_FINE)
				return r;
		}
	}
	return EXIT_FINE;
}

/* Is the id of task `i`, which somebody chose, there already? */
static int
check_known(struct batch *b, size_t i)
{
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
	r = known_check(b->out->desk, its->id, its->digest, &err);
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
		r = check_refs(b, i, &t);
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

/* Does the desk take this many more? */
static int
check_room(const struct batch *b)
{
	static const enum place waiting[] = { PLACE_INBOX, PLACE_PENDING,
		                              PLACE_READY };
	const struct desk *d = b->out->desk;
	int64_t max = config_agent(b->cx->config, d->name)->max_pending;
	int64_t there = 0, more = 0;

	for (size_t i = 0; i < b->out->n; i++)
		more += !b->out->tasks[i].known;
	if (max == 0 || more == 0)
		return EXIT_FINE;
	for (size_t i = 0; i < countof(waiting); i++) {
		int n = find_count(d, waiting[i]);

		if (n < 0)
			return fail(n, NULL);
		there += n;
	}
	if (there + more <= max)
		return EXIT_FINE;
	complain("the desk of '%s' is full: %lld tasks wait, max_pending is "
	         "%lld; submit again when some have ended, or raise the limit",
	         d->name, (long long)there, (long long)max);
	return EXIT_TRY_LATER;
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
submitting_drop(struct context *cx, const struct args *a,
                struct submitting *out)
{
	struct batch b = { .cx = cx, .a = a, .out = out };
	int r = check_usage(a);

	*out = (struct submitting){ 0 };
	if (r == EXIT_FINE)
		r = open_desk(&b);
	if (r != EXIT_FINE)
		return r;
	out->n = a->noperands > 1 ? a->noperands - 1 : 1;
	out->tasks = mem_new(out->n, sizeof(*out->tasks));
	b.sources = mem_new(out->n, sizeof(*b.sources));
	for (size_t i = 0; i < out->n; i++)
		b.sources[i].fd = -1;
	r = open_sources(&b);
	if (r == EXIT_FINE)
		r = check_tasks(&b);
	if (r == EXIT_FINE)
		r = check_room(&b);
	if (r == EXIT_FINE)
		r = drop_tasks(&b);
	for (size_t i = 0; i < out->n; i++)
		source_close(&b.sources[i]);
	free(b.sources);
	return r;
}

void
submitting_done(struct submitting *s)
{
	for (size_t i = 0; s->tasks && i < s->n; i++)
		free(s->tasks[i].id);
	free(s->tasks);
	desk_close(s->desk);
	*s = (struct submitting){ 0 };
}

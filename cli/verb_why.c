#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/name.h"
#include "cli/term.h"
#include "cli/verb.h"
#include "cli/view.h"

#define LOOKS_MAX 20

static const struct arg_option options[] = {
	{ "json", 0, NULL, false, "one object: the task, and 'why'" },
};

/* The task itself, or a drop of that name that was rejected. */
static int
look_exactly(struct context *cx, const char *ref, struct view_task *v)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	int r = name_split_ref(ref, &agent, &id);

	if (r == 0)
		r = view_task(cx->spool, agent, id, v, NULL);
	if (r == -ENOENT)
		r = view_rejected(cx->spool, agent, id, v, NULL);
	return r;
}

static int
look(struct context *cx, const char *ref, struct view_task *v)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct err err = { "" };
	int r = context_spool(cx);

	if (r != EXIT_FINE || look_exactly(cx, ref, v) == 0)
		return r;
	/* It may be a prefix; if not, this says what is wrong. */
	r = context_ref(cx, ref, &agent, &id);
	if (r != EXIT_FINE)
		return r;
	r = view_task(cx->spool, agent, id, v, &err);
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

/* The sentence about a task that stays where it is while it is made. */
static int
explain(struct context *cx, const char *ref, struct view_task *v,
        struct str *why)
{
	struct err err = { "" };

	for (int i = 0; i < LOOKS_MAX; i++) {
		struct view_task before = *v;
		enum place place = before.place;
		int r = look(cx, ref, v);

		view_task_done(&before);
		if (r != EXIT_FINE) {
			*v = (struct view_task){ 0 };
			return r;
		}
		if (place == v->place)
			break;
		str_clear(why);
		r = view_why(cx->spool, v, why, &err);
		if (r < 0)
			return fail(r, &err);
	}
	return EXIT_FINE;
}

static int
run(struct context *cx, const struct args *a)
{
	struct view_task v = { 0 };
	autostr why = STR_INIT;
	autostr out = STR_INIT;
	int r;

	if (a->noperands != 1) {
		complain("name one REF; write AGENT/ID, for example pm/brief");
		return EXIT_USAGE;
	}
	r = explain(cx, a->operands[0], &v, &why);
	if (r == EXIT_FINE && args_has(a, "json")) {
		autojson *o = view_task_json(&v);

		json_set_str(o, "why", str_text(&why));
		json_print(o, &out);
	} else if (r == EXIT_FINE) {
		term_add_shown(&out, str_text(&why));
	}
	view_task_done(&v);
	if (r == EXIT_FINE)
		printf("%s\n", str_text(&out));
	return r;
}

const struct verb verb_why = {
	.name = "why",
	.operands = "REF",
	.summary = "why a task is where it is, and what would move it",
	.text = "Prints one sentence.  A drop that was rejected is named by\n"
		"AGENT and its file name without the extension.\n"
		"\n"
		"example:\n"
		"  spoolhand why pm/brief\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

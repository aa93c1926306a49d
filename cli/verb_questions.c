#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "cli/agents.h"
#include "cli/asking.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "spool/find.h"
#include "spool/question.h"

static const struct arg_option options[] = {
	{ "json", 0, NULL, false, "one object a line" },
};

static const struct table_column columns[] = {
	{ "REF", false, NULL, 0 },     { "SINCE", true, NULL, 2 },
	{ "OPTIONS", false, NULL, 0 }, { "DEFAULT", false, NULL, 3 },
	{ "LEFT", true, NULL, 1 },     { "QUESTION", false, NULL, 0 },
};

struct listed {
	struct table *table; /* NULL: JSON lines */
	struct str out;
	int64_t now_ms;
	int status;
};

/* A time that is none is null. */
static void
set_time(struct json *o, const char *key, int64_t wall_ms)
{
	if (wall_ms)
		json_set_int(o, key, wall_ms);
	else
		json_set_str(o, key, NULL);
}

static void
add_json(struct listed *l, const char *agent, const char *id,
         const struct question *q)
{
	autofree char *ref = mem_printf("%s/%s", agent, id);
	autojson *o = json_new_object();
	struct json *list = json_new_array();

	json_set_str(o, "ref", ref);
	json_set_str(o, "agent", agent);
	json_set_str(o, "id", id);
	json_set_int(o, "number", q->number);
	json_set_str(o, "question", q->text);
	json_set(o, "options", list);
	for (char **p = q->options; p && *p; p++)
		json_push(list, json_new_str(*p));
	json_set_str(o, "default", q->fallback);
	set_time(o, "deadline", q->deadline_ms);
	set_time(o, "asked", q->asked_ms);
	json_print(o, &l->out);
	str_addc(&l->out, '\n');
}

static void
add_span(struct table *t, enum table_tint tint, int64_t ms, bool known)
{
	char buf[CLOCK_TEXT_MAX];

	table_cell(t, tint,
	           known ? clock_format_duration(ms < 0 ? 0 : ms, buf) : "");
}

static void
add_row(struct listed *l, const char *agent, const char *id,
        const struct question *q)
{
	autostr words = STR_INIT;
	autostr text = STR_INIT;

	for (char **p = q->options; p && *p; p++)
		str_addf(&words, "%s%s", p == q->options ? "" : ", ", *p);
	asking_add_text(q, &text);
	table_row(l->table);
	table_cellf(l->table, TINT_NONE, "%s/%s", agent, id);
	add_span(l->table, TINT_NONE, l->now_ms - q->asked_ms, q->asked_ms);
	table_cell(l->table, TINT_NONE, str_text(&words));
	table_cell(l->table, TINT_NONE, q->fallback ? q->fallback : "");
	add_span(l->table, TINT_WAIT, q->deadline_ms - l->now_ms,
	         q->deadline_ms);
	table_cell(l->table, TINT_NONE, str_text(&text));
}

static void
list_desk(struct listed *l, const struct desk *d)
{
	char **names = NULL;
	struct err err = { "" };
	int r = find_list(d, PLACE_QUESTIONS, &names);

	if (r < 0)
		l->status = fail(err_sys(&err, r,
		                         "cannot read the questions of '%s'",
		                         d->name),
		                 &err);
	for (char **p = names; r == 0 && *p; p++) {
		autoquestion q = { 0 };

		/* One that was answered since is not there any more. */
		if (!name_ok(*p) || question_open(d, *p, &q) < 0)
			continue;
		if (l->table)
			add_row(l, d->name, *p, &q);
		else
			add_json(l, d->name, *p, &q);
	}
	keys_free_list(names);
}

/* Those of one agent, or of all; one that cannot be looked at is told of. */
static void
list_agents(struct context *cx, struct listed *l, char *const *names)
{
	for (; *names; names++) {
		autodesk *d = NULL;
		struct err err = { "" };
		int r = desk_open(cx->spool, *names, &d, &err);

		if (r == 0)
			list_desk(l, d);
		else if (r != -ENOENT)
			l->status = fail(r, &err);
	}
}

static int
list(struct context *cx, const struct args *a, struct listed *l)
{
	autodesk *d = NULL;
	char **names = NULL;
	int r;

	if (a->noperands) {
		r = agents_desk(cx, a->operands[0], false, &d);
		if (r == EXIT_FINE && d)
			list_desk(l, d);
		return r;
	}
	r = agents_list(cx, &names);
	if (r == EXIT_FINE)
		list_agents(cx, l, names);
	keys_free_list(names);
	return r;
}

static int
run(struct context *cx, const struct args *a)
{
	struct table_style style = table_style_of(STDOUT_FILENO);
	autotable *t = table_new(columns, countof(columns));
	struct listed l = { .now_ms = clock_wall_ms() };
	int r;

	if (a->noperands > 1) {
		complain("name one AGENT, or none for all");
		return EXIT_USAGE;
	}
	if (!args_has(a, "json"))
		l.table = t;
	r = list(cx, a, &l);
	if (l.table && !table_empty(t))
		table_print(t, &style, &l.out);
	put(str_text(&l.out), l.out.len);
	str_done(&l.out);
	if (r == EXIT_FINE && l.table && table_empty(t) && style.people)
		say(cx, "nothing is asked");
	return r == EXIT_FINE ? l.status : r;
}

const struct verb verb_questions = {
	.name = "questions",
	.operands = "[AGENT]",
	.summary = "what tasks ask, and wait for somebody to answer",
	.text = "All open questions, or those of one AGENT.  Columns: REF\n"
		"SINCE OPTIONS DEFAULT LEFT QUESTION; LEFT is the time until\n"
		"the deadline.  On a terminal a table with a header; elsewhere\n"
		"a line each, separated by one tab, '-' for nothing, no\n"
		"header.  --json: the keys ref agent id number question\n"
		"options default deadline asked; times are milliseconds since\n"
		"1970, what there is not is null.\n"
		"\n"
		"example:\n"
		"  spoolhand questions\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/agents.h"
#include "cli/listing.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "cli/view.h"

static const struct arg_option options[] = {
	{ "state", 0, "STATE", true,
	  "only these: dropped, pending, ready, running, blocked, completed, "
	  "failed, withdrawn, rejected, or all" },
	{ "json", 0, NULL, false, "one object a line" },
};

/* The states a task can be listed with, and where to look for them. */
static const struct listed {
	const char *state;
	enum place places[2];
	bool usual; /* without --state */
} states[] = {
	{ "DROPPED", { PLACE_INBOX, PLACE_ADMIT }, true },
	{ "PENDING", { PLACE_PENDING }, true },
	{ "READY", { PLACE_READY }, true },
	{ "RUNNING", { PLACE_RUNNING, PLACE_SAVING }, true },
	{ "BLOCKED", { PLACE_BLOCKED }, true },
	{ "COMPLETED", { PLACE_OUTBOX }, false },
	{ "FAILED", { PLACE_FAILED }, false },
	{ "WITHDRAWN", { PLACE_FAILED }, false },
	{ "REJECTED", { PLACE_REJECTED }, false },
};

static const struct table_column columns[] = {
	{ "REF", false, NULL, 0 },     { "STATE", false, NULL, 0 },
	{ "CLASS", false, NULL, 0 },   { "SEQ", true, NULL, 0 },
	{ "ATTEMPTS", true, NULL, 0 }, { "NOTE", false, NULL, 0 },
};

struct ls {
	const struct desk *desk;
	bool chosen[countof(states)];
	struct table *table; /* NULL: JSON lines */
	int64_t now_ms;
	struct str out;
};

static int
choose(struct ls *ls, const char *name)
{
	bool all = strcasecmp(name, "all") == 0;
	bool any = false;

	for (size_t i = 0; i < countof(states); i++) {
		if (!all && strcasecmp(name, states[i].state) != 0)
			continue;
		ls->chosen[i] = any = true;
	}
	if (any)
		return EXIT_FINE;
	complain("'%s' is no state; all of them: spoolhand ls --help", name);
	return EXIT_USAGE;
}

static int
choose_all(struct ls *ls, const struct args *a)
{
	const char *const *names = args_values(a, "state");
	int r = EXIT_FINE;

	for (size_t i = 0; !names[0] && i < countof(states); i++)
		ls->chosen[i] = states[i].usual;
	for (; *names && r == EXIT_FINE; names++)
		r = choose(ls, *names);
	return r;
}

/* FAILED and WITHDRAWN lie in one place, and only the result tells which. */
static bool
is_chosen(const struct ls *ls, const struct view_task *v)
{
	for (size_t i = 0; i < countof(states); i++)
		if (strcmp(states[i].state, v->state) == 0)
			return ls->chosen[i];
	return false;
}

static void
add_note(const struct ls *ls, const struct view_task *v, struct str *out)
{
	const char *message = v->message;
	char buf[CLOCK_TEXT_MAX];

	if (v->progress.phase) {
		if (v->progress.updated_ms)
			str_addf(out, "%d%% ", v->progress.percent);
		str_adds(out, progress_phase_name(v->progress.phase));
		message = v->progress.message[0] ? v->progress.message : NULL;
	}
	if (v->reason)
		str_adds(out, v->reason);
	if (v->until_ms > ls->now_ms)
		str_addf(out, " in %s",
		         clock_format_duration(v->until_ms - ls->now_ms, buf));
	if (message)
		str_addf(out, "%s%s", out->len ? ": " : "", message);
}

static void
add_row(struct ls *ls, const struct view_task *v)
{
	autostr note = STR_INIT;
	struct table *t = ls->table;

	add_note(ls, v, &note);
	table_row(t);
	table_cellf(t, TINT_NONE, "%s/%s", v->agent, v->id);
	table_cell(t, table_tint_of(v->state), v->state);
	table_cell(t, TINT_NONE,
	           v->entry.cls ? entry_class_name(v->entry.cls) : "");
	if (v->entry.seq)
		table_cellf(t, TINT_NONE, "%llu",
		            (unsigned long long)v->entry.seq);
	else
		table_cell(t, TINT_NONE, "");
	table_cellf(t, TINT_NONE, "%u", v->entry.attempts);
	table_cell(t, TINT_NONE, str_text(&note));
}

static void
add_item(struct ls *ls, const struct listing_item *item)
{
	struct view_task v;

	if (view_entry(ls->desk, item->place, item->name, &v) < 0)
		return;
	if (is_chosen(ls, &v) && ls->table) {
		add_row(ls, &v);
	} else if (is_chosen(ls, &v)) {
		autojson *o = view_entry_json(&v);

		json_print(o, &ls->out);
		str_addc(&ls->out, '\n');
	}
	view_task_done(&v);
}

static int
list(struct ls *ls)
{
	struct table_style style = table_style_of(STDOUT_FILENO);
	bool wanted[PLACE_N] = { false };
	autolisting l = { 0 };
	int r;

	for (size_t i = 0; i < countof(states); i++)
		for (int p = 0; p < 2; p++)
			if (ls->chosen[i])
				wanted[states[i].places[p]] = true;
	wanted[PLACE_NONE] = false;
	r = listing_take(ls->desk, wanted, &l);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		add_item(ls, &l.items[i]);
	if (ls->table && !table_empty(ls->table))
		table_print(ls->table, &style, &ls->out);
	put(str_text(&ls->out), ls->out.len);
	return 0;
}

static int
run(struct context *cx, const struct args *a)
{
	struct ls ls = { .now_ms = clock_wall_ms() };
	autotable *t = table_new(columns, countof(columns));
	autodesk *d = NULL;
	struct err err = { "" };
	int r = choose_all(&ls, a);

	if (r != EXIT_FINE)
		return r;
	if (a->noperands != 1) {
		complain("name one AGENT; all of them: spoolhand status");
		return EXIT_USAGE;
	}
	r = agents_desk(cx, a->operands[0], false, &d);
	if (r != EXIT_FINE || !d)
		return r;
	ls.desk = d;
	ls.table = args_has(a, "json") ? NULL : t;
	r = list(&ls);
	str_done(&ls.out);
	if (r == 0 && table_empty(t) && ls.table && isatty(STDOUT_FILENO))
		say(cx,
		    "no such task at '%s'; all of them: spoolhand ls %s "
		    "--state all",
		    d->name, d->name);
	if (r < 0)
		return fail(err_sys(&err, r, "cannot list the tasks of '%s'",
		                    d->name),
		            &err);
	return EXIT_FINE;
}

const struct verb verb_ls = {
	.name = "ls",
	.operands = "AGENT",
	.summary = "the tasks of an agent, in schedule order",
	.text = "Without --state all that have not ended: RUNNING, READY,\n"
		"BLOCKED, PENDING, then what is DROPPED in the inbox.  Ended\n"
		"ones are listed in the order in which they ended.\n"
		"\n"
		"Columns: REF STATE CLASS SEQ ATTEMPTS NOTE.  On a terminal\n"
		"a table with a header; elsewhere a line each, separated by\n"
		"one tab, '-' for nothing, no header.  --json: the keys ref\n"
		"agent id state priority seq attempts reason until message;\n"
		"times are milliseconds since 1970, what is not known is null.\n"
		"\n"
		"example:\n"
		"  spoolhand ls pm --state failed --state withdrawn\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

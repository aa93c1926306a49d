#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/keys.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/agents.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "spool/fsck.h"

static const struct arg_option options[] = {
	{ "repair", 0, NULL, false,
	  "mend what can be mended without guessing; the agent must not run" },
	{ "json", 0, NULL, false, "one object a line" },
};

static const struct table_column columns[] = {
	{ "AGENT", false, NULL, 0 }, { "CODE", false, NULL, 0 },
	{ "PATH", false, NULL, 0 },  { "TEXT", false, NULL, 0 },
	{ "", false, NULL, 0 },
};

struct checking {
	struct context *cx;
	struct table *table; /* NULL: JSON lines */
	bool repair;
	int left; /* findings that are not mended */
};

static void
print_json(const struct fsck_finding *f)
{
	autojson *o = json_new_object();
	autostr line = STR_INIT;

	json_set_str(o, "agent", f->agent);
	json_set_str(o, "code", f->code);
	json_set_str(o, "path", f->path);
	json_set_str(o, "text", f->text);
	json_set_bool(o, "repaired", f->repaired);
	json_print(o, &line);
	str_addc(&line, '\n');
	put(line.data, line.len);
}

static void
on_finding(void *arg, const struct fsck_finding *f)
{
	struct checking *c = arg;
	enum table_tint tint = f->repaired ? TINT_GOOD : TINT_BAD;

	if (!c->table) {
		print_json(f);
		return;
	}
	table_row(c->table);
	table_cell(c->table, TINT_NONE, f->agent);
	table_cell(c->table, tint, f->code);
	table_cell(c->table, TINT_NONE, f->path);
	table_cell(c->table, TINT_NONE, f->text);
	table_cell(c->table, tint, f->repaired ? "repaired" : "left");
}

static int
note(struct checking *c, int found, const struct err *err)
{
	if (found < 0)
		return fail(found, err);
	c->left += found;
	return EXIT_FINE;
}

static int
check_desk(struct checking *c, const char *agent)
{
	struct err err = { "" };

	return note(c,
	            fsck_desk(c->cx->spool, agent, c->repair, clock_wall_ms(),
	                      on_finding, c, &err),
	            &err);
}

/* Every desk is checked, also after one that cannot be. */
static int
check_all(struct checking *c)
{
	struct err err = { "" };
	char **names = NULL;
	int r, status = note(
		       c,
		       fsck_spool(c->cx->spool, c->repair, on_finding, c, &err),
		       &err);

	r = desk_list(c->cx->spool, &names);
	if (r < 0)
		return fail(r, &err);
	for (char **p = names; *p; p++) {
		r = check_desk(c, *p);
		if (status == EXIT_FINE)
			status = r;
	}
	keys_free_list(names);
	return status;
}

static int
check(struct checking *c, const struct args *a)
{
	const char *agent = a->operands[0];
	autodesk *d = NULL;
	int r = context_spool(c->cx);

	if (r != EXIT_FINE)
		return r;
	if (!agent)
		return check_all(c);
	/* What is wrong with it is not to keep it from being checked. */
	if (name_ok(agent) && sys_exists(c->cx->spool->agents_fd, agent) == 1)
		return check_desk(c, agent);
	return agents_desk(c->cx, agent, false, &d);
}

static int
run(struct context *cx, const struct args *a)
{
	autotable *t = table_new(columns, countof(columns));
	struct table_style style = table_style_of(STDOUT_FILENO);
	struct checking c = { .cx = cx, .repair = args_has(a, "repair") };
	autostr out = STR_INIT;
	int r;

	if (a->noperands > 1) {
		complain("name one AGENT, or none for all");
		return EXIT_USAGE;
	}
	if (!args_has(a, "json"))
		c.table = t;
	r = check(&c, a);
	/* No header above nothing. */
	if (!table_empty(t))
		table_print(t, &style, &out);
	put(str_text(&out), out.len);
	if (r != EXIT_FINE)
		return r;
	if (c.left) {
		say(cx, "%d left to mend", c.left);
		return EXIT_TASK_FAILED;
	}
	say(cx, "all is well");
	return EXIT_FINE;
}

const struct verb verb_fsck = {
	.name = "fsck",
	.operands = "[AGENT]",
	.summary = "check every guarantee of the format",
	.text = "Reads only, and may be used while agents run.  Exit status\n"
		"0 if all is well or was repaired, 1 if something is left.\n"
		"\n"
		"Columns: AGENT CODE PATH TEXT, and 'repaired' or 'left'.\n"
		"On a terminal a table with a header; elsewhere a line each,\n"
		"separated by one tab, '-' for nothing, no header.  --json:\n"
		"the keys agent code path text repaired.\n"
		"\n"
		"example:\n"
		"  spoolhand fsck --json | jq -r .text\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

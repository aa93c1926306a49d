#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/mem.h"
#include "cli/agents.h"
#include "cli/status.h"

static const struct arg_option options[] = {
	{ "json", 0, NULL, false,
	  "one object a line for agents, one for a task" },
	{ "watch", 0, NULL, false, "show it again whenever it changes" },
	{ "until-idle", 0, NULL, false,
	  "watch, and end when no task is left that could go on" },
};

/* No operand: all agents; AGENT: that one; AGENT/ID: a task. */
static int
choose(struct status *st, const struct args *a)
{
	autodesk *d = NULL;
	int r;

	if (a->noperands == 0)
		return agents_list(st->cx, &st->agents);
	if (strchr(a->operands[0], '/'))
		return context_ref(st->cx, a->operands[0], &st->agent, &st->id);
	r = agents_desk(st->cx, a->operands[0], false, &d);
	if (r != EXIT_FINE)
		return r;
	/* It may have a desk and the configuration a fault: go on then. */
	(void)context_config(st->cx);
	st->agents = mem_new(1, sizeof(*st->agents));
	keys_append(&st->agents, a->operands[0]);
	return EXIT_FINE;
}

static int
print_once(const struct status *st)
{
	autostr out = STR_INIT;
	bool at_rest;
	int r = status_print(st, &out, &at_rest);

	(void)fwrite(str_text(&out), 1, out.len, stdout);
	return r;
}

static int
run(struct context *cx, const struct args *a)
{
	bool until_idle = args_has(a, "until-idle");
	struct status st = { .cx = cx, .json = args_has(a, "json") };
	int r;

	if (a->noperands > 1) {
		complain("name one AGENT or REF, or none for all agents");
		return EXIT_USAGE;
	}
	st.style = table_style_of(STDOUT_FILENO);
	r = choose(&st, a);
	if (r == EXIT_FINE && (until_idle || args_has(a, "watch")))
		r = status_watch(&st, until_idle);
	else if (r == EXIT_FINE)
		r = print_once(&st);
	if (st.agents)
		keys_free_list(st.agents);
	free(st.agent);
	free(st.id);
	return r;
}

const struct verb verb_status = {
	.name = "status",
	.operands = "[AGENT | REF]",
	.summary = "what the agents do, or how a task stands",
	.text = "Reads files only; nothing needs to run.  An agent is BUSY\n"
		"if a task of it is RUNNING, else BLOCKED if one is, else\n"
		"IDLE.\n"
		"\n"
		"Columns: NAME STATE UP PENDING READY RUNNING BLOCKED DONE\n"
		"FAILED TASK PROGRESS NOTE; UP is 'up' or 'down', TASK is\n"
		"the id of the running one, NOTE tells of a pause, a\n"
		"quarantine and what lies in the inbox.  On a terminal a\n"
		"table with a header; elsewhere a line each, separated by\n"
		"one tab, '-' for nothing, no header.  A task is shown as\n"
		"lines of a key and a value.\n"
		"\n"
		"--watch draws it in place on a terminal, until Ctrl-C; else\n"
		"it prints it again below, with --json only the objects that\n"
		"have changed.\n"
		"\n"
		"Keys of an agent: agent state up paused quarantined\n"
		"configured pid dropped pending ready running blocked\n"
		"completed failed rejected task; of a task: ref agent id\n"
		"state priority seq attempts reason until title message\n"
		"progress admitted started ended.  Times are milliseconds\n"
		"since 1970, what is not known is null.\n"
		"\n"
		"example:\n"
		"  spoolhand status --watch --until-idle\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

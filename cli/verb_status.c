#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/mem.h"
#include "cli/agents.h"
#include "cli/status.h"
#include "cli/term.h"

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
	st->one = true;
	st->agents = mem_new(1, sizeof(*st->agents));
	keys_append(&st->agents, a->operands[0]);
	return EXIT_FINE;
}

static int
print_once(struct status *st)
{
	autostr out = STR_INIT;
	size_t lines;
	bool at_rest;
	int r;

	/* A task is shown whole, however long its lines are. */
	if (st->agents)
		(void)term_size(STDOUT_FILENO, &st->style.width, &lines);
	r = status_print(st, &out, &at_rest);
	put(str_text(&out), out.len);
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
	if (r == EXIT_FINE)
		r = st.status;
	strset_done(&st.told);
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
		"FAILED TASK PROGRESS NOTE; UP is 'up', 'down', or '?' where\n"
		"that cannot be known, TASK is the id of the running one,\n"
		"NOTE tells of a pause, a quarantine, what lies in the inbox\n"
		"and the first BLOCKED task.  On a terminal a table with a\n"
		"header, without the least columns if it is narrow; else a\n"
		"line each, separated by one tab, '-' for nothing, no\n"
		"header.  A task is shown as lines of a key and a value.\n"
		"An agent whose desk cannot be looked at is left out, which\n"
		"is said, and tells in the exit status.\n"
		"\n"
		"--watch draws it in place on a terminal, until Ctrl-C; else\n"
		"it prints it again below, with --json only the objects that\n"
		"have changed.\n"
		"\n"
		"Keys of an agent: agent state up paused quarantined failing\n"
		"probe configured pid containment worker dropped pending\n"
		"ready running blocked completed failed rejected task; of a\n"
		"task: ref agent id state priority seq attempts reason until\n"
		"message title progress admitted started ended.  Times are\n"
		"milliseconds since 1970, what is not known is null.\n"
		"\n"
		"example:\n"
		"  spoolhand status --watch --until-idle\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

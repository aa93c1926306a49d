#include "cli/agents.h"
#include "cli/gm.h"
#include "cli/program.h"
#include "cli/verb.h"

/* The agent would say so, too, but not what to do about it. */
static int
check_free(struct context *cx, const char *name)
{
	autodesk *d = NULL;
	struct proc_id owner, gm;
	int r = agents_desk(cx, name, false, &d);

	if (r != EXIT_FINE || !d || desk_owner(d, &owner) != 1 || !owner.pid)
		return r;
	if (gm_owner(cx->spool, &gm) == 1)
		complain("agent '%s' is already run by pid %d; stop it with: "
		         "spoolhand down",
		         name, (int)owner.pid);
	else
		complain("agent '%s' is already run by pid %d; stop it with: "
		         "kill %d",
		         name, (int)owner.pid, (int)owner.pid);
	return EXIT_TRY_LATER;
}

static int
run(struct context *cx, const struct args *a)
{
	const char *argv[] = { "spoolhand-agent", "--root", NULL, NULL, NULL };
	const struct config_agent *found;
	struct err err = { "" };
	int r;

	if (a->noperands != 1) {
		complain("name one agent of %s", CONFIG_FILE);
		return EXIT_USAGE;
	}
	r = context_config(cx);
	if (r != EXIT_FINE)
		return r;
	r = config_find(cx->config, a->operands[0], &found, &err);
	if (r < 0)
		return fail(r, &err);
	r = check_free(cx, found->name);
	if (r != EXIT_FINE)
		return r;
	argv[2] = cx->spool->root;
	argv[3] = found->name;
	return program_become(argv);
}

const struct verb verb_agent = {
	.name = "agent",
	.operands = "NAME",
	.summary = "run one agent in front, without the orchestrator",
	.text = "Ctrl-C lets the running task end and starts no further one.\n"
		"\n"
		"example:\n"
		"  spoolhand agent pm\n",
	.run = run,
};

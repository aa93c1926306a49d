#include "cli/program.h"
#include "cli/verb.h"

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

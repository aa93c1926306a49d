#include "cli/program.h"
#include "cli/verb.h"

static int
run(struct context *cx, const struct args *a)
{
	const char *argv[] = { "spoolhand-gm", "--root", NULL, NULL };
	int r;

	if (a->noperands) {
		complain("'up' takes no operand: it starts every agent of %s; "
		         "one alone: spoolhand agent %s",
		         CONFIG_FILE, a->operands[0]);
		return EXIT_USAGE;
	}
	r = context_config(cx);
	if (r != EXIT_FINE)
		return r;
	argv[2] = cx->spool->root;
	return program_become(argv);
}

const struct verb verb_up = {
	.name = "up",
	.operands = "",
	.summary = "run the orchestrator, and by it all agents, in front",
	.text = "Starts and minds every agent of spoolhand.yaml.  The first\n"
		"Ctrl-C drains: running tasks end, none is started.  The\n"
		"second stops now.\n"
		"\n"
		"example:\n"
		"  spoolhand up\n",
	.run = run,
};

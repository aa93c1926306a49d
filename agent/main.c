/*
 * spoolhand-agent - run the desk of one agent.
 */
#include "agent/agent.h"
#include "config/daemon.h"

static const char usage[] =
	"usage: spoolhand-agent [--root DIR] NAME\n"
	"\n"
	"Runs the desk of agent NAME in the foreground, one task at a time.\n"
	"SIGTERM lets the running task end and stops; a second one stops now.\n"
	"\n"
	"  --root DIR   the spool (default: $SPOOLHAND_ROOT, or the current\n"
	"               directory)\n"
	"  --debug      log more\n"
	"  --version\n"
	"\n"
	"Example: spoolhand-agent --root ~/team pm\n";

static int
run(const struct daemon *d, struct err *err)
{
	const struct config_agent *role;
	autospool *spool = NULL;
	int r = config_find(d->config, d->operand, &role, err);

	if (r == 0)
		r = spool_open_or_make(d->root, CONFIG_FILE, &spool, err);
	if (r != 0)
		return r;
	spool->durable = d->config->durability == CONFIG_FULL;
	return agent_run(spool, d->config, role, err);
}

int
main(int argc, char **argv)
{
	autodaemon d = { .program = "spoolhand-agent",
		         .usage = usage,
		         .noperands = 1 };
	struct err err = { "" };
	int status = daemon_begin(&d, argc, argv);

	return status >= 0 ? status : daemon_end(run(&d, &err), &err);
}

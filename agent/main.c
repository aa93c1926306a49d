/*
 * spoolhand-agent - run the desk of one agent.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "config/daemon.h"

static const char usage[] =
	"usage: spoolhand-agent [--root DIR] NAME\n"
	"\n"
	"Runs the desk of agent NAME in the foreground, one task at a time.\n"
	"SIGTERM lets the running task end and stops; a second one stops now.\n"
	"\n"
	"  --root DIR   the spool (default: $SPOOLHAND_ROOT, or the current\n"
	"               directory)\n"
	"  --worker PROGRAM\n"
	"               a stream worker to run instead of what is configured\n"
	"  --debug      log more\n"
	"  --version\n"
	"\n"
	"Example: spoolhand-agent --root ~/team pm\n";

/* It is started in a folder of its own: a path must not depend on ours. */
static char *
absolute(const char *program)
{
	autofree char *here = NULL;

	if (program[0] == '/' || !strchr(program, '/'))
		return mem_dup(program);
	here = getcwd(NULL, 0);
	return mem_printf("%s/%s", here ? here : "", program);
}

static int
run(const struct daemon *d, struct err *err)
{
	autofree char *program = d->worker ? absolute(d->worker) : NULL;
	char *command[] = { program, NULL };
	const struct config_agent *found;
	struct config_agent role;
	autospool *spool = NULL;
	int r = config_find(d->config, d->operand, &found, err);

	if (r == 0)
		r = spool_open_or_make(d->root, CONFIG_FILE, &spool, err);
	if (r != 0)
		return r;
	spool->durable = d->config->durability == CONFIG_FULL;
	role = *found;
	if (program) {
		role.command = command;
		role.shell = NULL;
		role.mode = CONFIG_STREAM;
	}
	return agent_run(spool, d->config, &role, err);
}

int
main(int argc, char **argv)
{
	autodaemon d = { .program = "spoolhand-agent",
		         .usage = usage,
		         .noperands = 1,
		         .takes_worker = true };
	struct err err = { "" };
	int status = daemon_begin(&d, argc, argv);

	return status >= 0 ? status : daemon_end(run(&d, &err), &err);
}

/*
 * spoolhand-gm - start and mind every agent of a spool.
 */
#include "config/daemon.h"
#include "orchestrator/manager.h"

static const char usage[] =
	"usage: spoolhand-gm [--root DIR]\n"
	"\n"
	"Starts and minds every agent of spoolhand.yaml, in the foreground.\n"
	"SIGTERM or SIGINT lets running tasks end and stops; a second one stops\n"
	"now.\n"
	"\n"
	"  --root DIR   the spool (default: $SPOOLHAND_ROOT, or the current\n"
	"               directory)\n"
	"  --debug      log more\n"
	"  --version\n"
	"\n"
	"Example: spoolhand-gm --root ~/team\n";

static int
run(const struct daemon *d, struct err *err)
{
	autospool *spool = NULL;
	int r = spool_open_or_make(d->root, CONFIG_FILE, &spool, err);

	if (r != 0)
		return r;
	spool->durable = d->config->durability == CONFIG_FULL;
	return manager_run(spool, d->config, err);
}

int
main(int argc, char **argv)
{
	autodaemon d = { .program = "spoolhand-gm", .usage = usage };
	struct err err = { "" };
	int status = daemon_begin(&d, argc, argv);

	return status >= 0 ? status : daemon_end(run(&d, &err), &err);
}

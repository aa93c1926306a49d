/*
 * spoolhand-agent - run the desk of one agent.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/mem.h"

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

static const struct option options[] = {
	{ "root", required_argument, NULL, 'r' },
	{ "debug", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

struct arguments {
	const char *root;
	const char *name;
	bool debug;
};

/* -1, or the status to exit with. */
static int
parse(int argc, char **argv, struct arguments *out)
{
	int c;

	out->root = getenv("SPOOLHAND_ROOT");
	while ((c = getopt_long(argc, argv, "r:dhv", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			out->root = optarg;
			break;
		case 'd':
			out->debug = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		case 'v':
			(void)puts("spoolhand-agent " SPOOLHAND_VERSION);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		default:
			(void)fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind + 1 != argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	out->name = argv[optind];
	if (!out->root)
		out->root = ".";
	return -1;
}

static int
status_of(int code)
{
	switch (-code) {
	case EAGAIN:
		return EX_TEMPFAIL;
	case ENOENT:
	case EBADMSG:
		return EX_CONFIG;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	default:
		return EX_IOERR;
	}
}

static int
run(const struct arguments *args, struct err *err)
{
	autofree char *file = mem_printf("%s/" CONFIG_FILE, args->root);
	autoconfig *config = NULL;
	autospool *spool = NULL;
	const struct config_agent *role;
	int r = config_load(file, &config, err);

	if (r == 0)
		r = config_find(config, args->name, &role, err);
	if (r == 0)
		r = spool_open(args->root, &spool, err);
	if (r < 0)
		return r;
	spool->durable = config->durability == CONFIG_FULL;
	return agent_run(spool, config, role, err);
}

int
main(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct err err = { "" };
	int status = parse(argc, argv, &args);
	int r;

	if (status >= 0)
		return status;
	log_open("spoolhand-agent", args.debug ? LOG_DEBUG : LOG_INFO, 1);
	r = run(&args, &err);
	if (r == 0)
		return EX_OK;
	log_error("%s", err.text);
	return status_of(r);
}

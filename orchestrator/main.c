/*
 * spoolhand-gm - start and mind every agent of a spool.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
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

static const struct option options[] = {
	{ "root", required_argument, NULL, 'r' },
	{ "debug", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

struct arguments {
	const char *root;
	bool debug;
};

static int
print(const char *text)
{
	(void)fputs(text, stdout);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* -1, or the status to exit with. */
static int
parse(int argc, char **argv, struct arguments *out)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			out->root = optarg;
			break;
		case 'd':
			out->debug = true;
			break;
		case 'h':
			return print(usage);
		case 'v':
			return print("spoolhand-gm " SPOOLHAND_VERSION "\n");
		default:
			(void)fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	if (!out->root)
		out->root = getenv("SPOOLHAND_ROOT");
	if (!out->root || !out->root[0])
		out->root = ".";
	return -1;
}

/*
 * Started with a standard descriptor closed, we would open a file of the
 * spool in its place and then log into it.
 */
static int
hold_standard_descriptors(void)
{
	int fd = 0;

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	return fd < 0 ? -errno : close(fd);
}

static int
status_of(int code)
{
	switch (-code) {
	case EAGAIN:
		return EX_TEMPFAIL;
	case ENOENT:
	case ENOTDIR:
	case EBADMSG:
		return EX_CONFIG;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	default:
		return EX_IOERR;
	}
}

/* A folder with a spoolhand.yaml and nothing else yet becomes a spool. */
static int
open_spool(const char *root, struct spool **out, struct err *err)
{
	autoclose int fd = sys_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY);
	int r;

	if (fd >= 0 && sys_exists(fd, SPOOL_FORMAT_FILE) == 0 &&
	    sys_exists(fd, "agents") == 0) {
		r = spool_make(root, err);
		if (r < 0)
			return r;
	}
	return spool_open(root, out, err);
}

static int
run(const char *root, struct err *err)
{
	autofree char *file = mem_printf("%s/" CONFIG_FILE, root);
	autoconfig *config = NULL;
	autospool *spool = NULL;
	int r = config_load(file, &config, err);

	if (r == 0)
		r = open_spool(root, &spool, err);
	if (r != 0)
		return r;
	spool->durable = config->durability == CONFIG_FULL;
	return manager_run(spool, config, err);
}

int
main(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct err err = { "" };
	int status;
	int r = hold_standard_descriptors();

	if (r < 0)
		return EX_IOERR;
	status = parse(argc, argv, &args);
	if (status >= 0)
		return status;
	/* Whoever keeps the log wants times; who watches it has a clock. */
	log_open("spoolhand-gm", args.debug ? LOG_DEBUG : LOG_INFO,
	         !isatty(STDERR_FILENO));
	r = run(args.root, &err);
	if (r == 0)
		return EX_OK;
	log_error("%s", err.text);
	return status_of(r);
}

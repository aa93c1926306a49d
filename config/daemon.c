#include "config/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static const struct option options[] = {
	{ "root", required_argument, NULL, 'r' },
	{ "worker", required_argument, NULL, 'w' },
	{ "debug", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

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
flushed(void)
{
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int
misused(const struct daemon *d)
{
	(void)fputs(d->usage, stderr);
	return EX_USAGE;
}

static int
parse(struct daemon *d, int argc, char **argv, enum log_level *level)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			d->root = optarg;
			break;
		case 'w':
			if (!d->takes_worker)
				return misused(d);
			d->worker = optarg;
			break;
		case 'd':
			*level = LOG_DEBUG;
			break;
		case 'h':
			(void)fputs(d->usage, stdout);
			return flushed();
		case 'v':
			(void)printf("%s %s\n", d->program, SPOOLHAND_VERSION);
			return flushed();
		default:
			return misused(d);
		}
	}
	if (argc - optind != d->noperands)
		return misused(d);
	d->operand = argv[optind];
	if (!d->root)
		d->root = getenv("SPOOLHAND_ROOT");
	if (!d->root || !d->root[0])
		d->root = ".";
	return -1;
}

int
daemon_begin(struct daemon *d, int argc, char **argv)
{
	enum log_level level = LOG_INFO;
	autofree char *file = NULL;
	struct err err = { "" };
	int r;

	if (hold_standard_descriptors() < 0)
		return EX_IOERR;
	r = parse(d, argc, argv, &level);
	if (r >= 0)
		return r;
	/* Whoever keeps the log wants times; who watches it has a clock. */
	log_open(d->program, level, !isatty(STDERR_FILENO));
	file = mem_printf("%s/" CONFIG_FILE, d->root);
	r = config_load(file, &d->config, &err);
	return r < 0 ? daemon_end(r, &err) : -1;
}

void
daemon_done(struct daemon *d)
{
	config_free(d->config);
	d->config = NULL;
}

int
daemon_end(int code, const struct err *err)
{
	if (code >= 0)
		return EX_OK;
	log_error("%s", err->text);
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

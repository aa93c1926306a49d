#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/sys.h"
#include "cli/example.h"
#include "cli/verb.h"
#include "spool/desk.h"

#define README "README.md" /* of an example: what to do with it */

static const struct arg_option options[] = {
	{ "example", 0, "NAME", false,
	  "begin with this example: team, durable or warm" },
};

/* Make the folder, and those above it. */
static int
make_folder(const char *path, struct err *err)
{
	for (const char *p = path; *p; p++) {
		size_t n = strcspn(p, "/");
		autofree char *dir = mem_dupn(path, (size_t)(p - path) + n);
		int r = *dir ? sys_mkdir(AT_FDCWD, dir, 0755) : 0;

		if (r < 0 && sys_exists(AT_FDCWD, dir) != 1)
			return err_sys(err, r, "cannot make '%s'", dir);
		p += n;
		if (!*p)
			break;
	}
	return 0;
}

/* Its own name, too, is to be there after a power cut. */
static void
sync_name(int dfd)
{
	autoclose int above = sys_opendir(dfd, "..");

	if (above >= 0)
		(void)sys_fsync(above);
}

/* All but the spool itself; `from` is an example, or -1. */
static int
fill_folder(struct context *cx, int dfd, int from, struct err *err)
{
	const char *text = config_example();
	autostr kept = STR_INIT;
	int r;

	if (from < 0) {
		r = sys_write_file(dfd, CONFIG_FILE, text, strlen(text), false,
		                   true);
		return r < 0 ? err_sys(err, r, "cannot write '%s'",
		                       CONFIG_FILE) :
		               0;
	}
	r = example_copy(from, dfd, &kept, err);
	if (r == 0 && kept.len)
		say(cx, "left as they were: %s", kept.data);
	return r;
}

/* The desks are made now, so that a task can be moved into an inbox by hand. */
static int
make_spool(struct context *cx, const char *folder)
{
	struct err err = { "" };
	int r = spool_make(folder, &err);

	if (r < 0)
		return fail(r, &err);
	cx->root_option = folder;
	r = context_config(cx);
	if (r != EXIT_FINE)
		return r;
	for (size_t i = 0; i < cx->config->nagents; i++) {
		r = desk_make(cx->spool, cx->config->agents[i].name, &err);
		if (r < 0)
			return fail(r, &err);
	}
	return EXIT_FINE;
}

static void
say_what_next(struct context *cx, const char *folder)
{
	const struct config *c = cx->config;
	autostr why = STR_INIT;

	say(cx, "made a spool in '%s'; its agents stand in %s/%s",
	    cx->spool->root, folder, CONFIG_FILE);
	if (spool_weakness(cx->spool, &why) == 1)
		say(cx,
		    "warning: '%s' cannot promise that tasks survive a power "
		    "cut: %s",
		    cx->spool->root, str_text(&why));
	say(cx, "next:");
	if (strcmp(folder, ".") != 0)
		say(cx, "  cd %s", folder);
	say(cx, "  spoolhand up");
	if (sys_exists(cx->spool->fd, README) == 1)
		say(cx, "  less %s", README);
	else
		say(cx, "  echo hello | spoolhand run %s",
		    c->nagents ? c->agents[0].name : "AGENT");
	say(cx, "  spoolhand status --watch");
}

/* A folder that is not to be had: neither "no such task" nor bad data. */
static int
fail_folder(int code, const struct err *err)
{
	int r = fail(code, err);

	return r == EXIT_NOT_FOUND || r == EXIT_BAD_DATA ? EXIT_CANNOT_CREATE :
	                                                   r;
}

static int
init(struct context *cx, const char *folder, int from)
{
	struct err err = { "" };
	autoclose int dfd = -1;
	int r = make_folder(folder, &err);

	if (r < 0)
		return fail_folder(r, &err);
	dfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dfd < 0)
		return fail_folder(
			err_sys(&err, -errno, "cannot open '%s'", folder),
			&err);
	if (sys_exists(dfd, CONFIG_FILE) == 1) {
		complain("'%s/%s' is there already and is not overwritten",
		         folder, CONFIG_FILE);
		return EXIT_CANNOT_CREATE;
	}
	r = fill_folder(cx, dfd, from, &err);
	if (r < 0)
		return fail(r, &err);
	r = make_spool(cx, folder);
	sync_name(dfd);
	if (r == EXIT_FINE)
		say_what_next(cx, folder);
	return r;
}

static int
run(struct context *cx, const struct args *a)
{
	const char *folder = cx->root_option ? cx->root_option : ".";
	const char *example = args_value(a, "example");
	struct err err = { "" };
	autoclose int from = -1;

	if (a->noperands > 1) {
		complain("name one DIR, or none for the folder you are in");
		return EXIT_USAGE;
	}
	if (a->noperands && cx->root_option) {
		complain("DIR and --root both name the folder; give one");
		return EXIT_USAGE;
	}
	if (a->noperands)
		folder = a->operands[0];
	if (example) {
		from = example_open(example, &err);
		if (from == -ENOPKG) {
			complain("%s", err.text);
			return EXIT_NOT_RUNNING;
		}
		if (from < 0)
			return fail(from, &err);
	}
	return init(cx, folder, from);
}

const struct verb verb_init = {
	.name = "init",
	.operands = "[DIR]",
	.summary = "make a folder a spool, with a commented spoolhand.yaml",
	.text = "DIR is the folder you are in unless it is named, and made\n"
		"if need be.  Nothing is overwritten: exit status 73 if\n"
		"there is a spoolhand.yaml.\n"
		"\n"
		"example:\n"
		"  spoolhand init desk --example team\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

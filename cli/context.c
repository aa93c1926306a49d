#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "cli/verb.h"
#include "cli/view.h"
#include "spool/desk.h"
#include "spool/find.h"

#define ROOT_VARIABLE "SPOOLHAND_ROOT"

/* The nearest folder, from here upwards, that holds a spoolhand.yaml. */
static char *
root_above(void)
{
	autofree char *dir = getcwd(NULL, 0);

	while (dir && dir[0] == '/') {
		autofree char *file = mem_printf("%s/%s", dir, CONFIG_FILE);
		char *slash = strrchr(dir, '/');

		if (access(file, F_OK) == 0)
			return mem_dup(dir[0] && dir[1] ? dir : "/");
		if (slash == dir && !dir[1])
			return NULL;
		slash[slash == dir ? 1 : 0] = '\0';
	}
	return NULL;
}

/* `*from` is who named it, as a prefix for messages. */
static char *
root_of(const struct context *cx, const char **from)
{
	const char *env = getenv(ROOT_VARIABLE);

	*from = "";
	if (cx->root_option)
		return mem_dup(cx->root_option);
	if (!env || !env[0])
		return root_above();
	*from = "$" ROOT_VARIABLE ": ";
	return mem_dup(env);
}

int
context_spool(struct context *cx)
{
	autofree char *root = NULL;
	const char *from;
	struct err err = { "" };
	int r;

	if (cx->spool)
		return EXIT_FINE;
	root = root_of(cx, &from);
	if (!root) {
		complain("no spool here: no %s in this folder or one above it; "
		         "make one with 'spoolhand init', or name one with "
		         "--root DIR",
		         CONFIG_FILE);
		return EXIT_BAD_CONFIG;
	}
	r = spool_open_or_make(root, CONFIG_FILE, &cx->spool, &err);
	if (r == -ENOENT || r == -ENOTDIR || r == -EBADMSG) {
		complain("%s%s", from, err.text);
		return EXIT_BAD_CONFIG;
	}
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

int
context_config(struct context *cx)
{
	autofree char *path = NULL;
	struct err err = { "" };
	int r = context_spool(cx);

	if (r != EXIT_FINE || cx->config)
		return r;
	path = mem_printf("%s/%s", cx->spool->root, CONFIG_FILE);
	r = config_load(path, &cx->config, &err);
	if (r == -ENOENT || r == -EBADMSG) {
		complain("%s", err.text);
		return EXIT_BAD_CONFIG;
	}
	if (r < 0)
		return fail(r, &err);
	cx->spool->durable = cx->config->durability == CONFIG_FULL;
	return EXIT_FINE;
}

void
context_done(struct context *cx)
{
	config_free(cx->config);
	spool_close(cx->spool);
	cx->config = NULL;
	cx->spool = NULL;
}

/* An agent without a desk: unknown, or one that has not had a task yet. */
static int
complain_no_desk(struct context *cx, const char *agent, const char *ref)
{
	const struct config_agent *found;
	struct err err = { "" };
	int r = context_config(cx);

	if (r != EXIT_FINE)
		return r;
	r = config_find(cx->config, agent, &found, &err);
	if (r < 0)
		return fail(r, &err);
	complain("no task '%s': agent '%s' has had none yet", ref, agent);
	return EXIT_NOT_FOUND;
}

static int
complain_no_task(struct context *cx, const char *agent, const char *id)
{
	struct view_task v = { 0 };

	if (view_rejected(cx->spool, agent, id, &v, NULL) == 0)
		complain("agent '%s' has no task '%s': it was rejected: %s",
		         agent, id, v.message ? v.message : "no reason given");
	else
		complain("agent '%s' has no task '%s'; what it has: spoolhand "
		         "ls %s",
		         agent, id, agent);
	view_task_done(&v);
	return EXIT_NOT_FOUND;
}

/* The whole id of the one task that `id` begins. */
static int
complete_id(struct context *cx, const char *ref, const char *agent, char **id)
{
	autodesk *d = NULL;
	struct err err = { "" };
	char *whole = NULL;
	int r = desk_open(cx->spool, agent, &d, &err);

	if (r == -ENOENT)
		return complain_no_desk(cx, agent, ref);
	if (r < 0)
		return fail(r, &err);
	r = find_prefix(d, *id, &whole, &err);
	if (r == -EEXIST) {
		complain("%s", err.text);
		return EXIT_USAGE;
	}
	if (r == -ENOENT)
		return complain_no_task(cx, agent, *id);
	if (r < 0)
		return fail(r, &err);
	free(*id);
	*id = whole;
	return EXIT_FINE;
}

int
context_ref(struct context *cx, const char *ref, char **agent, char **id)
{
	autofree char *a = NULL;
	autofree char *i = NULL;
	int r = context_spool(cx);

	if (r != EXIT_FINE)
		return r;
	if (name_split_ref(ref, &a, &i) < 0) {
		complain("'%s' is no REF; write AGENT/ID, for example pm/brief",
		         ref);
		return EXIT_USAGE;
	}
	r = complete_id(cx, ref, a, &i);
	if (r != EXIT_FINE)
		return r;
	*agent = take_ptr(a);
	*id = take_ptr(i);
	return EXIT_FINE;
}

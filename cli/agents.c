#include "cli/agents.h"

#include <errno.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"

static bool
has(char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

int
agents_list(struct context *cx, char ***names)
{
	struct err err = { "" };
	char **desks = NULL;
	char **all = mem_new(1, sizeof(*all));
	int r = context_spool(cx);

	if (r == EXIT_FINE) {
		/* It has said what is wrong, and the desks are there still. */
		(void)context_config(cx);
		r = desk_list(cx->spool, &desks);
		if (r < 0)
			r = fail(err_sys(&err, r, "cannot list '%s/agents'",
			                 cx->spool->root),
			         &err);
	}
	if (r != EXIT_FINE) {
		keys_free_list(all);
		return r;
	}
	for (size_t i = 0; cx->config && i < cx->config->nagents; i++)
		keys_append(&all, cx->config->agents[i].name);
	for (char **p = desks; *p; p++)
		if (!has(all, *p))
			keys_append(&all, *p);
	keys_free_list(desks);
	*names = all;
	return EXIT_FINE;
}

bool
agents_configured(const struct context *cx, const char *name)
{
	return !cx->config || config_agent(cx->config, name);
}

/* It has no desk: those of the configuration get one. */
static int
make_desk(struct context *cx, const char *name, bool make, struct desk **out)
{
	const struct config_agent *found;
	struct err err = { "" };
	int r = context_config(cx);

	if (r != EXIT_FINE)
		return r;
	*out = NULL;
	r = config_find(cx->config, name, &found, &err);
	if (r == 0 && make)
		r = desk_make(cx->spool, name, &err);
	if (r == 0 && make)
		r = desk_open(cx->spool, name, out, &err);
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

int
agents_desk(struct context *cx, const char *name, bool make, struct desk **out)
{
	struct err err = { "" };
	int r = context_spool(cx);

	if (r != EXIT_FINE)
		return r;
	r = desk_open(cx->spool, name, out, &err);
	if (r == -ENOENT)
		return make_desk(cx, name, make, out);
	return r < 0 ? fail(r, &err) : EXIT_FINE;
}

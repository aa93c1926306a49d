#include "cli/taskrefs.h"

#include <string.h>

#include "base/mem.h"
#include "base/sys.h"
#include "cli/circle.h"
#include "spool/desk.h"
#include "spool/fileinput.h"

struct checking {
	struct context *cx;
	const struct args *a;
	const char *file, *agent;
	const struct task *task;
};

/* Who asks for it: the option, or the header of the file. */
static const char *
ref_from(const struct checking *c, const char *ref)
{
	static const char *const options[] = { "after", "input" };

	for (size_t k = 0; k < countof(options); k++) {
		if (!args_knows(c->a, options[k]))
			continue;
		for (const char *const *v = args_values(c->a, options[k]); *v;
		     v++)
			if (strcmp(*v, ref) == 0)
				return k ? "--input" : "--after";
	}
	return c->file;
}

/* Is this, or an artifact of it, the task itself? */
static bool
is_itself(const struct checking *c, const char *ref)
{
	const char *id = c->task->id;
	autofree char *own = mem_printf("%s/%s", c->agent, id ? id : "");
	size_t n = strlen(own);

	return id && strncmp(ref, own, n) == 0 && (!ref[n] || ref[n] == '/');
}

static int
check_ref(const struct checking *c, const char *ref)
{
	struct spool *s = c->cx->spool;
	autofree char *agent = mem_dupn(ref, strcspn(ref, "/"));
	const struct config_agent *found;
	struct err err = { "" };
	int r = sys_exists(s->agents_fd, agent);

	if (is_itself(c, ref)) {
		complain("%s: '%s' is the task itself, which would wait for "
		         "ever; leave it out",
		         ref_from(c, ref), ref);
		return EXIT_BAD_DATA;
	}
	if (r == 1)
		return EXIT_FINE;
	r = config_find(c->cx->config, agent, &found, &err);
	if (r == 0)
		r = desk_make(s, agent, &err);
	if (r < 0)
		return fail(
			err_prefix(&err, r, "%s: '%s'", ref_from(c, ref), ref),
			&err);
	return EXIT_FINE;
}

int
taskrefs_check(struct context *cx, const struct args *a, const char *file,
               const char *agent, const struct task *t)
{
	const struct checking c = { cx, a, file, agent, t };
	char *const *lists[] = { t->after, t->inputs };

	for (size_t i = 0; i < countof(lists); i++) {
		for (char *const *p = lists[i]; p && *p; p++) {
			int r = EXIT_FINE;

			if (i == 0 || !fileinput_is(*p))
				r = check_ref(&c, *p);
			if (r != EXIT_FINE)
				return r;
		}
	}
	return circle_check(cx->spool, agent, t, file);
}

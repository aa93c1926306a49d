#include "cli/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/proc.h"
#include "base/sys.h"
#include "spool/find.h"

static const char *const variables[] = { "SPOOLHAND_ROOT", "TASK_REF",
	                                 "TASK_ATTEMPT", "TASK_WORK" };

static const char *
told(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* A number as the agent prints it. */
static bool
is_attempt(const char *text, unsigned attempts)
{
	autofree char *own = mem_printf("%u", attempts);

	return strcmp(text, own) == 0;
}

static int
check_environment(const char *verb)
{
	const char *step = getenv(INSIDE_STEP);

	for (size_t i = 0; i < countof(variables); i++) {
		if (told(variables[i])[0])
			continue;
		complain("'%s' works only inside a task, in the command of an "
		         "agent; here is none: %s is not set",
		         verb, variables[i]);
		return EXIT_USAGE;
	}
	if (!step)
		return EXIT_FINE;
	complain("'%s' inside of step '%s': a step is one thing that is done "
	         "once; call '%s' before or after it",
	         verb, step, verb);
	return EXIT_USAGE;
}

/*
 * Whether a step was done must survive what its task survives; if the
 * configuration cannot be read just now, that is the most.
 */
static void
set_durability(struct context *cx)
{
	autofree char *path = NULL;
	autoconfig *config = NULL;

	path = mem_printf("%s/%s", cx->spool->root, CONFIG_FILE);
	if (config_load(path, &config, NULL) == 0)
		cx->spool->durable = config->durability == CONFIG_FULL;
}

/* Is TASK_WORK the directory of this task at this desk? */
static bool
is_work(const struct desk *d, const char *id)
{
	struct stat given, own;

	return stat(told("TASK_WORK"), &given) == 0 &&
	       sys_stat(d->at[PLACE_WORK], id, &own) == 0 &&
	       given.st_dev == own.st_dev && given.st_ino == own.st_ino;
}

static int
complain_not_running(const char *verb)
{
	complain("'%s' works only inside a task that runs; attempt %s of '%s' "
	         "does not run any more, or never did",
	         verb, told("TASK_ATTEMPT"), told("TASK_REF"));
	return EXIT_USAGE;
}

static int
find_entry(struct inside *in, const char *verb, const char *id)
{
	struct err err = { "" };
	struct found f;
	int r = find_running(in->desk, &f);

	if (r < 0 && r != -ENOENT) {
		(void)err_sys(&err, r, "cannot look at what runs");
		return fail(r, &err);
	}
	if (r < 0 || f.place != PLACE_RUNNING || strcmp(f.entry.id, id) != 0 ||
	    !is_attempt(told("TASK_ATTEMPT"), f.entry.attempts) ||
	    !is_work(in->desk, id))
		return complain_not_running(verb);
	in->entry = f.entry;
	(void)entry_format(&f.entry, in->name);
	return EXIT_FINE;
}

int
inside_open(struct inside *in, struct context *cx, const char *verb)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct err err = { "" };
	int r = check_environment(verb);

	*in = (struct inside)INSIDE_INIT;
	in->cx = cx;
	if (r == EXIT_FINE)
		r = context_spool(cx);
	if (r != EXIT_FINE)
		return r;
	if (name_split_ref(told("TASK_REF"), &agent, &id) < 0)
		return complain_not_running(verb);
	r = desk_open(cx->spool, agent, &in->desk, &err);
	if (r == -ENOENT)
		return complain_not_running(verb);
	if (r < 0)
		return fail(r, &err);
	r = find_entry(in, verb, id);
	if (r == EXIT_FINE)
		set_durability(cx);
	return r;
}

void
inside_done(struct inside *in)
{
	calling_close(&in->calling);
	desk_close(in->desk);
	in->desk = NULL;
}

int
inside_fail(int code, const struct err *err)
{
	switch (code) {
	case -EAGAIN:
		complain("%s", err->text);
		return EXIT_USAGE;
	case -EINPROGRESS:
		complain("%s", err->text);
		return EXIT_BLOCKED;
	case -ENOSPC:
	case -EDQUOT:
		/* Not the fault of the task, and does not count against it. */
		complain("%s", err->text);
		return EXIT_TRY_LATER;
	default:
		return fail(code, err);
	}
}

int
inside_begin(struct inside *in, enum call_kind kind, const char *what)
{
	struct err err = { "" };
	int r = calling_begin(&in->calling, in->desk, in->entry.id, kind, what,
	                      &err);

	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

int
inside_wait(struct inside *in, const struct calls_wait *wait)
{
	struct err err = { "" };
	int r = calling_wait(&in->calling, wait, &err);

	if (r < 0)
		return inside_fail(r, &err);
	say(in->cx, "%s/%s %s; it is BLOCKED until then", in->desk->name,
	    in->entry.id, wait->message);
	return EXIT_BLOCKED;
}

int
inside_until(int64_t ms, int64_t *until_ms, int64_t *until_boot_ns, char *boot)
{
	struct proc_id self;
	int r = proc_self(&self);

	if (r < 0)
		return r;
	*until_ms = clock_wall_ms() + ms;
	*until_boot_ns = clock_boot_ns() + ms * CLOCK_NS_PER_MS;
	(void)snprintf(boot, PROC_BOOT_MAX, "%s", self.boot);
	return 0;
}

#include "agent/surroundings.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/worker.h"
#include "base/digest.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/str.h"
#include "spool/feedback.h"
#include "spool/session.h"

/* Set "NAME=value" in the list, replacing an older one. */
static void
set(char ***list, const char *name, const char *value)
{
	autofree char *pair = mem_printf("%s=%s", name, value);
	size_t n = strlen(name) + 1;

	for (char **p = *list; *p; p++) {
		if (strncmp(*p, pair, n) != 0)
			continue;
		free(*p);
		*p = take_ptr(pair);
		return;
	}
	keys_append(list, pair);
}

static void
set_pair(char ***list, const char *pair)
{
	const char *eq = strchr(pair, '=');
	autofree char *name = eq ? mem_dupn(pair, (size_t)(eq - pair)) : NULL;

	if (name)
		set(list, name, eq + 1);
}

/* `spoolhand` itself is found by the scripts it runs, wherever it lies. */
static void
extend_path(char ***list)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *old = getenv("PATH");
	autofree char *path = NULL;
	char *slash;

	if (n < 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return;
	*slash = '\0';
	path = mem_printf("%s:%s", old ? old : "/usr/local/bin:/usr/bin:/bin",
	                  self);
	set(list, "PATH", path);
}

char *
surroundings_trace(const struct desk *d, const struct entry *e,
                   const struct task *t)
{
	autofree char *seed = mem_printf("%s/%s/%s/%" PRIu64, d->spool->root,
	                                 d->name, e->id, e->seq);
	autofree char *span = mem_printf("%s/%u", seed, e->attempts);
	char trace[DIGEST_TEXT_MAX], id[DIGEST_TEXT_MAX];

	digest_bytes(seed, strlen(seed), trace);
	digest_bytes(span, strlen(span), id);
	if (t->trace && strlen(t->trace) == 55 && t->trace[35] == '-')
		return mem_printf("00-%.32s-%.16s-01", t->trace + 3, id);
	return mem_printf("00-%.32s-%.16s-01", trace, id);
}

/* What the agent itself was given as a worker, if it is one, is not ours. */
static bool
is_inherited(const char *pair)
{
	return !str_starts(pair, "TASK_") &&
	       !str_starts(pair, WORKER_STREAM "=");
}

static void
add_base(char ***list, const struct config_agent *role)
{
	for (char **p = environ; *p; p++)
		if (is_inherited(*p))
			keys_append(list, *p);
	extend_path(list);
	for (char **p = role->env; p && *p; p++)
		set_pair(list, *p);
}

char **
surroundings_task(const struct desk *d, const struct config_agent *role,
                  const struct entry *e, const struct task *t,
                  const char *missing)
{
	autofree char *desk =
		mem_printf("%s/agents/%s", d->spool->root, d->name);
	autofree char *work = mem_printf("%s/work/%s", desk, e->id);
	autofree char *in = mem_printf("%s/in", work);
	autofree char *out = mem_printf("%s/out", work);
	autofree char *ref = mem_printf("%s/%s", d->name, e->id);
	autofree char *attempt = mem_printf("%u", e->attempts);
	autofree char *session = mem_printf("%s/" SESSION_DIR, desk);
	autofree char *trace = surroundings_trace(d, e, t);
	autostr feedback = STR_INIT;
	autofree char *file = NULL;
	char name[ENTRY_NAME_MAX];
	char **list = mem_new(1, sizeof(*list));

	(void)feedback_read(d, e->id, &feedback);
	file = mem_printf("%s/running/%s%s%s", desk, entry_format(e, name),
	                  t->directory ? "/" : "", t->directory ? t->file : "");
	set(&list, "TASK_ID", e->id);
	set(&list, "TASK_REF", ref);
	set(&list, "TASK_AGENT", d->name);
	set(&list, "TASK_ATTEMPT", attempt);
	set(&list, "TASK_FILE", file);
	set(&list, "TASK_IN", in);
	set(&list, "TASK_OUT", out);
	set(&list, "TASK_WORK", work);
	set(&list, "TASK_MISSING", missing ? missing : "");
	/* Empty, and not what the agent itself may have inherited. */
	set(&list, "TASK_SESSION", role->session ? session : "");
	set(&list, "TASK_FEEDBACK", str_text(&feedback));
	set(&list, "SPOOLHAND_ROOT", d->spool->root);
	set(&list, "TRACEPARENT", trace);
	return list;
}

char **
surroundings_make(const struct desk *d, const struct config_agent *role,
                  const struct entry *e, const struct task *t,
                  const char *missing)
{
	autofree char *task_fd = mem_printf("%d", WORKER_TASK_FD);
	char **own = surroundings_task(d, role, e, t, missing);
	char **list = mem_new(1, sizeof(*list));

	add_base(&list, role);
	for (char **p = own; *p; p++)
		set_pair(&list, *p);
	set(&list, "TASK_FD", task_fd);
	keys_free_list(own);
	return list;
}

char **
surroundings_stream(const struct desk *d, const struct config_agent *role)
{
	char **list = mem_new(1, sizeof(*list));

	add_base(&list, role);
	set(&list, "TASK_AGENT", d->name);
	set(&list, "SPOOLHAND_ROOT", d->spool->root);
	set(&list, WORKER_STREAM, d->name);
	return list;
}

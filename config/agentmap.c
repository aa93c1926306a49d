#include "config/agentmap.h"

#include <errno.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/str.h"
#include "config/schema.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

static int
check_name(const struct node *agent, const char *file, struct err *err)
{
	struct node at = { .line = agent->key_line,
		           .column = agent->key_column };
	autofree char *shown = name_show(agent->key);

	if (!name_ok(agent->key))
		return node_complain(&at, file, err, -EBADMSG,
		                     "'%.60s' cannot be the name of an agent; "
		                     "use letters, digits, '.', '_' and '-', "
		                     "and begin with neither '.' nor '-'",
		                     shown);
	if (strcmp(agent->key, "gm") == 0)
		return node_complain(&at, file, err, -EBADMSG,
		                     "the name 'gm' is the orchestrator's own; "
		                     "choose another for this agent");
	return 0;
}

/* "wc -w" is no program; say how it is written. */
static int
check_argv(const struct node *map, const char *key, const char *file,
           struct err *err)
{
	const struct node *n = node_get(map, key);
	autofree char *shown = NULL;

	if (!n || node_is_null(n) || n->kind == NODE_MAP)
		return 0;
	if (n->kind == NODE_LIST) {
		n = n->first;
		if (n && n->kind == NODE_SCALAR && !n->text[0])
			return node_complain(n, file, err, -EBADMSG,
			                     "%s: the program has no name",
			                     key);
		return 0;
	}
	if (!n->text[0])
		return node_complain(n, file, err, -EBADMSG,
		                     "%s: it may not be empty", key);
	if (!n->text[strcspn(n->text, " \t\r\n")])
		return 0;
	shown = name_show(n->text);
	return node_complain(n, file, err, -EBADMSG,
	                     "%s: '%.60s' holds a blank; write a list, %s", key,
	                     shown,
	                     strcmp(key, "command") == 0 ?
	                             "[program, argument], or use shell:" :
	                             "[program, argument]");
}

static int
check_env(const struct node *map, const char *file, struct err *err)
{
	const struct node *env = node_get(map, "env");

	for (const struct node *n = env ? env->first : NULL; n; n = n->next) {
		struct node at = { .line = n->key_line,
			           .column = n->key_column };
		autofree char *shown = NULL;

		if (env->kind != NODE_MAP)
			return 0;
		shown = name_show(n->key);
		if (!n->key[0] || strchr(DIGITS, n->key[0]) ||
		    n->key[strspn(n->key, LETTERS DIGITS)])
			return node_complain(
				&at, file, err, -EBADMSG,
				"env: '%.60s' cannot be the name of a variable; "
				"use letters, digits and '_', and begin with "
				"no digit",
				shown);
		if (str_starts(n->key, "TASK_") ||
		    strcmp(n->key, "SPOOLHAND_ROOT") == 0)
			return node_complain(
				&at, file, err, -EBADMSG,
				"env: '%.60s' is set by spoolhand itself; "
				"choose another name",
				shown);
	}
	return 0;
}

/* What is said in `retry` now. */
static int
check_former(const struct node *map, const char *file, struct err *err)
{
	static const struct {
		const char *name, *now;
	} former[] = {
		{ "retries", "max: 2" },
		{ "crash_retries", "crashes: 3" },
		{ "backoff", "base: 1s" },
		{ "backoff_max", "cap: 5m" },
	};

	for (size_t i = 0; i < countof(former); i++) {
		const struct node *n = map ? node_get(map, former[i].name) :
		                             NULL;
		struct node at = { .line = n ? n->key_line : 0,
			           .column = n ? n->key_column : 0 };

		if (n)
			return node_complain(&at, file, err, -EBADMSG,
			                     "unknown key '%s'; write retry: "
			                     "{%s}",
			                     former[i].name, former[i].now);
	}
	return 0;
}

/* A sign that is empty would be found in any output. */
static int
check_signs(const struct node *map, const char *file, struct err *err)
{
	const struct node *signs = node_get(map, "signs");

	for (const struct node *n = signs ? signs->first : NULL; n; n = n->next)
		for (const struct node *c = n->kind == NODE_LIST ? n->first : n;
		     c; c = n->kind == NODE_LIST ? c->next : NULL)
			if (c->kind == NODE_SCALAR && !node_is_null(c) &&
			    !c->text[0])
				return node_complain(c, file, err, -EBADMSG,
				                     "signs.%s: an empty text "
				                     "is no sign; remove it",
				                     n->key);
	return 0;
}

static bool
is_set(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n && !node_is_null(n);
}

/* What is wrong with the keys of one map, whatever it inherits. */
static int
check_map(const struct node *map, const char *file, struct err *err)
{
	int r;

	if (is_set(map, "command") && is_set(map, "shell"))
		return node_complain(node_get(map, "shell"), file, err,
		                     -EBADMSG,
		                     "there is a command and a shell; remove "
		                     "one of them");
	r = check_argv(map, "command", file, err);
	if (r == 0)
		r = check_argv(map, "verify", file, err);
	if (r == 0)
		r = check_env(map, file, err);
	if (r == 0)
		r = check_signs(map, file, err);
	return r;
}

int
agentmap_check_defaults(const struct node *defaults, const char *file,
                        struct err *err)
{
	struct config_agent a = { 0 };
	int r = check_former(defaults, file, err);

	if (r < 0 || !defaults || node_is_null(defaults))
		return r;
	r = keys_bind(schema_agent, schema_nagent, defaults, file, NULL, &a,
	              err);
	keys_done(schema_agent, schema_nagent, &a);
	return r < 0 ? r : check_map(defaults, file, err);
}

/* Lay the keys of a map that was checked over what there is. */
static int
lay_over(const struct node *map, const char *file, struct config_agent *out,
         struct err *err)
{
	if (is_set(map, "shell")) {
		keys_free_list(out->command);
		out->command = NULL;
	}
	if (is_set(map, "command")) {
		free(out->shell);
		out->shell = NULL;
	}
	return keys_bind(schema_agent, schema_nagent, map, file, NULL, out,
	                 err);
}

/* A path with '/' is meant from the directory of the file. */
static void
make_absolute(char **argv, const char *dir)
{
	const char *path = argv ? argv[0] : NULL;
	char *whole;

	if (!path || path[0] == '/' || !strchr(path, '/'))
		return;
	while (str_starts(path, "./"))
		path += 2;
	whole = mem_printf("%s/%s", str_ends(dir, "/") ? "" : dir, path);
	free(argv[0]);
	argv[0] = whole;
}

static const struct node *
find_retry(const struct node *map, const char *key)
{
	const struct node *retry = map ? node_get(map, "retry") : NULL;

	return retry ? node_get(retry, key) : NULL;
}

/* What is wrong with the agent as a whole. */
static int
check_whole(const struct node *agent, const struct node *defaults,
            const char *file, const struct config_agent *a, struct err *err)
{
	struct node at = { .line = agent->key_line,
		           .column = agent->key_column };
	const struct node *n;

	if (!a->command && !a->shell)
		return node_complain(&at, file, err, -EBADMSG,
		                     "agent '%.60s' has nothing to run; give "
		                     "it a command or a shell",
		                     a->name);
	if (a->retry.cap_ms >= a->retry.base_ms)
		return 0;
	n = find_retry(agent, "cap");
	if (!n)
		n = find_retry(agent, "base");
	if (!n)
		n = find_retry(defaults, "cap");
	if (!n)
		n = find_retry(defaults, "base");
	return node_complain(n ? n : &at, file, err, -EBADMSG,
	                     "agent '%.60s': retry.base is longer than "
	                     "retry.cap; raise retry.cap",
	                     a->name);
}

int
agentmap_read(const struct node *agent, const struct node *defaults,
              const char *file, const char *dir, struct config_agent *out,
              struct err *err)
{
	int r = check_name(agent, file, err);

	if (r == 0)
		r = check_former(agent, file, err);
	if (r < 0)
		return r;
	out->name = mem_dup(agent->key);
	out->line = agent->key_line;
	keys_default(schema_agent, schema_nagent, out);
	if (defaults)
		r = lay_over(defaults, file, out, err);
	if (r == 0)
		r = lay_over(agent, file, out, err);
	if (r == 0)
		r = check_map(agent, file, err);
	if (r == 0)
		r = check_whole(agent, defaults, file, out, err);
	if (r < 0)
		return r;
	make_absolute(out->command, dir);
	make_absolute(out->verify, dir);
	return 0;
}

#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/node.h"
#include "base/str.h"
#include "base/sys.h"
#include "config/agentmap.h"
#include "config/lanemap.h"
#include "config/schema.h"

#define MAX_BYTES  (1 << 20)
#define MAX_AGENTS 2000
#define MAX_LISTED 8 /* agents named in a message */

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nagents; i++) {
		keys_done(schema_agent, schema_nagent, &c->agents[i]);
		free(c->agents[i].name);
	}
	free(c->agents);
	lanemap_done(c);
	free(c->path);
	free(c->dir);
	free(c);
}

void
config_freep(struct config **c)
{
	config_free(*c);
}

const struct config_agent *
config_agent(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->nagents; i++)
		if (strcmp(c->agents[i].name, name) == 0)
			return &c->agents[i];
	return NULL;
}

const struct config_lane *
config_lane_of(const struct config *c, const struct config_agent *a)
{
	for (size_t i = 0; a->lane && i < c->nlanes; i++)
		if (strcmp(c->lanes[i].name, a->lane) == 0)
			return &c->lanes[i];
	return NULL;
}

/* The names of the first agents, for a message. */
static void
list_names(const struct config *c, struct str *out)
{
	for (size_t i = 0; i < c->nagents && i < MAX_LISTED; i++)
		str_addf(out, "%s%.60s", i ? ", " : "", c->agents[i].name);
	if (c->nagents > MAX_LISTED)
		str_adds(out, " and more");
}

int
config_find(const struct config *c, const char *name,
            const struct config_agent **out, struct err *err)
{
	const struct config_agent *found = config_agent(c, name);
	autofree const char **names = mem_new(c->nagents, sizeof(*names));
	autofree char *shown = name_show(name);
	const char *slash = strrchr(c->path, '/');
	const char *file = slash ? slash + 1 : c->path;
	const char *near;
	autostr all = STR_INIT;

	if (found) {
		*out = found;
		return 0;
	}
	for (size_t i = 0; i < c->nagents; i++)
		names[i] = c->agents[i].name;
	near = str_nearest(name, names, c->nagents);
	if (near)
		return err_set(err, -ENOENT,
		               "agent '%.60s' is not in %s; did you mean "
		               "'%s'?",
		               shown, file, near);
	list_names(c, &all);
	return err_set(err, -ENOENT, "agent '%.60s' is not in %s; it has %s",
	               shown, file, str_text(&all));
}

static int
check_top(const struct config *c, const struct node *root, const char *file,
          struct err *err)
{
	const struct node *at = node_get(root, "restart_backoff_max");

	if (c->restart_backoff_max_ms >= c->restart_backoff_ms)
		return 0;
	if (!at)
		at = node_get(root, "restart_backoff");
	return node_complain(at ? at : root, file, err, -EBADMSG,
	                     "restart_backoff is longer than "
	                     "restart_backoff_max; raise restart_backoff_max");
}

static int
read_agents(struct config *c, const struct node *root, const char *file,
            struct err *err)
{
	const struct node *map = node_get(root, "agents");
	const struct node *defaults = node_get(root, "defaults");
	int r = agentmap_check_defaults(defaults, file, err);
	size_t n = 0;

	if (r < 0)
		return r;
	if (!map || node_is_null(map) || (map->kind == NODE_MAP && !map->first))
		return node_complain(map ? map : root, file, err, -EBADMSG,
		                     "there are no agents; add one, as in "
		                     "agents: {count: {command: [wc, -w]}}");
	if (map->kind != NODE_MAP)
		return node_complain(map, file, err, -EBADMSG,
		                     "agents: a map from names to agents is "
		                     "expected");
	for (const struct node *a = map->first; a; a = a->next)
		n++;
	if (n > MAX_AGENTS)
		return node_complain(map, file, err, -EBADMSG,
		                     "there are more than %d agents",
		                     MAX_AGENTS);
	c->agents = mem_new(n, sizeof(*c->agents));
	for (const struct node *a = map->first; a && r == 0; a = a->next)
		r = agentmap_read(a, defaults, file, c->dir,
		                  &c->agents[c->nagents++], err);
	return r;
}

int
config_parse(const char *text, size_t len, const char *file, const char *dir,
             struct config **out, struct err *err)
{
	autonode *root = node_parse_yaml(text, len, file, 1, err);
	autoconfig *c = NULL;
	int r;

	if (!root)
		return -EBADMSG;
	c = mem_new(1, sizeof(*c));
	c->path = mem_dup(file);
	c->dir = mem_dup(dir);
	keys_default(schema_top, schema_ntop, c);
	r = keys_bind(schema_top, schema_ntop, root, file, schema_maps, c, err);
	if (r == 0)
		r = check_top(c, root, file, err);
	if (r == 0)
		r = lanemap_read(c, root, file, err);
	if (r == 0)
		r = read_agents(c, root, file, err);
	if (r == 0)
		r = lanemap_check(c, root, file, err);
	if (r < 0)
		return r;
	*out = take_ptr(c);
	return 0;
}

/* The absolute path of the directory that `path` lies in. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	autofree char *dir = NULL;

	if (!slash)
		dir = mem_dup(".");
	else
		dir = len ? mem_dupn(path, len) : mem_dup("/");
	return realpath(dir, NULL);
}

/* A link to a file elsewhere is as good as a file; a pipe is not. */
static int
read_config(const char *path, struct str *text, struct err *err)
{
	autoclose int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, -ENOENT,
		               "%s: there is no such file; 'spoolhand init' "
		               "makes one",
		               path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, -errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EBADMSG, "%s: this is not a plain file",
		               path);
	r = sys_read_all(fd, MAX_BYTES, text);
	if (r == -EFBIG)
		return err_set(err, -EBADMSG,
		               "%s: the text is larger than 1 MiB", path);
	return r < 0 ? err_sys(err, r, "%s", path) : 0;
}

int
config_load(const char *path, struct config **out, struct err *err)
{
	autofree char *dir = NULL;
	autostr text = STR_INIT;
	int r = read_config(path, &text, err);

	if (r < 0)
		return r;
	dir = directory_of(path);
	if (!dir)
		return err_sys(err, -errno, "%s", path);
	return config_parse(str_text(&text), text.len, path, dir, out, err);
}

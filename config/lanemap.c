#include "config/lanemap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/str.h"
#include "config/schema.h"

#define MAX_LANES 1000

static int
read_lane(struct config_lane *lane, const struct node *n, const char *file,
          struct err *err)
{
	struct node at = { .line = n->key_line, .column = n->key_column };
	autofree char *shown = name_show(n->key);
	int r;

	if (!name_ok(n->key))
		return node_complain(&at, file, err, -EBADMSG,
		                     "'%.60s' cannot be the name of a lane; "
		                     "use letters, digits, '.', '_' and '-', "
		                     "and begin with neither '.' nor '-'",
		                     shown);
	lane->name = mem_dup(n->key);
	lane->line = n->key_line;
	keys_default(schema_lane, schema_nlane, lane);
	r = keys_bind(schema_lane, schema_nlane, n, file, NULL, lane, err);
	if (r == 0 && !lane->running && !lane->per_minute)
		return node_complain(&at, file, err, -EBADMSG,
		                     "lane '%.60s' limits nothing; give it "
		                     "running or per_minute",
		                     shown);
	return r;
}

int
lanemap_read(struct config *c, const struct node *root, const char *file,
             struct err *err)
{
	const struct node *map = node_get(root, "lanes");
	size_t n = 0;
	int r = 0;

	if (!map || node_is_null(map))
		return 0;
	if (map->kind != NODE_MAP)
		return node_complain(map, file, err, -EBADMSG,
		                     "lanes: a map from names to lanes is "
		                     "expected, as in lanes: {llm: {running: "
		                     "3}}");
	for (const struct node *l = map->first; l; l = l->next)
		n++;
	if (n > MAX_LANES)
		return node_complain(map, file, err, -EBADMSG,
		                     "there are more than %d lanes", MAX_LANES);
	c->lanes = mem_new(n, sizeof(*c->lanes));
	for (const struct node *l = map->first; l && r == 0; l = l->next)
		r = read_lane(&c->lanes[c->nlanes++], l, file, err);
	return r;
}

/* Where it is said that this agent has its lane. */
static const struct node *
find_place(const struct node *root, const struct config_agent *a)
{
	const struct node *agents = node_get(root, "agents");
	const struct node *defaults = node_get(root, "defaults");
	const struct node *n = node_get(node_get(agents, a->name), "lane");

	if ((!n || node_is_null(n)) && defaults)
		n = node_get(defaults, "lane");
	return n ? n : agents;
}

static int
complain_unknown(const struct config *c, const struct config_agent *a,
                 const struct node *at, const char *file, struct err *err)
{
	autofree const char **names = mem_new(c->nlanes + 1, sizeof(*names));
	autofree char *shown = name_show(a->lane);
	const char *near;

	for (size_t i = 0; i < c->nlanes; i++)
		names[i] = c->lanes[i].name;
	near = str_nearest(a->lane, names, c->nlanes);
	if (near)
		return node_complain(at, file, err, -EBADMSG,
		                     "lane: there is no lane '%.60s'; did you "
		                     "mean '%.60s'?",
		                     shown, near);
	return node_complain(at, file, err, -EBADMSG,
	                     "lane: there is no lane '%.60s'; add it, as in "
	                     "lanes: {%.60s: {running: 3}}",
	                     shown, name_ok(a->lane) ? a->lane : "llm");
}

int
lanemap_check(const struct config *c, const struct node *root, const char *file,
              struct err *err)
{
	for (size_t i = 0; i < c->nagents; i++) {
		const struct config_agent *a = &c->agents[i];

		if (a->lane && a->lane[0] && !config_lane_of(c, a))
			return complain_unknown(c, a, find_place(root, a), file,
			                        err);
	}
	return 0;
}

void
lanemap_done(struct config *c)
{
	for (size_t i = 0; i < c->nlanes; i++)
		free(c->lanes[i].name);
	free(c->lanes);
}

/*
 * A map and the maps in it, key by key, by the rows of one table.
 */
#include <errno.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"

/* The keys of one map: rows whose names begin with `above`. */
struct level {
	const struct key *table;
	size_t n;
	const char *above; /* "", or "retry." */
	const char *file;
	const char *const *others;
	void *target;
};

/* What this row is called in the map of the rows that begin so; or NULL. */
static const char *
name_below(const struct key *key, const char *above)
{
	size_t n = strlen(above);

	return strncmp(key->name, above, n) == 0 ? key->name + n : NULL;
}

static bool
has_word(const struct str *words, const char *word, size_t len)
{
	for (const char *p = str_text(words); *p; p += strlen(p) + 1)
		if (strlen(p) == len && strncmp(p, word, len) == 0)
			return true;
	return false;
}

/* What may stand in this map, each once, one NUL-ended word after another. */
static size_t
list_words(const struct level *lv, struct str *words)
{
	size_t count = 0;

	for (size_t i = 0; i < lv->n; i++) {
		const char *name = name_below(&lv->table[i], lv->above);
		size_t len = name ? strcspn(name, ".") : 0;

		if (!len || has_word(words, name, len))
			continue;
		str_add(words, name, len);
		str_addc(words, '\0');
		count++;
	}
	for (const char *const *p = lv->others; p && *p; p++) {
		str_add(words, *p, strlen(*p) + 1);
		count++;
	}
	return count;
}

/* Not in the table: say what is. */
static int
complain_unknown(const struct level *lv, const struct node *c, struct err *err)
{
	struct node at = { .line = c->key_line, .column = c->key_column };
	autofree const char **words = NULL;
	autofree char *shown = name_show(c->key);
	autofree char *where = mem_dup(lv->above);
	autostr text = STR_INIT, all = STR_INIT;
	size_t n = list_words(lv, &text);
	const char *near, *p = str_text(&text);

	words = mem_new(n, sizeof(*words));
	for (size_t i = 0; i < n; i++, p += strlen(p) + 1) {
		words[i] = p;
		str_addf(&all, "%s%s", i ? ", " : "", p);
	}
	if (*where)
		where[strlen(where) - 1] = ':';
	near = str_nearest(c->key, words, n);
	if (near)
		return node_complain(&at, lv->file, err, -EBADMSG,
		                     "%s%sunknown key '%.60s'; did you mean "
		                     "'%s'?",
		                     where, *where ? " " : "", shown, near);
	return node_complain(&at, lv->file, err, -EBADMSG,
	                     "%s%sunknown key '%.60s'; the keys here are %s",
	                     where, *where ? " " : "", shown, str_text(&all));
}

static int bind_level(const struct level *lv, const struct node *map,
                      struct err *err);

static bool
is_other(const struct level *lv, const char *word)
{
	for (const char *const *p = lv->others; p && *p; p++)
		if (strcmp(*p, word) == 0)
			return true;
	return false;
}

/* One key of a map, which is a value or a map of its own. */
static int
bind_key(const struct level *lv, const struct node *c, struct err *err)
{
	size_t len = strlen(c->key);

	for (size_t i = 0; i < lv->n && len && !strchr(c->key, '.'); i++) {
		const char *name = name_below(&lv->table[i], lv->above);
		autofree char *above = NULL;
		struct level below = *lv;

		if (!name || strncmp(name, c->key, len) != 0)
			continue;
		if (!name[len])
			return keys_bind_one(&lv->table[i], c, lv->file,
			                     lv->target, err);
		if (name[len] != '.')
			continue;
		above = mem_printf("%s%s.", lv->above, c->key);
		below.above = above;
		below.others = NULL;
		return bind_level(&below, c, err);
	}
	return is_other(lv, c->key) ? 0 : complain_unknown(lv, c, err);
}

static int
bind_level(const struct level *lv, const struct node *map, struct err *err)
{
	int r = 0;

	if (node_is_null(map))
		return 0;
	if (map->kind != NODE_MAP)
		return node_complain(map, lv->file, err, -EBADMSG,
		                     "%s%sa map, 'key: value', is expected, "
		                     "not %s",
		                     *lv->above ? map->key : "",
		                     *lv->above ? ": " : "",
		                     node_kind_name(map));
	for (const struct node *c = map->first; c && r == 0; c = c->next)
		r = bind_key(lv, c, err);
	return r;
}

int
keys_bind(const struct key *table, size_t n, const struct node *map,
          const char *file, const char *const *others, void *target,
          struct err *err)
{
	const struct level top = { table, n, "", file, others, target };

	return bind_level(&top, map, err);
}

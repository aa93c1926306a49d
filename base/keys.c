#include "base/keys.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/quote.h"
#include "base/value.h"

static bool
is_list(const struct key *key)
{
	return key->type == KEY_STRINGS || key->type == KEY_PAIRS;
}

size_t
keys_count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

void
keys_append(char ***list, const char *text)
{
	size_t n = keys_count(*list);

	*list = mem_resize(*list, n + 2, sizeof(**list));
	(*list)[n] = mem_dup(text);
	(*list)[n + 1] = NULL;
}

void
keys_free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* Put "K=V" in the place of another "K=…", or at the end. */
static void
set_pair(char ***list, const char *pair)
{
	size_t n = strcspn(pair, "=") + 1;

	for (size_t i = 0; *list && (*list)[i]; i++) {
		if (strncmp((*list)[i], pair, n) != 0)
			continue;
		free((*list)[i]);
		(*list)[i] = mem_dup(pair);
		return;
	}
	keys_append(list, pair);
}

const struct key *
keys_find(const struct key *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* A `max` of 0 sets no limit. */
static int
check_most(const struct key *key, size_t n, struct err *err)
{
	if (key->max > 0 && (int64_t)n > key->max)
		return err_set(err, -EBADMSG,
		               "there are more than %" PRId64 " entries",
		               key->max);
	return 0;
}

static int
check_least(const struct key *key, size_t n, struct err *err)
{
	if ((int64_t)n < key->min)
		return err_set(err, -EBADMSG,
		               n ? "there are too few entries" :
		                   "it may not be empty");
	return 0;
}

/* Is this "NAME=VALUE", with a name? */
static int
check_pair(const char *text, struct err *err)
{
	autofree char *shown = name_show(text);

	if (text[0] != '=' && strchr(text, '='))
		return 0;
	return err_set(err, -EBADMSG, "'%.60s' is not written NAME=VALUE",
	               shown);
}

/* One more entry of a list or map. */
static int
add_entry(const struct key *key, const char *text, void *target,
          struct err *err)
{
	char ***list = value_member(key, target);
	int r = 0;

	if (key->type == KEY_PAIRS)
		r = check_pair(text, err);
	if (r == 0)
		r = check_most(key, keys_count(*list) + 1, err);
	if (r < 0)
		return r;
	if (key->type == KEY_PAIRS)
		set_pair(list, text);
	else
		keys_append(list, text);
	return 0;
}

int
keys_set(const struct key *key, const char *what, const char *text,
         void *target, struct err *err)
{
	int r = is_list(key) ? add_entry(key, text, target, err) :
	                       value_set(key, text, target, err);

	return r < 0 ? err_prefix(err, r, "%s", what) : 0;
}

void
keys_default(const struct key *table, size_t n, void *target)
{
	for (size_t i = 0; i < n; i++) {
		int r = 0;

		if (table[i].fallback)
			r = keys_set(&table[i], table[i].name,
			             table[i].fallback, target, NULL);
		assert(r == 0);
		(void)r;
	}
}

void
keys_done(const struct key *table, size_t n, void *target)
{
	for (size_t i = 0; i < n; i++) {
		void *member = value_member(&table[i], target);

		if (is_list(&table[i])) {
			keys_free_list(*(char ***)member);
			*(char ***)member = NULL;
		} else if (table[i].type == KEY_STRING ||
		           table[i].type == KEY_NAME) {
			free(*(char **)member);
			*(char **)member = NULL;
		}
	}
}

void
keys_print(const struct key *key, const void *target, struct str *out)
{
	bool pairs = key->type == KEY_PAIRS;
	char *const *list;

	if (!is_list(key)) {
		value_print(key, target, out);
		return;
	}
	list = *(char ***)value_member(key, target);
	if (!list) {
		str_addc(out, '~');
		return;
	}
	str_addc(out, pairs ? '{' : '[');
	for (size_t i = 0; list[i]; i++) {
		size_t n = pairs ? strcspn(list[i], "=") : 0;
		autofree char *name = mem_dupn(list[i], n);

		str_adds(out, i ? ", " : "");
		if (pairs) {
			quote_add(out, name);
			str_adds(out, ": ");
		}
		quote_add(out, list[i] + n + pairs);
	}
	str_addc(out, pairs ? '}' : ']');
}

static int
complain_kind(const struct node *n, const char *wanted, struct err *err)
{
	return err_set(err, -EBADMSG, "%s is expected, not %s", wanted,
	               node_kind_name(n));
}

/* An entry of a list or map as it stands in the member. */
static int
entry_text(const struct node *n, char **out, struct err *err)
{
	autofree char *shown = NULL;

	if (n->kind != NODE_SCALAR)
		return complain_kind(n, "a single value", err);
	if (node_is_null(n))
		return err_set(err, -EBADMSG,
		               "a value is missing; write \"\" for an empty "
		               "text");
	if (!n->key) {
		*out = mem_dup(n->text);
		return 0;
	}
	shown = name_show(n->key);
	if (!n->key[0] || strchr(n->key, '='))
		return err_set(err, -EBADMSG,
		               "'%.60s' is no name; it may not be empty or "
		               "hold a '='",
		               shown);
	*out = mem_printf("%s=%s", n->key, n->text);
	return 0;
}

/* All entries below `n`, NULL for none; `*at` is the node at fault. */
static int
collect(const struct key *key, const struct node *n, char ***list,
        const struct node **at, struct err *err)
{
	size_t count = 0, i = 0;
	int r;

	for (const struct node *c = n->first; c; c = c->next)
		count++;
	r = check_least(key, count, err);
	if (r == 0)
		r = check_most(key, count, err);
	if (r < 0 || count == 0)
		return r;
	*list = mem_new(count + 1, sizeof(**list));
	for (const struct node *c = n->first; c && r == 0; c = c->next) {
		*at = c;
		r = entry_text(c, &(*list)[i++], err);
	}
	return r;
}

static void
free_listp(char ***list)
{
	keys_free_list(*list);
}

/* A list takes the place of what was there, a map is added to it. */
static int
bind_list(const struct key *key, const struct node *n, void *target,
          const struct node **at, struct err *err)
{
	char ***member = value_member(key, target);
	bool pairs = key->type == KEY_PAIRS;
	scoped(free_listp) char **list = NULL;
	int r;

	if (n->kind != (pairs ? NODE_MAP : NODE_LIST)) {
		if (pairs || n->kind != NODE_SCALAR)
			return complain_kind(n, pairs ? "a map" : "a list",
			                     err);
		keys_append(&list, n->text);
		r = check_least(key, 1, err);
	} else {
		r = collect(key, n, &list, at, err);
	}
	if (r < 0)
		return r;
	if (pairs && *member) {
		for (size_t i = 0; list && list[i]; i++)
			set_pair(member, list[i]);
		return 0;
	}
	keys_free_list(*member);
	*member = take_ptr(list);
	return 0;
}

/* A list of choices, or one, takes the place of what was there. */
static int
bind_set(const struct key *key, const struct node *n, void *target,
         const struct node **at, struct err *err)
{
	*(int64_t *)value_member(key, target) = 0;
	if (n->kind == NODE_SCALAR)
		return value_add_choice(key, n->text, target, err);
	if (n->kind != NODE_LIST)
		return complain_kind(n, "a list", err);
	for (const struct node *c = n->first; c; c = c->next) {
		autofree char *text = NULL;
		int r;

		*at = c;
		r = entry_text(c, &text, err);
		if (r == 0)
			r = value_add_choice(key, text, target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
keys_bind_one(const struct key *key, const struct node *n, const char *file,
              void *target, struct err *err)
{
	const struct node *at = n;
	struct err why;
	int r;

	if (node_is_null(n))
		return 0;
	if (is_list(key))
		r = bind_list(key, n, target, &at, &why);
	else if (key->type == KEY_SET)
		r = bind_set(key, n, target, &at, &why);
	else if (n->kind != NODE_SCALAR)
		r = complain_kind(n, "a single value", &why);
	else
		r = value_set(key, n->text, target, &why);
	if (r < 0)
		return node_complain(at, file, err, r, "%s: %s", key->name,
		                     why.text);
	return 0;
}

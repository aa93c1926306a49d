#include "spool/waitgraph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "spool/desk.h"
#include "spool/find.h"
#include "spool/inputs.h"
#include "spool/record.h"
#include "spool/task.h"

#define OPENS_MAX 100000 /* tasks; beyond that nothing more is found */

enum mark {
	UNSEEN,
	ON_WAY,  /* on the way that is being followed */
	LEFT,    /* all of its ways were followed, in this search */
	NOWHERE, /* no circle can be reached from it: true for good */
};

struct waiter {
	struct entry entry;
	struct desk_nodes *desk;
	enum place place;
	char **refs; /* NULL: not opened yet */
	size_t next; /* of refs, to follow */
	enum mark mark;
	unsigned search; /* in which mark and next were set */
};

/* All tasks of a desk that may wait for another, by id. */
struct desk_nodes {
	char *name;
	struct desk *desk; /* NULL: it cannot be opened */
	struct waiter *nodes;
	size_t n, cap;
	struct desk_nodes *next;
};

struct waitgraph {
	struct spool *spool;
	struct desk_nodes *desks;
	size_t opened;
	unsigned search;
	struct waiter **way; /* a stack */
	size_t nway, way_cap;
	struct waiter **seen; /* all that this search has entered */
	size_t nseen, seen_cap;
};

struct waitgraph *
waitgraph_new(struct spool *s)
{
	struct waitgraph *g = mem_new(1, sizeof(*g));

	g->spool = s;
	return g;
}

void
waitgraph_free(struct waitgraph *g)
{
	struct desk_nodes *next;

	if (!g)
		return;
	for (struct desk_nodes *d = g->desks; d; d = next) {
		next = d->next;
		for (size_t i = 0; i < d->n; i++)
			keys_free_list(d->nodes[i].refs);
		free(d->nodes);
		free(d->name);
		desk_close(d->desk);
		free(d);
	}
	free(g->way);
	free(g->seen);
	free(g);
}

void
waitgraph_freep(struct waitgraph **g)
{
	waitgraph_free(*g);
}

static int
by_id(const void *a, const void *b)
{
	const struct waiter *x = a, *y = b;

	return strcmp(x->entry.id, y->entry.id);
}

static void
list_place(struct desk_nodes *d, enum place p)
{
	char **names = NULL;

	if (find_list(d->desk, p, &names) < 0)
		return;
	for (char **name = names; *name; name++) {
		struct waiter node = { .desk = d, .place = p };

		if (entry_parse(*name, &node.entry) < 0)
			continue;
		mem_room(&d->nodes, d->n, &d->cap, sizeof(*d->nodes));
		d->nodes[d->n++] = node;
	}
	keys_free_list(names);
}

/* The desk of that name, listed when it is asked for first. */
static struct desk_nodes *
desk_of(struct waitgraph *g, const char *name)
{
	struct desk_nodes *d = g->desks;

	while (d && strcmp(d->name, name) != 0)
		d = d->next;
	if (d)
		return d;
	d = mem_new(1, sizeof(*d));
	d->name = mem_dup(name);
	d->next = g->desks;
	g->desks = d;
	if (desk_open(g->spool, name, &d->desk, NULL) < 0)
		return d;
	list_place(d, PLACE_PENDING);
	list_place(d, PLACE_BLOCKED);
	if (d->n)
		qsort(d->nodes, d->n, sizeof(*d->nodes), by_id);
	return d;
}

/* NULL: no task that waits for another. */
static struct waiter *
node_of(struct waitgraph *g, const char *ref)
{
	const char *slash = strchr(ref, '/');
	autofree char *agent = slash ? mem_dupn(ref, (size_t)(slash - ref)) :
	                               NULL;
	struct desk_nodes *d;
	size_t from = 0, to;

	if (!agent)
		return NULL;
	d = desk_of(g, agent);
	to = d->n;
	while (from < to) {
		size_t at = from + (to - from) / 2;
		int c = strcmp(d->nodes[at].entry.id, slash + 1);

		if (c == 0)
			return &d->nodes[at];
		if (c < 0)
			from = at + 1;
		else
			to = at;
	}
	return NULL;
}

/* What it waits for; an empty list if that cannot be found out. */
static char **
refs_of(struct waitgraph *g, const struct waiter *n)
{
	char name[ENTRY_NAME_MAX];
	struct record rec;
	autotask t = TASK_INIT;
	char **refs = mem_new(1, sizeof(*refs));

	if (g->opened++ >= OPENS_MAX)
		return refs;
	record_read(n->desk->desk, n->entry.id, &rec);
	if (n->place == PLACE_BLOCKED) {
		if (rec.reason == BLOCK_CHILD && strchr(rec.on, '/'))
			keys_append(&refs, rec.on);
		return refs;
	}
	if (rec.without_inputs ||
	    task_open(n->desk->desk->at[n->place],
	              entry_format(&n->entry, name), &t, NULL) < 0)
		return refs;
	free(refs);
	return inputs_refs(&t);
}

static void
enter(struct waitgraph *g, struct waiter *n)
{
	if (n->search != g->search && n->mark != NOWHERE)
		n->mark = UNSEEN;
	if (n->mark != UNSEEN)
		return;
	n->search = g->search;
	n->mark = ON_WAY;
	n->next = 0;
	if (!n->refs)
		n->refs = refs_of(g, n);
	mem_room(&g->way, g->nway, &g->way_cap, sizeof(struct waiter *));
	g->way[g->nway++] = n;
	mem_room(&g->seen, g->nseen, &g->seen_cap, sizeof(struct waiter *));
	g->seen[g->nseen++] = n;
}

/* `ref` is on the way itself, unless it is of a task that is not there yet. */
static void
say_path(const struct waitgraph *g, const char *ref, struct str *path)
{
	str_adds(path, ref);
	for (size_t i = 0; i < g->nway; i++) {
		const struct waiter *n = g->way[i];
		autofree char *own =
			mem_printf("%s/%s", n->desk->name, n->entry.id);

		if (i || strcmp(own, ref) != 0)
			str_addf(path, " -> %s", own);
	}
	str_addf(path, " -> %s", ref);
}

/*
 * Follow every way from the top of the stack.  1: one leads to `ref`; 0: none
 * does, and `*other` is set if there is a circle somewhere else.
 */
static int
follow(struct waitgraph *g, const char *ref, bool *other)
{
	while (g->nway) {
		struct waiter *n = g->way[g->nway - 1];
		const char *to = n->refs[n->next];
		struct waiter *next;

		if (!to) {
			n->mark = LEFT;
			g->nway--;
			continue;
		}
		n->next++;
		if (strcmp(to, ref) == 0)
			return 1;
		next = node_of(g, to);
		if (!next)
			continue;
		if (next->search == g->search && next->mark == ON_WAY)
			*other = true;
		enter(g, next);
	}
	return 0;
}

int
waitgraph_circle(struct waitgraph *g, const char *ref, char *const *refs,
                 struct str *path)
{
	struct waiter *own = refs ? NULL : node_of(g, ref);
	bool other = false;
	int r = 0;

	g->search++;
	g->nway = g->nseen = 0;
	if (own) {
		enter(g, own);
		r = follow(g, ref, &other);
	}
	for (; refs && *refs && r == 0; refs++) {
		struct waiter *n = node_of(g, *refs);

		if (strcmp(*refs, ref) == 0)
			r = 1;
		else if (n)
			enter(g, n);
		if (r == 0)
			r = follow(g, ref, &other);
	}
	if (r > 0)
		say_path(g, ref, path);
	/* Nothing that was seen leads to a circle: no need to go there again. */
	for (size_t i = 0; r == 0 && !other && i < g->nseen; i++)
		g->seen[i]->mark = NOWHERE;
	return r;
}

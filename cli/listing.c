#include "cli/listing.h"

#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/view.h"
#include "spool/inbox.h"

/*
 * BLOCKED stands twice: a task goes from there to READY, and comes there from
 * RUNNING.
 */
static const enum place reading_order[] = {
	PLACE_INBOX,  PLACE_ADMIT,   PLACE_PENDING,  PLACE_BLOCKED,
	PLACE_READY,  PLACE_RUNNING, PLACE_SAVING,   PLACE_BLOCKED,
	PLACE_OUTBOX, PLACE_FAILED,  PLACE_REJECTED,
};

static const int showing_order[PLACE_N] = {
	[PLACE_RUNNING] = 1,   [PLACE_SAVING] = 2,  [PLACE_READY] = 3,
	[PLACE_BLOCKED] = 4,   [PLACE_PENDING] = 5, [PLACE_ADMIT] = 6,
	[PLACE_INBOX] = 7,     [PLACE_OUTBOX] = 8,  [PLACE_FAILED] = 9,
	[PLACE_REJECTED] = 10,
};

void
listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].id);
	}
	free(l->items);
	*l = (struct listing){ 0 };
}

/*
 * The result is there before the entry goes: who has seen the one must not
 * be shown the other.
 */
static bool
has_ended(const struct desk *d, enum place p, const char *id)
{
	return desk_place_live(p) &&
	       (sys_exists(d->at[PLACE_OUTBOX], id) == 1 ||
	        sys_exists(d->at[PLACE_FAILED], id) == 1);
}

static void
add(struct listing *l, const struct desk *d, enum place p, const char *name)
{
	struct listing_item item = { .place = p, .met = l->n };

	item.id = view_entry_id(p, name, &item.entry);
	if (!item.id || has_ended(d, p, item.id)) {
		free(item.id);
		return;
	}
	item.name = mem_dup(name);
	if (showing_order[p] >= showing_order[PLACE_OUTBOX])
		item.came_ns = view_moved_ns(d, p, name);
	mem_room(&l->items, l->n, &l->cap, sizeof(*l->items));
	l->items[l->n++] = item;
}

static int
read_place(struct listing *l, const struct desk *d, enum place p)
{
	char **names = NULL;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = p == PLACE_INBOX ? inbox_list(d, &names) : find_list(d, p, &names);
	if (r < 0)
		return r;
	for (char **at = names; *at; at++)
		add(l, d, p, *at);
	keys_free_list(names);
	return 0;
}

static int
by_id(const void *left, const void *right)
{
	const struct listing_item *a = left, *b = right;
	int c = strcmp(a->id, b->id);

	if (c)
		return c;
	return a->met < b->met ? -1 : a->met > b->met;
}

static int
by_schedule(const void *left, const void *right)
{
	const struct listing_item *a = left, *b = right;
	int c = showing_order[a->place] - showing_order[b->place];

	if (c == 0 && desk_place_live(a->place))
		c = entry_compare(&a->entry, &b->entry);
	if (c == 0 && a->came_ns != b->came_ns)
		c = a->came_ns < b->came_ns ? -1 : 1;
	if (c)
		return c;
	return a->met < b->met ? -1 : a->met > b->met;
}

/* Two drops, or a result and a rejected drop, may well share an id. */
static bool
same_task(const struct listing_item *a, const struct listing_item *b)
{
	if (strcmp(a->id, b->id) != 0)
		return false;
	if (a->place == b->place)
		return strcmp(a->name, b->name) == 0;
	return b->place != PLACE_REJECTED;
}

/* Of each task keep where it was met last. */
static void
drop_doubles(struct listing *l)
{
	size_t kept = 0;

	qsort(l->items, l->n, sizeof(*l->items), by_id);
	for (size_t i = 0; i < l->n; i++) {
		if (i + 1 < l->n && same_task(&l->items[i], &l->items[i + 1])) {
			free(l->items[i].name);
			free(l->items[i].id);
			continue;
		}
		l->items[kept++] = l->items[i];
	}
	l->n = kept;
}

int
listing_take(const struct desk *d, const bool wanted[PLACE_N],
             struct listing *out)
{
	*out = (struct listing){ 0 };
	for (size_t i = 0; i < countof(reading_order); i++) {
		int r = 0;

		if (wanted[reading_order[i]])
			r = read_place(out, d, reading_order[i]);
		if (r < 0)
			return r;
	}
	if (!out->n)
		return 0;
	drop_doubles(out);
	qsort(out->items, out->n, sizeof(*out->items), by_schedule);
	return 0;
}

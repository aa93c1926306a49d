#include "agent/blocklist.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SIZE_LEAST 64

static const char *
key_of(const struct blocked *b, bool by_ref)
{
	return by_ref ? b->on : b->id;
}

static size_t
hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

/* Where it is, or where it would be put. */
static size_t
slot_of(const struct blocklist_index *x, bool by_ref, const char *key)
{
	size_t i = hash(key) & (x->size - 1);

	while (x->slots[i] && strcmp(key_of(x->slots[i], by_ref), key) != 0)
		i = (i + 1) & (x->size - 1);
	return i;
}

static void
put(struct blocklist_index *x, bool by_ref, struct blocked *b)
{
	size_t i = hash(key_of(b, by_ref)) & (x->size - 1);

	/* Two may wait for one ref: each has its slot. */
	while (x->slots[i])
		i = (i + 1) & (x->size - 1);
	x->slots[i] = b;
	x->used++;
}

static void
grow(struct blocklist_index *x, bool by_ref)
{
	struct blocklist_index old = *x;

	*x = (struct blocklist_index){ 0 };
	x->size = old.size ? old.size * 2 : SIZE_LEAST;
	x->slots = mem_new(x->size, sizeof(struct blocked *));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i])
			put(x, by_ref, old.slots[i]);
	free(old.slots);
}

static void
insert(struct blocklist_index *x, bool by_ref, struct blocked *b)
{
	if (x->used * 4 >= x->size * 3)
		grow(x, by_ref);
	put(x, by_ref, b);
}

/* Move back what was put behind it only because it was there. */
static void
take_out(struct blocklist_index *x, bool by_ref, const struct blocked *b)
{
	size_t mask = x->size - 1;
	size_t hole = hash(key_of(b, by_ref)) & mask;

	while (x->slots[hole] != b)
		hole = (hole + 1) & mask;
	for (size_t i = (hole + 1) & mask; x->slots[i]; i = (i + 1) & mask) {
		size_t home = hash(key_of(x->slots[i], by_ref)) & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole] = NULL;
	x->used--;
}

static struct blocked *
look_up(const struct blocklist_index *x, bool by_ref, const char *key)
{
	return x->used ? x->slots[slot_of(x, by_ref, key)] : NULL;
}

struct blocked *
blocklist_add(struct blocklist *l, const struct entry *e,
              enum block_reason reason, unsigned call, const char *on)
{
	size_t len = strlen(e->id) + 1;
	struct blocked *b = mem_new(1, sizeof(*b) + len);

	memcpy(b->id, e->id, len);
	b->seq = e->seq;
	b->attempts = e->attempts;
	b->cls = (unsigned char)e->cls;
	b->reason = (unsigned char)reason;
	b->call = call;
	b->on = *on ? mem_dup(on) : NULL;
	insert(&l->by_id, false, b);
	if (b->on)
		insert(&l->by_ref, true, b);
	return b;
}

void
blocklist_remove(struct blocklist *l, struct blocked *b)
{
	dues_set(&l->dues, &b->due, DUES_NEVER);
	take_out(&l->by_id, false, b);
	if (b->on)
		take_out(&l->by_ref, true, b);
	free(b->on);
	free(b);
}

struct blocked *
blocklist_find(const struct blocklist *l, const char *id)
{
	return look_up(&l->by_id, false, id);
}

struct blocked *
blocklist_on(const struct blocklist *l, const char *ref)
{
	return look_up(&l->by_ref, true, ref);
}

void
blocklist_due(struct blocklist *l, struct blocked *b, int64_t due_ns)
{
	dues_set(&l->dues, &b->due, due_ns);
}

struct blocked *
blocklist_first(const struct blocklist *l)
{
	_Static_assert(offsetof(struct blocked, due) == 0, "the same address");
	return (struct blocked *)dues_first(&l->dues);
}

struct blocked *
blocklist_next(const struct blocklist *l, size_t *at)
{
	while (*at < l->by_id.size) {
		struct blocked *b = l->by_id.slots[(*at)++];

		if (b)
			return b;
	}
	return NULL;
}

size_t
blocklist_count(const struct blocklist *l)
{
	return l->by_id.used;
}

void
blocklist_entry(const struct blocked *b, struct entry *e)
{
	e->cls = (enum task_class)b->cls;
	e->seq = b->seq;
	e->attempts = b->attempts;
	(void)snprintf(e->id, sizeof(e->id), "%s", b->id);
}

void
blocklist_done(struct blocklist *l)
{
	struct blocked *b;
	size_t at = 0;

	while ((b = blocklist_next(l, &at))) {
		free(b->on);
		free(b);
	}
	free(l->by_id.slots);
	free(l->by_ref.slots);
	dues_done(&l->dues);
	*l = (struct blocklist){ 0 };
}

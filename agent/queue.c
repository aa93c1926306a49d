#include "agent/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const enum task_class classes[QUEUE_CLASSES] = {
	CLASS_HIGH,
	CLASS_MEDIUM,
	CLASS_LOW,
};

static int
level_of(enum task_class c)
{
	return c == CLASS_HIGH ? 0 : c == CLASS_MEDIUM ? 1 : 2;
}

static void
swap(struct queue_heap *h, size_t a, size_t b)
{
	struct queue_item t = h->items[a];

	h->items[a] = h->items[b];
	h->items[b] = t;
}

static void
sift_up(struct queue_heap *h, size_t i)
{
	while (i && h->items[i].seq < h->items[(i - 1) / 2].seq) {
		swap(h, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void
sift_down(struct queue_heap *h, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < h->n; c++)
			if (h->items[c].seq < h->items[least].seq)
				least = c;
		if (least == i)
			return;
		swap(h, i, least);
		i = least;
	}
}

void
queue_push(struct queue *q, const struct entry *e)
{
	struct queue_heap *h = &q->heaps[level_of(e->cls)];

	mem_room(&h->items, h->n, &h->cap, sizeof(*h->items));
	h->items[h->n] =
		(struct queue_item){ e->seq, e->attempts, mem_dup(e->id) };
	sift_up(h, h->n++);
}

static void
to_entry(int level, const struct queue_item *item, struct entry *e)
{
	e->cls = classes[level];
	e->seq = item->seq;
	e->attempts = item->attempts;
	(void)snprintf(e->id, sizeof(e->id), "%s", item->id);
}

static int
aged_level(int level, int64_t waited_ms, int64_t ageing_ms)
{
	int64_t up = waited_ms > 0 ? waited_ms / ageing_ms : 0;

	return up >= level ? 0 : level - (int)up;
}

bool
queue_peek(const struct queue *q, int64_t ageing_ms, int64_t now_ms,
           queue_age_fn *fn, void *arg, struct entry *out)
{
	int best_level = QUEUE_CLASSES;

	for (int level = 0; level < QUEUE_CLASSES; level++) {
		const struct queue_heap *h = &q->heaps[level];
		struct entry head;
		int effective = level;

		if (!h->n)
			continue;
		to_entry(level, &h->items[0], &head);
		if (ageing_ms > 0 && level > 0)
			effective = aged_level(level, now_ms - fn(arg, &head),
			                       ageing_ms);
		if (effective < best_level ||
		    (effective == best_level && head.seq < out->seq)) {
			best_level = effective;
			*out = head;
		}
		/* Without ageing no later class can go before this one. */
		if (ageing_ms <= 0)
			break;
	}
	return best_level < QUEUE_CLASSES;
}

static size_t
index_of(const struct queue_heap *h, const char *id)
{
	size_t i = 0;

	while (i < h->n && strcmp(h->items[i].id, id) != 0)
		i++;
	return i;
}

bool
queue_remove(struct queue *q, const struct entry *e)
{
	struct queue_heap *h = &q->heaps[level_of(e->cls)];
	size_t i = index_of(h, e->id);

	if (i == h->n)
		return false;
	free(h->items[i].id);
	h->items[i] = h->items[--h->n];
	if (i < h->n) {
		sift_down(h, i);
		sift_up(h, i);
	}
	return true;
}

bool
queue_least(const struct queue *q, struct entry *out)
{
	for (int level = QUEUE_CLASSES; level-- > 0;) {
		const struct queue_heap *h = &q->heaps[level];
		size_t least = h->n;

		for (size_t i = 0; i < h->n; i++)
			if (!h->items[i].attempts &&
			    (least == h->n ||
			     h->items[i].seq < h->items[least].seq))
				least = i;
		if (least == h->n)
			continue;
		to_entry(level, &h->items[least], out);
		return true;
	}
	return false;
}

bool
queue_find(const struct queue *q, const char *id, struct entry *out)
{
	for (int level = 0; level < QUEUE_CLASSES; level++) {
		const struct queue_heap *h = &q->heaps[level];
		size_t i = index_of(h, id);

		if (i == h->n)
			continue;
		to_entry(level, &h->items[i], out);
		return true;
	}
	return false;
}

size_t
queue_count(const struct queue *q)
{
	return q->heaps[0].n + q->heaps[1].n + q->heaps[2].n;
}

void
queue_done(struct queue *q)
{
	for (int level = 0; level < QUEUE_CLASSES; level++) {
		struct queue_heap *h = &q->heaps[level];

		for (size_t i = 0; i < h->n; i++)
			free(h->items[i].id);
		free(h->items);
	}
	*q = (struct queue){ 0 };
}

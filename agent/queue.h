/*
 * queue.h - which task runs next.
 *
 * READY tasks in three classes, each first in, first out by sequence.  A
 * higher class goes first; with ageing, a task counts as one class higher for
 * every `ageing` it has waited, so that low work under constant high work
 * still ends.  Within equal classes the lower sequence goes first.
 */
#ifndef AGENT_QUEUE_H
#define AGENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/entry.h"

#define QUEUE_CLASSES 3

struct queue_item {
	uint64_t seq;
	unsigned attempts;
	char *id;
};

struct queue {
	struct queue_heap {
		struct queue_item *items;
		size_t n, cap;
	} heaps[QUEUE_CLASSES];
};

/* When was this entry admitted?  Wall clock, ms; asked only for ageing. */
typedef int64_t queue_age_fn(void *arg, const struct entry *e);

void queue_push(struct queue *q, const struct entry *e);

/*
 * The next one, which stays in the queue: false if there is none.  With
 * `ageing_ms` > 0 the heads of the classes are aged by `fn`.
 */
bool queue_peek(const struct queue *q, int64_t ageing_ms, int64_t now_ms,
                queue_age_fn *fn, void *arg, struct entry *out);

/* Take a task out, wherever it is: false if it is not there. */
bool queue_remove(struct queue *q, const struct entry *e);

/* The oldest of the lowest class of those that have never been started. */
bool queue_least(const struct queue *q, struct entry *out);

/* The entry with this id. */
bool queue_find(const struct queue *q, const char *id, struct entry *out);

size_t queue_count(const struct queue *q);
void queue_done(struct queue *q);

#endif

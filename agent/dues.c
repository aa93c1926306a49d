#include "agent/dues.h"

#include <stdlib.h>

#include "base/mem.h"

static void
put(struct dues *d, struct due *due, size_t place)
{
	d->heap[place - 1] = due;
	due->place = place;
}

static void
rise(struct dues *d, struct due *due)
{
	size_t at = due->place;

	while (at > 1 && d->heap[at / 2 - 1]->when_ns > due->when_ns) {
		put(d, d->heap[at / 2 - 1], at);
		at /= 2;
	}
	put(d, due, at);
}

static void
sink(struct dues *d, struct due *due)
{
	size_t at = due->place, next;

	while ((next = at * 2) <= d->n) {
		if (next < d->n &&
		    d->heap[next]->when_ns < d->heap[next - 1]->when_ns)
			next++;
		if (d->heap[next - 1]->when_ns >= due->when_ns)
			break;
		put(d, d->heap[next - 1], at);
		at = next;
	}
	put(d, due, at);
}

static void
take_out(struct dues *d, struct due *due)
{
	struct due *last = d->heap[--d->n];
	size_t place = due->place;

	due->place = 0;
	if (last == due)
		return;
	put(d, last, place);
	rise(d, last);
	sink(d, last);
}

void
dues_set(struct dues *d, struct due *due, int64_t when_ns)
{
	if (due->place)
		take_out(d, due);
	due->when_ns = when_ns;
	if (when_ns == DUES_NEVER)
		return;
	mem_room(&d->heap, d->n, &d->cap, sizeof(struct due *));
	put(d, due, ++d->n);
	rise(d, due);
}

struct due *
dues_first(const struct dues *d)
{
	return d->n ? d->heap[0] : NULL;
}

void
dues_done(struct dues *d)
{
	free(d->heap);
	*d = (struct dues){ 0 };
}

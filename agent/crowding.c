/*
 * How many may wait, and who makes room when they are too many.
 */
#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "base/mem.h"

bool
crowding_full(const struct agent *a)
{
	size_t n = queue_count(&a->ready) + a->nwaiting;

	return a->role->max_pending > 0 && n >= (size_t)a->role->max_pending;
}

static bool
goes_before(const struct entry *x, const struct entry *y)
{
	return x->cls != y->cls ? x->cls > y->cls : x->seq < y->seq;
}

/*
 * The oldest of the least urgent that has never run: work that was done is
 * not thrown away for work that was not.
 */
static bool
find_least(const struct agent *a, struct entry *least, enum place *place)
{
	bool found = queue_least(&a->ready, least);

	*place = PLACE_READY;
	for (size_t i = 0; i < a->nwaiting; i++) {
		const struct entry *e = &a->waiting[i]->entry;

		if (e->attempts || (found && !goes_before(e, least)))
			continue;
		*least = *e;
		*place = PLACE_PENDING;
		found = true;
	}
	return found;
}

bool
crowding_shut(const struct agent *a)
{
	struct entry least;
	enum place place;

	if (!crowding_full(a))
		return false;
	return a->role->on_full == CONFIG_REJECT ||
	       !find_least(a, &least, &place);
}

int
crowding_make_room(void *agent, const struct task *t, struct err *err)
{
	struct agent *a = agent;
	autofree char *why = NULL;
	struct entry least;
	enum place place;
	int r;

	if (a->role->on_full == CONFIG_REJECT || !crowding_full(a))
		return 0;
	if (!find_least(a, &least, &place))
		return 0; /* all have run: they were here first */
	if (task_class_of(t) > least.cls)
		return err_set(err, -EBUSY,
		               "the desk is full (max_pending: %lld) of tasks "
		               "that are more urgent; drop it again later",
		               (long long)a->role->max_pending);
	why = mem_printf("the desk was full (max_pending: %lld) when '%s/%s' "
	                 "came",
	                 (long long)a->role->max_pending, a->desk->name, t->id);
	r = closing_withdraw(a, place, &least, "dropped", why);
	if (r < 0)
		return err_set(err, r, "cannot make room for '%s'", t->id);
	waits_forget(a, least.id);
	return 0;
}

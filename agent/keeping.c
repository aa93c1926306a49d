/*
 * Results are kept as `keep` and `keep_for` say, and then removed.
 */
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/needs.h"

#define AT_ONCE 256 /* results removed before other events get a turn */
#define SHARE   20  /* at most one part in so many of the time goes to this */

static bool
keeps_all(const struct agent *a)
{
	return a->role->keep == 0 && a->role->keep_for_ms == 0;
}

/* How many from the oldest on are too many, or too old? */
static size_t
count_over(const struct agent *a, int64_t now_ms)
{
	const struct retain_list *list = &a->keeping.list;
	size_t keep = (size_t)a->role->keep;
	size_t n = keep && list->n > keep ? list->n - keep : 0;

	while (n < list->n && retain_expired(list->all[n].ended_ms,
	                                     a->role->keep_for_ms, now_ms))
		n++;
	return n;
}

static bool
is_needed(const struct agent *a, const struct strset *needs, const char *id)
{
	autofree char *ref = mem_printf("%s/%s", a->desk->name, id);

	return strset_has(&a->ids, id) || strset_has(needs, ref);
}

static int
take_out(struct agent *a, const struct retained *one, int64_t now_ms)
{
	bool old = retain_expired(one->ended_ms, a->role->keep_for_ms, now_ms);
	autofree char *why = NULL;
	char for_text[CLOCK_TEXT_MAX];

	if (old)
		why = mem_printf(
			"it ended longer ago than keep_for: %s",
			clock_format_duration(a->role->keep_for_ms, for_text));
	else
		why = mem_printf("%lld younger results are kept",
		                 (long long)a->role->keep);
	return retain_take_out(a->desk, &a->journal, one->place, one->id, why,
	                       now_ms);
}

/* Of the oldest `over` all that nobody needs; how many had to stay. */
static int
remove_oldest(struct agent *a, size_t over, int64_t now_ms, size_t *stay,
              struct err *err)
{
	struct retain_list *list = &a->keeping.list;
	autostrset needs = STRSET_INIT;
	size_t gone = 0;
	int r = needs_take(a->spool, &needs, err);

	while (r == 0 && gone + *stay < over && gone < AT_ONCE) {
		if (is_needed(a, &needs, list->all[*stay].id)) {
			(*stay)++;
			continue;
		}
		r = take_out(a, &list->all[*stay], now_ms);
		if (r < 0)
			return err_sys(err, r, "cannot remove '%s'",
			               list->all[*stay].id);
		retain_list_remove(list, *stay);
		gone++;
	}
	if (r == 0 && gone) {
		r = retain_sweep(a->desk);
		if (r < 0)
			(void)err_sys(err, r, "cannot remove results");
		log_info("agent=%s removed %zu results that are kept no longer",
		         a->desk->name, gone);
	}
	/* More to come, at the next pass. */
	if (gone == AT_ONCE)
		a->keeping.again = true;
	return r;
}

static void pass(void *agent);

static void
arm(struct agent *a, int64_t due_ns)
{
	if (due_ns < a->keeping.not_before_ns)
		due_ns = a->keeping.not_before_ns;
	loop_arm(a->loop, &a->keeping.timer, due_ns, pass, a);
}

/* For when the first of those that may stay will be too old. */
static void
arm_next(struct agent *a, size_t stay, int64_t now_ms)
{
	const struct retain_list *list = &a->keeping.list;
	int64_t left_ms;

	loop_clear(a->loop, &a->keeping.timer);
	if (a->keeping.again)
		arm(a, 0);
	if (a->keeping.again || a->role->keep_for_ms == 0 || stay >= list->n)
		return;
	left_ms = list->all[stay].ended_ms + a->role->keep_for_ms - now_ms;
	arm(a, clock_boot_ns() + left_ms * CLOCK_NS_PER_MS);
}

static void
pass(void *agent)
{
	struct agent *a = agent;
	struct keeping *k = &a->keeping;
	int64_t began_ns = clock_boot_ns(), now_ms = clock_wall_ms();
	struct err err = { "" };
	size_t over = 0, stay = 0;
	int r = retain_update(a->desk, &k->list);

	k->again = false;
	if (r < 0)
		(void)err_sys(&err, r, "cannot list results");
	else
		over = count_over(a, now_ms);
	if (over)
		r = remove_oldest(a, over, now_ms, &stay, &err);
	if (r < 0 && !k->failing)
		log_warn("agent=%s %s; nothing is removed until that is "
		         "mended",
		         a->desk->name, err.text);
	k->failing = r < 0;
	/* They, and what failed, are looked at again at each rescan. */
	k->stay = stay > 0 || r < 0;
	k->not_before_ns =
		clock_boot_ns() + (clock_boot_ns() - began_ns) * SHARE;
	if (r == 0)
		arm_next(a, stay, now_ms);
}

void
keeping_begin(struct agent *a)
{
	if (!keeps_all(a))
		arm(a, 0);
}

void
keeping_ended(struct agent *a)
{
	struct keeping *k = &a->keeping;

	if (keeps_all(a) || k->again)
		return;
	/* By age alone nothing is due before the first that is known. */
	if (a->role->keep == 0 && k->timer.armed)
		return;
	k->again = true;
	arm(a, 0);
}

void
keeping_recheck(struct agent *a)
{
	const struct retain_list *list = &a->keeping.list;

	/* The wall clock may have been put forward, too. */
	if (a->keeping.stay ||
	    (list->n && retain_expired(list->all[0].ended_ms,
	                               a->role->keep_for_ms, clock_wall_ms())))
		arm(a, 0);
}

/* Asked for a drop that has the id of a result. */
bool
keeping_forget(void *agent, const char *id, bool promised)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };
	struct agent *a = agent;
	autostrset needs = STRSET_INIT;
	struct retained one = { .id = NULL };
	autofree char *copy = mem_dup(id);
	int64_t now_ms = clock_wall_ms();

	if (a->role->keep_for_ms == 0 || strset_has(&a->ids, id))
		return false;
	for (size_t i = 0; i < countof(ends) && !one.id; i++) {
		one.place = ends[i];
		one.ended_ms = retain_ended_ms(a->desk, ends[i], id);
		if (one.ended_ms >= 0)
			one.id = copy;
	}
	if (!one.id ||
	    !retain_expired(one.ended_ms, a->role->keep_for_ms, now_ms))
		return false;
	if (!promised && (needs_take(a->spool, &needs, NULL) < 0 ||
	                  is_needed(a, &needs, id)))
		return false;
	return take_out(a, &one, now_ms) == 0 && retain_sweep(a->desk) == 0;
}

void
keeping_done(struct agent *a)
{
	retain_list_done(&a->keeping.list);
}

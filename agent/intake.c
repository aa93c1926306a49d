/*
 * From the inbox to pending/: drops in order of arrival, each looked at until
 * it is whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/ballast.h"

#define AT_ONCE      128 /* admissions before other events get a turn */
#define FULL_WAIT_NS (2 * CLOCK_NS_PER_S)

static void
arm(struct agent *a, int64_t due_ns)
{
	loop_arm(a->loop, &a->drops_timer, due_ns, intake_run, a);
}

/* Something happened to a known one; most often to one of the latest. */
static void
look_again(struct agent *a, const char *name)
{
	for (size_t i = a->ndrops; i-- > a->first_drop;) {
		struct drop *drop = &a->drops[i];

		if (!drop->name || strcmp(drop->name, name) != 0)
			continue;
		drop->settle.recheck_ns = 0;
		return;
	}
}

void
intake_seen(struct agent *a, const char *name)
{
	if (name_is_private(name))
		return;
	if (strset_add(&a->drop_names, name)) {
		mem_room(&a->drops, a->ndrops, &a->drops_cap,
		         sizeof(*a->drops));
		a->drops[a->ndrops++] = (struct drop){ .name = mem_dup(name) };
	} else {
		look_again(a, name);
	}
	arm(a, 0);
}

void
intake_scan(struct agent *a)
{
	char **names = NULL;
	int r = inbox_list(a->desk, &names);

	if (r < 0) {
		log_warn("agent=%s cannot read inbox: %s", a->desk->name,
		         err_name(r));
		return;
	}
	for (char **p = names; *p; p++)
		if (!strset_has(&a->drop_names, *p))
			intake_seen(a, *p);
	keys_free_list(names);
	(void)inbox_sweep(a->desk, clock_wall_ms());
}

/* The disk is full, or fails: nothing is lost, admission waits. */
static void
hold(struct agent *a, const char *what, int code, const struct err *err)
{
	if (!a->full_disk)
		log_warn("agent=%s %s: %s; nothing is admitted until that is "
		         "mended",
		         a->desk->name, what,
		         err && err->text[0] ? err->text : err_name(code));
	a->full_disk = true;
	arm(a, clock_boot_ns() + FULL_WAIT_NS);
}

static void
admitted(struct agent *a, struct admitted *ad)
{
	(void)strset_add(&a->ids, ad->entry.id);
	waits_add_pending(a, &ad->entry, &ad->task);
	if (ad->task.after || ad->task.inputs)
		circles_note(a, ad->entry.id);
}

/* 0, or -errno when the world failed and the drop stays in admit/. */
static int
admit(struct agent *a, const char *claimed)
{
	struct admit_rules rules = {
		.live_ids = &a->ids,
		.max_bytes = a->config->max_task_bytes,
		.forget = keeping_forget,
		.make_room = crowding_make_room,
		.arg = a,
	};
	struct err err = { "" };
	struct admitted ad;
	int r = admit_claimed(a->desk, &a->journal, claimed, a->next_seq,
	                      &rules, clock_wall_ms(), &ad, &err);

	if (r < 0) {
		task_done(&ad.task);
		hold(a, "cannot admit", r, &err);
		return r;
	}
	if (r == ADMIT_TAKEN) {
		a->next_seq++;
		admitted(a, &ad);
	} else {
		autofree char *shown = name_show(claimed);

		log_info("agent=%s drop=%s %s: %s", a->desk->name, shown,
		         r == ADMIT_DUPLICATE ? "is there already" : "rejected",
		         ad.why);
	}
	task_done(&ad.task);
	return 0;
}

static void
forget(struct agent *a, struct drop *drop)
{
	(void)strset_remove(&a->drop_names, drop->name);
	free(drop->name);
	drop->name = NULL;
}

static void
reject(struct agent *a, struct drop *drop, const struct err *why)
{
	autofree char *shown = name_show(drop->name);
	struct journal_line line = JOURNAL_LINE;
	struct err err;
	int r = inbox_reject(a->desk, PLACE_INBOX, drop->name, drop->name,
	                     why->text, &err);

	if (r == -ENOENT)
		return;
	if (r == -EACCES || r == -EPERM) {
		/* Another user's directory: it can only be renamed in place. */
		autofree char *hidden = mem_printf(".refused-%s", drop->name);
		int inbox = a->desk->at[PLACE_INBOX];

		r = sys_rename(inbox, drop->name, inbox, hidden);
	}
	if (r < 0) {
		hold(a, "cannot reject", r, &err);
		return;
	}
	line.ev = "reject";
	line.id = shown;
	line.why = why->text;
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_info("agent=%s drop=%s rejected: %s", a->desk->name, shown,
	         why->text);
}

/* One look at one drop: true if it is dealt with. */
static bool
look_at(struct agent *a, struct drop *drop, int64_t now_ns)
{
	char claimed[INBOX_CLAIMED_MAX];
	struct err err = { "" };
	int r = inbox_claim(a->desk, drop, now_ns,
	                    a->config->settle_ms * CLOCK_NS_PER_MS,
	                    a->next_claim, claimed, &err);

	if (r == 0)
		return false;
	if (r == 1) {
		a->next_claim++;
		/* On failure it waits in admit/, for retry_claimed(). */
		(void)admit(a, claimed);
		return true;
	}
	if (r == -ENOENT)
		return true;
	if (r == -EEXIST) {
		/* A leftover has this place in the order: take the next. */
		a->next_claim++;
		drop->settle.recheck_ns = 0;
		return false;
	}
	if (err_class(r) == ERR_REJECT) {
		if (!err.text[0])
			(void)err_sys(&err, r, "it cannot be taken");
		reject(a, drop, &err);
		return true;
	}
	hold(a, "cannot claim a drop", r, NULL);
	return false;
}

/* What an earlier failure, or a crash, left claimed. */
static int
retry_claimed(struct agent *a)
{
	char **claimed = NULL;
	struct err err = { "" };
	int r = ballast_keep(a->desk);

	if (r == 0)
		r = admit_recover(a->desk, &a->journal, clock_wall_ms(),
		                  &claimed, &err);
	if (r == 0)
		r = startup_adopt(a, &err);
	if (r < 0) {
		hold(a, "cannot keep a reserve", r, &err);
		return r;
	}
	if (a->full_disk)
		log_info("agent=%s admission goes on", a->desk->name);
	a->full_disk = false;
	intake_leftovers(a, claimed);
	return a->full_disk ? -EAGAIN : 0;
}

/* Takes ownership of `claimed`, which is in order. */
void
intake_leftovers(struct agent *a, char **claimed)
{
	for (char **p = claimed; p && *p; p++) {
		uint64_t order;

		if (inbox_parse_claimed(*p, &order, NULL) &&
		    order >= a->next_claim)
			a->next_claim = order + 1;
		if (!a->full_disk)
			(void)admit(a, *p);
	}
	keys_free_list(claimed);
}

/* Let go of the dealt with at the front; the order stays. */
static void
compact(struct agent *a)
{
	size_t n = a->ndrops - a->first_drop;

	while (a->first_drop < a->ndrops && !a->drops[a->first_drop].name)
		a->first_drop++;
	if (a->first_drop < 1024 && a->first_drop < a->ndrops)
		return;
	if (!a->drops || a->first_drop < n)
		return;
	n = a->ndrops - a->first_drop;
	memmove(a->drops, a->drops + a->first_drop, n * sizeof(*a->drops));
	a->ndrops = n;
	a->first_drop = 0;
}

/*
 * Look at the drops whose time has come, in order; give other events a turn
 * after some.  The time of the next look, INT64_MAX for none.
 */
static int64_t
look_at_all(struct agent *a)
{
	int64_t now_ns = clock_boot_ns();
	int64_t next = INT64_MAX;
	int done = 0;

	for (size_t i = a->first_drop; i < a->ndrops; i++) {
		struct drop *drop = &a->drops[i];

		if (!drop->name)
			continue;
		a->crowded = crowding_shut(a);
		if (a->full_disk || a->crowded)
			return INT64_MAX;
		if (done == AT_ONCE)
			return 0;
		if (drop->settle.recheck_ns <= now_ns &&
		    look_at(a, drop, now_ns)) {
			forget(a, drop);
			done++;
		} else if (drop->settle.recheck_ns < next) {
			next = drop->settle.recheck_ns;
		}
	}
	return next;
}

void
intake_run(void *agent)
{
	struct agent *a = agent;
	int64_t next;

	if (a->full_disk && retry_claimed(a) < 0)
		return;
	next = look_at_all(a);
	compact(a);
	/* A cancel that was there before its task: now, before it can start. */
	if (a->requests_kept)
		asked_scan(a);
	if (next < INT64_MAX && !a->full_disk)
		arm(a, next);
}

void
intake_room(struct agent *a)
{
	if (!a->crowded || a->full_disk || crowding_shut(a))
		return;
	a->crowded = false;
	arm(a, 0);
}

void
intake_done(struct agent *a)
{
	for (size_t i = a->first_drop; i < a->ndrops; i++)
		free(a->drops[i].name);
	free(a->drops);
	strset_done(&a->drop_names);
}

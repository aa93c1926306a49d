#include "cli/view.h"

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/blocking.h"
#include "cli/gm.h"
#include "spool/downtime.h"
#include "spool/enclosure.h"
#include "spool/journal.h"
#include "spool/request.h"

#define COUNT_TRIES 5

void
view_agent_done(struct view_agent *v)
{
	free(v->name);
	free(v->blocked);
	free(v->worker);
	view_task_done(&v->task);
	*v = (struct view_agent){ 0 };
}

/* Names that may be drops: those of their writers do not count. */
static int
count_drops(const struct desk *d)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;

	if (sys_listdir(d->at[PLACE_INBOX], ".", &dir) < 0)
		return 0;
	while (sys_next(dir, &de) > 0)
		n += !name_is_private(de->d_name);
	return n;
}

static void
count_places(const struct desk *d, struct view_agent *v)
{
	/* In the order in which tasks go through them. */
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		int n = p == PLACE_INBOX ? count_drops(d) : find_count(d, p);

		v->counts[p] = n < 0 ? 0 : n;
	}
	/* Each with its .why. */
	v->counts[PLACE_REJECTED] = (v->counts[PLACE_REJECTED] + 1) / 2;
}

bool
view_agent_at_rest(const struct view_agent *v)
{
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++)
		if (v->counts[p] && (desk_place_live(p) || p == PLACE_INBOX ||
		                     p == PLACE_ADMIT))
			return false;
	return true;
}

/*
 * A task can go back (BLOCKED to READY) between two places that are counted
 * in the other order, and so be missed; it is not missed by the next count
 * if the journal has not grown since before the first.
 */
static void
count_all(const struct desk *d, struct view_agent *v)
{
	for (int i = 0; i < COUNT_TRIES; i++) {
		int64_t size = journal_size(d);

		count_places(d, v);
		if (view_agent_at_rest(v))
			count_places(d, v);
		if (journal_size(d) == size)
			return;
	}
}

static void
look_at_task(const struct desk *d, struct view_agent *v)
{
	struct found found;

	if (find_running(d, &found) == 0)
		v->has_task = view_found(d, &found, &v->task) == 0;
}

static void
look_at_blocked(const struct desk *d, struct view_agent *v)
{
	autostr text = STR_INIT;
	char **names = NULL;
	struct entry e;

	if (!v->counts[PLACE_BLOCKED] ||
	    find_list(d, PLACE_BLOCKED, &names) < 0)
		return;
	if (names[0] && entry_parse(names[0], &e) == 0) {
		blocking_add(d, e.id, &text);
		v->blocked = str_take(&text);
	}
	keys_free_list(names);
}

/* What holds the processes of the agent together. */
static const char *
containment_of(const struct desk *d)
{
	autofree char *path = NULL;

	return enclosure_read(d, &path) == 0 ? "cgroup" : "session";
}

static void
look_at_health(const struct desk *d, struct view_agent *v)
{
	struct proc_id self = { 0 };

	health_read(d, &v->health);
	(void)proc_self(&self);
	v->probe_ms = health_wait_left(&v->health, self.boot, clock_boot_ns(),
	                               clock_wall_ms()) /
	              CLOCK_NS_PER_MS;
}

/* Of a stream worker that keeps dying; only its agent knows that it does. */
static void
look_at_worker(const struct desk *d, struct view_agent *v)
{
	char text[CLOCK_TEXT_MAX];
	struct downtime down;
	int64_t left;

	if (v->up <= 0 || !downtime_read(d, &down))
		return;
	left = down.until_ms - clock_wall_ms();
	v->worker = mem_printf(
		"its worker died %lld time%s without having done a task: %s; "
		"the next start %s%s",
		(long long)down.deaths, down.deaths == 1 ? "" : "s",
		down.message, left > 0 ? "in " : "is due",
		left > 0 ? clock_format_duration(left, text) : "");
}

int
view_agent(struct spool *s, const char *name, struct view_agent *out,
           struct err *err)
{
	autodesk *d = NULL;
	struct view_agent v = { .state = "IDLE" };
	struct proc_id owner = { 0 };
	int r = desk_open(s, name, &d, err);

	if (r < 0)
		return r;
	v.name = mem_dup(name);
	v.up = desk_owner(d, &owner);
	v.pid = v.up > 0 ? (int)owner.pid : 0;
	v.containment = v.up > 0 ? containment_of(d) : NULL;
	v.paused = request_paused(d);
	look_at_health(d, &v);
	v.quarantined = gm_quarantine(s, name, NULL);
	count_all(d, &v);
	if (v.counts[PLACE_RUNNING] || v.counts[PLACE_SAVING])
		v.state = "BUSY";
	else if (v.counts[PLACE_BLOCKED])
		v.state = "BLOCKED";
	look_at_blocked(d, &v);
	look_at_worker(d, &v);
	look_at_task(d, &v);
	*out = v;
	return 0;
}

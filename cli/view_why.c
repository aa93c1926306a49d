#include "cli/view.h"

#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/view_waits.h"
#include "cli/why.h"
#include "cli/why_lane.h"
#include "config/config.h"
#include "spool/result.h"
#include "spool/task.h"

/* Too many have failed; true if nothing can start before a certain time. */
static bool
add_unwell(const struct why *w)
{
	const struct view_agent *a = w->agent;
	char at[CLOCK_TEXT_MAX];

	if (!a->health.pause_ms)
		return false;
	str_addf(w->out, "; %lld attempts in a row have failed: ",
	         (long long)a->health.failures);
	if (!a->probe_ms) {
		str_adds(w->out, "one task at a time begins as a probe");
		return false;
	}
	str_addf(w->out, "nothing starts before a probe at %s (in ",
	         clock_format(a->health.until_ms, at));
	why_add_duration(w->out, a->probe_ms);
	str_addf(w->out, "); let it go on at once with: spoolhand resume %s",
	         a->name);
	return true;
}

static bool
add_no_worker(const struct why *w)
{
	if (!w->agent->worker)
		return false;
	str_addf(w->out, "; %s", w->agent->worker);
	return true;
}

/* What keeps the agent from starting a task; false if nothing is known to. */
static bool
add_agent_idle(const struct why *w)
{
	if (why_add_agent_down(w))
		return true;
	if (!w->agent->paused)
		return add_unwell(w) || add_no_worker(w);
	str_addf(w->out,
	         "; agent '%s' is paused: let it go on with: spoolhand "
	         "resume %s",
	         w->v->agent, w->v->agent);
	return true;
}

/* 0: no limit, or none that can be found out. */
static int64_t
max_pending(const struct why *w)
{
	const struct config_agent *a = NULL;

	if (w->config)
		a = config_agent(w->config, w->v->agent);
	/* One that drops the oldest takes whatever comes. */
	return a && a->on_full == CONFIG_REJECT ? a->max_pending : 0;
}

static void
tell_dropped(const struct why *w)
{
	const int *n = w->agent->counts;
	int64_t max;

	if (w->v->place == PLACE_ADMIT) {
		str_adds(w->out, "is DROPPED and being admitted");
		(void)why_add_agent_down(w);
		return;
	}
	str_addf(w->out, "is DROPPED: it lies in the inbox of '%s'",
	         w->v->agent);
	if (why_add_agent_down(w))
		return;
	max = max_pending(w);
	if (max && n[PLACE_PENDING] + n[PLACE_READY] >= max)
		str_addf(w->out,
		         "; the desk is full (max_pending: %lld), it is taken "
		         "when others have been done",
		         (long long)max);
	else
		str_addf(w->out,
		         "; it is taken as soon as nobody writes to it; wait "
		         "for that with: spoolhand sync %s",
		         w->v->agent);
}

static void
tell_pending(const struct why *w)
{
	autotask t = TASK_INIT;
	char name[ENTRY_NAME_MAX];
	struct err err = { "" };
	bool circle = false;

	str_adds(w->out, "is PENDING");
	if (task_open(w->desk->at[PLACE_PENDING],
	              entry_format(&w->v->entry, name), &t, &err) < 0)
		str_addf(w->out, ": its file cannot be read (%s)", err.text);
	else
		circle = view_waits(w->desk, &w->v->entry, &t, w->out);
	if (!why_add_agent_down(w) && !circle)
		why_add_command(w, "give it up", "cancel");
}

/* Its place among the READY ones, from 0. */
static size_t
place_in_line(const struct why *w)
{
	char mine[ENTRY_NAME_MAX];
	char **names = NULL;
	size_t n = 0;

	if (find_list(w->desk, PLACE_READY, &names) < 0)
		return 0;
	(void)entry_format(&w->v->entry, mine);
	for (char **p = names; *p && strcmp(*p, mine) < 0; p++)
		n++;
	keys_free_list(names);
	return n;
}

static void
tell_ready(const struct why *w)
{
	size_t ahead = place_in_line(w);
	const struct view_task *now = &w->agent->task;

	if (ahead)
		str_addf(w->out, "is READY behind %zu other%s", ahead,
		         ahead == 1 ? "" : "s");
	else
		str_adds(w->out, "is READY and next in line");
	if (w->agent->has_task) {
		str_addf(w->out, "; %s/%s is RUNNING", now->agent, now->id);
		if (now->progress.percent)
			str_addf(w->out, " (%d%%)", now->progress.percent);
	}
	if (!add_agent_idle(w) && !w->agent->has_task && w->agent->up > 0 &&
	    !why_lane_add(w->spool, w->config, w->v->agent, w->out))
		str_adds(w->out, "; the agent is about to start it");
}

static void
tell_running(const struct why *w)
{
	const struct progress *p = &w->v->progress;
	char at[CLOCK_TEXT_MAX];

	if (w->agent->up == 0 && w->v->place == PLACE_RUNNING) {
		str_addf(w->out,
		         "was RUNNING when its agent ended: attempt %u counts "
		         "as crashed",
		         w->v->entry.attempts);
		(void)why_add_agent_down(w);
		return;
	}
	str_adds(w->out, "is RUNNING");
	if (w->v->place == PLACE_SAVING) {
		str_addf(w->out,
		         ": its worker has ended, its result is being %s",
		         p->phase == PHASE_VERIFYING ? "verified" : "saved");
		(void)why_add_agent_down(w);
		return;
	}
	if (w->v->started_ms) {
		str_addf(w->out, " since %s (for ",
		         clock_format(w->v->started_ms, at));
		why_add_duration(w->out, clock_wall_ms() - w->v->started_ms);
		str_addc(w->out, ')');
	}
	str_addf(w->out, ", attempt %u", w->v->entry.attempts);
	if (p->percent || p->message[0])
		str_addf(w->out, ", at %d%%%s%s", p->percent,
		         p->message[0] ? ": " : "", p->message);
	if (p->stalled_ms) {
		str_adds(w->out, "; no output or progress for ");
		why_add_duration(w->out, clock_wall_ms() - p->quiet_ms);
	}
	why_add_command(w, "stop it", "cancel");
}

static void
tell_completed(const struct why *w)
{
	str_addf(w->out, "is COMPLETED: its result lies in %s/agents/%s/%s/%s",
	         w->spool->root, w->v->agent, desk_place_name(w->v->place),
	         w->v->id);
	why_add_command(w, "read it", "result");
}

static void
tell_failed(const struct why *w)
{
	str_addf(w->out, "is %s", w->v->state);
	why_add_reason(w);
	why_add_command(w, "begin it again", "retry");
}

static void
tell_rejected(const struct why *w)
{
	str_addf(w->out,
	         "was rejected: %s; it lies in %s/agents/%s/%s: mend "
	         "it and drop it again",
	         w->v->message ? w->v->message : "nobody has written why",
	         w->spool->root, w->v->agent, desk_place_name(PLACE_REJECTED));
}

static const struct teller {
	enum place place;
	void (*tell)(const struct why *w);
} tellers[] = {
	{ PLACE_INBOX, tell_dropped },   { PLACE_ADMIT, tell_dropped },
	{ PLACE_PENDING, tell_pending }, { PLACE_READY, tell_ready },
	{ PLACE_RUNNING, tell_running }, { PLACE_SAVING, tell_running },
	{ PLACE_BLOCKED, why_blocked },  { PLACE_OUTBOX, tell_completed },
	{ PLACE_FAILED, tell_failed },   { PLACE_REJECTED, tell_rejected },
};

/* Asked for, but not done yet: its agent does it when it can. */
static void
add_requests(const struct why *w)
{
	enum place p = w->v->place;
	autofree char *cancel = mem_printf("cancel.%s", w->v->id);

	if (!desk_place_live(p) && p != PLACE_INBOX && p != PLACE_ADMIT)
		return;
	if (sys_exists(w->desk->at[PLACE_REQUESTS], cancel) == 1)
		str_adds(w->out,
		         "; a request to cancel it lies there for its agent");
}

static int
tell(struct why *w, struct err *err)
{
	autodesk *d = NULL;
	int r = desk_open(w->spool, w->v->agent, &d, err);

	if (r < 0)
		return r;
	w->desk = d;
	str_addf(w->out, "%s/%s ", w->v->agent, w->v->id);
	for (size_t i = 0; i < countof(tellers); i++)
		if (tellers[i].place == w->v->place)
			tellers[i].tell(w);
	add_requests(w);
	return 0;
}

int
view_why(struct spool *s, const struct view_task *v, struct str *out,
         struct err *err)
{
	autofree char *path = mem_printf("%s/" CONFIG_FILE, s->root);
	autoconfig *config = NULL;
	struct view_agent agent;
	struct why w = { .spool = s, .v = v, .agent = &agent, .out = out };
	int r = view_agent(s, v->agent, &agent, err);

	if (r < 0)
		return r;
	/* Without it less can be told, but not nothing. */
	if (config_load(path, &config, NULL) == 0)
		w.config = config;
	r = tell(&w, err);
	view_agent_done(&agent);
	return r;
}

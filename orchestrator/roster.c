#include "orchestrator/roster.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

/* A cell left out is ROSTER_NONE: the event is refused in that state. */
static const enum roster_state moves[ROSTER_NSTATES][ROSTER_NEVENTS] = {
	[ROSTER_DUE] = {
		[ROSTER_RUNS] = ROSTER_UP,
		[ROSTER_CONDEMN] = ROSTER_QUARANTINED,
		[ROSTER_STOP] = ROSTER_DOWN,
	},
	[ROSTER_UP] = {
		[ROSTER_ENDS] = ROSTER_DUE,
		[ROSTER_CONDEMN] = ROSTER_QUARANTINED,
		[ROSTER_STOP] = ROSTER_STOPPING,
	},
	[ROSTER_STOPPING] = {
		[ROSTER_ENDS] = ROSTER_DOWN,
	},
	[ROSTER_QUARANTINED] = {
		[ROSTER_RESUME] = ROSTER_DUE,
		[ROSTER_STOP] = ROSTER_DOWN,
	},
};

static const char *const state_names[] = {
	[ROSTER_NONE] = "none",
	[ROSTER_DUE] = "due",
	[ROSTER_UP] = "up",
	[ROSTER_STOPPING] = "stopping",
	[ROSTER_QUARANTINED] = "quarantined",
	[ROSTER_DOWN] = "down",
};
_Static_assert(countof(state_names) == ROSTER_NSTATES, "name every state");

/* Exit statuses after which another try can only end the same way. */
static const struct hopeless {
	int exit;
	const char *reason;
} hopeless[] = {
	{ EX_CONFIG, "its configuration is bad" },
	{ EXIT_NOT_EXECUTABLE, "its program cannot be run" },
	{ EXIT_NOT_FOUND, "its program was not found" },
};

void
roster_init(struct roster_agent *a, const char *name)
{
	*a = (struct roster_agent){ .state = ROSTER_DUE };
	a->name = mem_dup(name);
}

void
roster_done(struct roster_agent *a)
{
	free(a->name);
	free(a->deaths);
	*a = (struct roster_agent){ 0 };
}

enum roster_state
roster_after(enum roster_state s, enum roster_event ev)
{
	return moves[s][ev];
}

static void
forget(struct roster_agent *a)
{
	a->streak = 0;
	a->ndeaths = 0;
}

bool
roster_move(struct roster_agent *a, enum roster_event ev, int64_t now_ns)
{
	enum roster_state next = moves[a->state][ev];

	if (next == ROSTER_NONE)
		return false;
	if (next == ROSTER_UP)
		a->up_since_ns = now_ns;
	if (ev == ROSTER_RESUME)
		forget(a);
	a->state = next;
	return true;
}

const char *
roster_state_name(enum roster_state s)
{
	return state_names[s];
}

int64_t
roster_pause(const struct roster_rules *rules, unsigned streak)
{
	int64_t pause = rules->backoff_ns;

	/* Doubled one by one: what would overflow is above the limit before. */
	for (; streak > 0 && pause < rules->backoff_max_ns; streak--)
		pause = pause > INT64_MAX / 2 ? INT64_MAX : pause * 2;
	return pause < rules->backoff_max_ns ? pause : rules->backoff_max_ns;
}

void
roster_describe(const struct roster_end *end, struct str *out)
{
	if (!end->seen)
		str_adds(out, "unknown status (it was adopted)");
	else if (end->signal)
		str_addf(out, "signal %d (%s)", end->signal,
		         strsignal(end->signal));
	else
		str_addf(out, "exit status %d", end->exit);
}

/* Count this death, forgetting those that the window has left behind. */
static size_t
count_death(struct roster_agent *a, const struct roster_rules *rules,
            int64_t now_ns)
{
	size_t old = 0;

	while (old < a->ndeaths && now_ns - a->deaths[old] > rules->window_ns)
		old++;
	a->ndeaths -= old;
	if (old > 0)
		memmove(a->deaths, a->deaths + old,
		        a->ndeaths * sizeof(*a->deaths));
	mem_room(&a->deaths, a->ndeaths, &a->deaths_cap, sizeof(*a->deaths));
	a->deaths[a->ndeaths++] = now_ns;
	return a->ndeaths;
}

static void
add_remedy(const struct roster_agent *a, struct str *why)
{
	str_addf(why,
	         "; agents/%s/agent.log says more; when it is mended: "
	         "spoolhand resume %s",
	         a->name, a->name);
}

static const char *
hopeless_reason(const struct roster_end *end)
{
	if (!end->seen || end->signal)
		return NULL;
	for (size_t i = 0; i < countof(hopeless); i++)
		if (hopeless[i].exit == end->exit)
			return hopeless[i].reason;
	return NULL;
}

static void
explain_deaths(const struct roster_agent *a, const struct roster_rules *rules,
               const struct roster_end *end, struct str *why)
{
	char window[CLOCK_TEXT_MAX];

	str_addf(why, "ended %zu %s within %s, the last time with ", a->ndeaths,
	         a->ndeaths == 1 ? "time" : "times",
	         clock_format_duration(rules->window_ns / CLOCK_NS_PER_MS,
	                               window));
	roster_describe(end, why);
	add_remedy(a, why);
}

enum roster_verdict
roster_ended(struct roster_agent *a, const struct roster_rules *rules,
             const struct roster_end *end, int64_t now_ns, int64_t *pause_ns,
             struct str *why)
{
	const char *reason = hopeless_reason(end);
	bool held = end->seen && end->exit == EX_TEMPFAIL;

	if (a->state == ROSTER_STOPPING) {
		(void)roster_move(a, ROSTER_ENDS, now_ns);
		return ROSTER_LET_GO;
	}
	if (now_ns - a->up_since_ns > rules->window_ns)
		forget(a);
	if (reason) {
		autostr text = STR_INIT;

		str_addf(&text, "%s (exit status %d)", reason, end->exit);
		roster_condemn(a, str_text(&text), now_ns, why);
		return ROSTER_GIVE_UP;
	}
	/* Who finds the desk in other hands has not died. */
	if (!held && count_death(a, rules, now_ns) >= rules->after) {
		explain_deaths(a, rules, end, why);
		(void)roster_move(a, ROSTER_CONDEMN, now_ns);
		return ROSTER_GIVE_UP;
	}
	(void)roster_move(a, ROSTER_ENDS, now_ns);
	*pause_ns = roster_put_off(a, rules);
	return held ? ROSTER_LOOK : ROSTER_RESTART;
}

int64_t
roster_put_off(struct roster_agent *a, const struct roster_rules *rules)
{
	int64_t pause = roster_pause(rules, a->streak);

	if (a->streak < UINT32_MAX)
		a->streak++;
	return pause;
}

void
roster_condemn(struct roster_agent *a, const char *reason, int64_t now_ns,
               struct str *why)
{
	str_adds(why, reason);
	add_remedy(a, why);
	(void)roster_move(a, ROSTER_CONDEMN, now_ns);
}

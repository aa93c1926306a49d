/*
 * The lane of an agent: nothing starts without room in it.
 *
 * When there is none, the agent waits for an event in the lane's directory or
 * for a time, and is not in the way of anything else meanwhile.
 */
#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"

#define BUSY_NS     CLOCK_NS_PER_MS      /* the first wait for the lock */
#define BUSY_MAX    6                    /* doubled so often */
#define SETTLE_MAX  4                    /* looks after a slot was closed */
#define PATIENCE_NS CLOCK_NS_PER_S       /* with those who came first */
#define ERROR_NS    (2 * CLOCK_NS_PER_S) /* the disk fails */

int
lanes_begin(struct agent *a, struct err *err)
{
	const struct config_lane *lane = config_lane_of(a->config, a->role);
	int r;

	if (!lane)
		return 0;
	a->lane.limits =
		(struct lane_limits){ lane->running, lane->per_minute };
	r = lane_open(a->spool, lane->name, a->role->name, &a->lane.lane, err);
	if (r == 0 && a->watch)
		r = watch_dir(a->watch, lane_fd(a->lane.lane),
		              AGENT_TOKEN_LANE);
	return r < 0 ? err_sys(err, r, "cannot use the lane '%s'", lane->name) :
	               0;
}

/*
 * The limits are those of the file as it is now: agents that were started at
 * different times must not go by different ones.
 */
static void
reread_limits(struct agent *a)
{
	struct lane_use *use = &a->lane;
	const struct config_lane *lane;
	autoconfig *c = NULL;
	struct stat st;

	if (stat(a->config->path, &st) < 0)
		return;
	if (st.st_ino == use->file.st_ino && st.st_size == use->file.st_size &&
	    st.st_mtim.tv_sec == use->file.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == use->file.st_mtim.tv_nsec)
		return;
	use->file = st;
	/* What is wrong with it is told to who starts something with it. */
	if (config_load(a->config->path, &c, NULL) < 0)
		return;
	lane = config_lane_of(c, a->role);
	if (lane)
		use->limits =
			(struct lane_limits){ lane->running, lane->per_minute };
}

static void
on_time(void *agent)
{
	struct agent *a = agent;

	/* The loop schedules before it waits again. */
	a->lane.waits = LANE_NONE;
}

static void
wait_until(struct agent *a, int64_t due_ns)
{
	loop_arm(a->loop, &a->lane.timer, due_ns, on_time, a);
}

/* When to try again, if nothing happens before. */
static void
wait_for(struct agent *a, enum lane_verdict v, int64_t next_ns)
{
	struct lane_use *use = &a->lane;
	int64_t now = clock_boot_ns();

	use->waits = v;
	switch (v) {
	case LANE_RATE:
		wait_until(a, next_ns);
		break;
	case LANE_BUSY:
		/* It is held for a moment only; closing it is no event. */
		wait_until(a, now + (BUSY_NS << use->looks));
		if (use->looks < BUSY_MAX)
			use->looks++;
		break;
	case LANE_TURN:
		if (!use->patient_until_ns)
			use->patient_until_ns = now + PATIENCE_NS;
		wait_until(a, use->patient_until_ns);
		break;
	case LANE_FULL:
		/* One that was killed closes its slot before it unlocks it. */
		if (use->looks < SETTLE_MAX)
			wait_until(a, now + (BUSY_NS << 2 * use->looks++));
		break;
	case LANE_NONE:
	case LANE_TAKEN:
		break;
	}
}

static bool
try(struct agent *a, const struct entry *e)
{
	struct lane_use *use = &a->lane;
	autofree char *ref = mem_printf("%s/%s", a->desk->name, e->id);
	struct lane_now now = { clock_boot_ns(), clock_wall_ms(), a->boot };
	bool impatient = use->patient_until_ns &&
	                 now.boot_ns >= use->patient_until_ns;
	int64_t next_ns = 0;
	int r;

	reread_limits(a);
	r = lane_take(use->lane, &use->limits, ref, &now, impatient, &next_ns);
	if (r < 0) {
		log_warn("agent=%s task=%s cannot look at its lane '%s': %s, "
		         "retry in 2s",
		         a->desk->name, e->id, a->role->lane, err_name(r));
		use->waits = LANE_BUSY;
		wait_until(a, now.boot_ns + ERROR_NS);
		return false;
	}
	if (r != LANE_TURN)
		use->patient_until_ns = 0;
	if (r != LANE_TAKEN) {
		wait_for(a, (enum lane_verdict)r, next_ns);
		return false;
	}
	loop_clear(a->loop, &use->timer);
	use->waits = LANE_NONE;
	use->looks = 0;
	return true;
}

bool
lanes_let(struct agent *a, const struct entry *e)
{
	if (!a->lane.lane)
		return true;
	/* What was taken for one that ended in its very start. */
	lane_release(a->lane.lane);
	return a->lane.waits == LANE_NONE && try(a, e);
}

void
lanes_settle(struct agent *a, bool wanted)
{
	struct lane_use *use = &a->lane;

	if (!use->lane)
		return;
	if (!a->run.active)
		lane_release(use->lane);
	if (wanted || a->run.active)
		return;
	/* Nothing is to start: nobody shall wait for this one. */
	lane_leave(use->lane);
	loop_clear(a->loop, &use->timer);
	use->waits = LANE_NONE;
	use->patient_until_ns = 0;
	use->looks = 0;
}

void
lanes_event(struct agent *a, const char *name)
{
	struct lane_use *use = &a->lane;
	bool slot = name && str_starts(name, LANE_SLOT_PREFIX);
	bool ticket = name && str_starts(name, LANE_TICKET_PREFIX);

	if (use->waits == LANE_FULL && slot)
		use->looks = 0;
	if ((use->waits == LANE_FULL && slot) ||
	    (use->waits == LANE_TURN && (slot || ticket)))
		use->waits = LANE_NONE;
}

void
lanes_recheck(struct agent *a)
{
	/* Also for the minute: its limit may have been raised. */
	a->lane.waits = LANE_NONE;
}

int
lanes_fd(const struct agent *a)
{
	return a->lane.lane ? lane_slot(a->lane.lane) : -1;
}

void
lanes_done(struct agent *a)
{
	lane_close(a->lane.lane);
}

#include "cli/view.h"

#include "base/mem.h"
#include "spool/entry.h"

/* Times, pids, sequence numbers: zero is "not known". */
static void
set_known(struct json *o, const char *key, int64_t value)
{
	if (value)
		json_set_int(o, key, value);
	else
		json_set_str(o, key, NULL);
}

static struct json *
progress_json(const struct progress *p)
{
	struct json *o;

	if (p->phase == PHASE_NONE)
		return json_new_str(NULL);
	o = json_new_object();
	json_set_str(o, "phase", progress_phase_name(p->phase));
	json_set_int(o, "percent", p->percent);
	json_set_str(o, "stage", p->stage);
	json_set_str(o, "message", p->message);
	set_known(o, "updated", p->updated_ms);
	set_known(o, "stalled", p->stalled_ms);
	set_known(o, "quiet", p->quiet_ms);
	return o;
}

struct json *
view_entry_json(const struct view_task *v)
{
	autofree char *ref = mem_printf("%s/%s", v->agent, v->id);
	struct json *o = json_new_object();

	json_set_str(o, "ref", ref);
	json_set_str(o, "agent", v->agent);
	json_set_str(o, "id", v->id);
	json_set_str(o, "state", v->state);
	json_set_str(o, "priority",
	             v->entry.cls ? entry_class_name(v->entry.cls) : NULL);
	set_known(o, "seq", (int64_t)v->entry.seq);
	json_set_int(o, "attempts", v->entry.attempts);
	json_set_str(o, "reason", v->reason);
	set_known(o, "until", v->until_ms);
	json_set_str(o, "message", v->message);
	return o;
}

struct json *
view_task_json(const struct view_task *v)
{
	struct json *o = view_entry_json(v);

	json_set_str(o, "title", v->title);
	json_set(o, "progress", progress_json(&v->progress));
	set_known(o, "admitted", v->admitted_ms);
	set_known(o, "started", v->started_ms);
	set_known(o, "ended", v->ended_ms);
	return o;
}

struct json *
view_agent_json(const struct view_agent *v)
{
	struct json *o = json_new_object();
	const int *n = v->counts;

	json_set_str(o, "agent", v->name);
	json_set_str(o, "state", v->state);
	if (v->up < 0)
		json_set_str(o, "up", NULL);
	else
		json_set_bool(o, "up", v->up);
	json_set_bool(o, "paused", v->paused);
	json_set_bool(o, "quarantined", v->quarantined);
	json_set_int(o, "failing", v->health.failures);
	set_known(o, "probe", v->health.pause_ms ? v->health.until_ms : 0);
	json_set_bool(o, "configured", v->configured);
	set_known(o, "pid", v->pid);
	json_set_str(o, "containment", v->containment);
	json_set_str(o, "worker", v->worker);
	json_set_int(o, "dropped", n[PLACE_INBOX] + n[PLACE_ADMIT]);
	json_set_int(o, "pending", n[PLACE_PENDING]);
	json_set_int(o, "ready", n[PLACE_READY]);
	json_set_int(o, "running", n[PLACE_RUNNING] + n[PLACE_SAVING]);
	json_set_int(o, "blocked", n[PLACE_BLOCKED]);
	json_set_int(o, "completed", n[PLACE_OUTBOX]);
	json_set_int(o, "failed", n[PLACE_FAILED]);
	json_set_int(o, "rejected", n[PLACE_REJECTED]);
	json_set(o, "task",
	         v->has_task ? view_task_json(&v->task) : json_new_str(NULL));
	return o;
}

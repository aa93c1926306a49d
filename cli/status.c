#include "cli/status.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/agents.h"
#include "cli/view.h"

#define BAR_WIDTH 10

static const struct table_column agent_columns[] = {
	{ "NAME", false, NULL, 0 },     { "STATE", false, NULL, 0 },
	{ "UP", false, NULL, 0 },       { "PENDING", true, "PEND", 6 },
	{ "READY", true, "RDY", 5 },    { "RUNNING", true, "RUN", 8 },
	{ "BLOCKED", true, "BLK", 4 },  { "DONE", true, NULL, 7 },
	{ "FAILED", true, "FAIL", 3 },  { "TASK", false, NULL, 1 },
	{ "PROGRESS", false, NULL, 2 }, { "NOTE", false, NULL, 0 },
};

static const struct table_column task_columns[] = {
	{ NULL, false, NULL, 0 },
	{ NULL, false, NULL, 0 },
};

/* "[####------]  40% 12s parsing"; time and bar for people only. */
static void
add_progress(const struct status *st, const struct view_task *v,
             struct str *out)
{
	const struct progress *p = &v->progress;
	int full = p->percent * BAR_WIDTH / 100;
	char buf[CLOCK_TEXT_MAX];

	if (st->style.people && p->updated_ms) {
		str_addc(out, '[');
		for (int i = 0; i < BAR_WIDTH; i++)
			str_addc(out, i < full ? '#' : '-');
		str_adds(out, "] ");
	}
	if (p->updated_ms)
		str_addf(out, "%d%% ", p->percent);
	if (st->style.people && v->started_ms)
		str_addf(
			out, "%s ",
			clock_format_duration(
				(clock_wall_ms() - v->started_ms) / 1000 * 1000,
				buf));
	if (p->message[0])
		str_adds(out, p->message);
	else if (p->stage[0])
		str_adds(out, p->stage);
	else if (p->phase)
		str_adds(out, progress_phase_name(p->phase));
	if (p->stalled_ms && !st->style.people)
		str_adds(out, " (stalled)");
	else if (p->stalled_ms)
		str_addf(out, " (silent for %s)",
		         clock_format_duration((clock_wall_ms() - p->quiet_ms) /
		                                       1000 * 1000,
		                               buf));
}

static void
add_count(struct str *out, int n, const char *what)
{
	if (n)
		str_addf(out, "%s%d %s", out->len ? ", " : "", n, what);
}

static void
add_word(struct str *out, bool is_so, const char *what)
{
	if (is_so)
		str_addf(out, "%s%s", out->len ? ", " : "", what);
}

/* What keeps it from starting anything, if too many have failed. */
static void
add_health(struct str *out, const struct view_agent *v)
{
	char at[CLOCK_TEXT_MAX];

	if (!v->health.pause_ms)
		return;
	str_addf(out, "%s%lld failures in a row, ", out->len ? ", " : "",
	         (long long)v->health.failures);
	if (v->probe_ms)
		str_addf(out, "probe at %s",
		         clock_format(v->health.until_ms, at));
	else
		str_adds(out, "probing");
}

static void
add_up(struct table *t, int up)
{
	if (up < 0)
		table_cell(t, TINT_NONE, "?");
	else
		table_cell(t, up ? TINT_GOOD : TINT_DIM, up ? "up" : "down");
}

static void
add_agent_row(const struct status *st, struct table *t,
              const struct view_agent *v)
{
	static const enum place counted[] = { PLACE_PENDING, PLACE_READY,
		                              PLACE_RUNNING, PLACE_BLOCKED,
		                              PLACE_OUTBOX,  PLACE_FAILED };
	const int *n = v->counts;
	autostr progress = STR_INIT;
	autostr note = STR_INIT;

	if (v->has_task)
		add_progress(st, &v->task, &progress);
	add_word(&note, v->quarantined, "quarantined");
	add_word(&note, v->paused, "paused");
	add_health(&note, v);
	add_word(&note, v->worker != NULL, v->worker);
	add_count(&note, n[PLACE_INBOX] + n[PLACE_ADMIT], "dropped");
	add_count(&note, n[PLACE_REJECTED], "rejected");
	add_word(&note, !v->configured, "not in " CONFIG_FILE);
	if (st->one && v->containment)
		str_addf(&note, "%sheld by its %s", note.len ? ", " : "",
		         v->containment);
	add_word(&note, v->blocked != NULL, v->blocked);
	table_row(t);
	table_cell(t, TINT_NONE, v->name);
	table_cell(t, table_tint_of(v->state), v->state);
	add_up(t, v->up);
	for (size_t i = 0; i < countof(counted); i++)
		table_cellf(t, TINT_NONE, "%d",
		            n[counted[i]] + (counted[i] == PLACE_RUNNING ?
		                                     n[PLACE_SAVING] :
		                                     0));
	table_cell(t, TINT_NONE, v->has_task ? v->task.id : "");
	table_cell(t, TINT_BUSY, str_text(&progress));
	table_cell(t, TINT_WAIT, str_text(&note));
}

/*
 * An agent of the configuration may not have a desk yet.  One whose desk is
 * not to be used does not hide the others: false, having said so once.
 */
static bool
look_at_agent(struct status *st, const char *name, struct view_agent *v)
{
	struct err err = { "" };
	int r = view_agent(st->cx->spool, name, v, &err);

	if (r == -ENOENT) {
		*v = (struct view_agent){ .name = mem_dup(name),
			                  .state = "IDLE" };
	} else if (r < 0) {
		if (strset_add(&st->told, name))
			r = fail(r, &err);
		if (st->status == EXIT_FINE)
			st->status = r;
		return false;
	}
	v->configured = agents_configured(st->cx, name);
	if (st->json && v->has_task)
		view_times(st->cx->spool, &v->task);
	return true;
}

static void
add_json(struct str *out, struct json *o)
{
	json_print(o, out);
	str_addc(out, '\n');
	json_free(o);
}

static int
print_agents(struct status *st, struct str *out, bool *at_rest)
{
	autotable *t = table_new(agent_columns, countof(agent_columns));

	*at_rest = true;
	for (char **p = st->agents; *p; p++) {
		struct view_agent v;

		if (!look_at_agent(st, *p, &v))
			continue;
		if (st->json)
			add_json(out, view_agent_json(&v));
		else
			add_agent_row(st, t, &v);
		*at_rest = *at_rest && view_agent_at_rest(&v);
		view_agent_done(&v);
	}
	if (!st->json)
		table_print(t, &st->style, out);
	return EXIT_FINE;
}

static void
add_line(struct table *t, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	table_row(t);
	table_cell(t, TINT_HEAD, key);
	table_cell(t, TINT_NONE, value);
}

static void
add_time(struct table *t, const char *key, int64_t wall_ms)
{
	char buf[CLOCK_TEXT_MAX];

	if (wall_ms)
		add_line(t, key, clock_format(wall_ms, buf));
}

static void
add_task_lines(const struct status *st, struct table *t,
               const struct view_task *v)
{
	autofree char *ref = mem_printf("%s/%s", v->agent, v->id);
	autofree char *seq =
		mem_printf("%llu", (unsigned long long)v->entry.seq);
	autofree char *attempts = mem_printf("%u", v->entry.attempts);
	autostr progress = STR_INIT;
	autostr why = STR_INIT;

	if (v->progress.phase)
		add_progress(st, v, &progress);
	add_line(t, "ref", ref);
	add_line(t, "title", v->title);
	add_line(t, "state", v->state);
	add_line(t, "reason", v->reason);
	add_line(t, "message", v->message);
	add_time(t, "until", v->until_ms);
	add_line(t, "progress", str_text(&progress));
	if (v->entry.cls)
		add_line(t, "priority", entry_class_name(v->entry.cls));
	if (v->entry.seq)
		add_line(t, "seq", seq);
	add_line(t, "attempts", attempts);
	add_time(t, "admitted", v->admitted_ms);
	add_time(t, "started", v->started_ms);
	add_time(t, "ended", v->ended_ms);
	if (!st->stream && view_why(st->cx->spool, v, &why, NULL) == 0)
		add_line(t, "why", str_text(&why));
}

static int
print_task(const struct status *st, struct str *out, bool *at_rest)
{
	autotable *t = table_new(task_columns, countof(task_columns));
	struct view_task v;
	struct err err = { "" };
	int r = view_task(st->cx->spool, st->agent, st->id, &v, &err);

	if (r < 0)
		return fail(r, &err);
	*at_rest = v.place == PLACE_OUTBOX || v.place == PLACE_FAILED;
	if (st->json) {
		add_json(out, view_task_json(&v));
	} else {
		add_task_lines(st, t, &v);
		table_print(t, &st->style, out);
	}
	view_task_done(&v);
	return EXIT_FINE;
}

int
status_print(struct status *st, struct str *out, bool *at_rest)
{
	return st->agents ? print_agents(st, out, at_rest) :
	                    print_task(st, out, at_rest);
}

#include "cli/view_waits.h"

#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/circle.h"
#include "cli/view.h"
#include "spool/fileinput.h"
#include "spool/inputs.h"
#include "spool/record.h"

#define TOLD 5 /* of what it waits for */

struct waits {
	struct desk *desk;
	const struct entry *entry;
	const struct task *task;
	struct str *out;
	struct record record;
	size_t open;   /* what is not there */
	bool asked;    /* a person, what to do about that */
	char *failed;  /* the first that did not complete */
	char *unknown; /* the first that nobody has submitted */
};

static void
add_open(struct waits *w, const char *what, const char *how)
{
	if (w->open++ < TOLD)
		str_addf(w->out, "%s %s (%s)",
		         w->open == 1 ? ": it waits for" : ",", what, how);
}

static void
look_at_ref(struct waits *w, const char *ref)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct view_task v = { 0 };
	const char *state = "no such task yet";

	if (name_split_ref(ref, &agent, &id) < 0)
		return;
	if (view_task(w->desk->spool, agent, id, &v, NULL) == 0)
		state = v.state;
	else if (!w->unknown)
		w->unknown = mem_dup(ref);
	if (v.place == PLACE_FAILED && !w->failed)
		w->failed = mem_dup(ref);
	if (v.place != PLACE_OUTBOX)
		add_open(w, ref, state);
	view_task_done(&v);
}

static void
look_at_file(struct waits *w, const char *input)
{
	struct settle s = { 0 };
	autostr why = STR_INIT;

	if (fileinput_look(input, &s, clock_boot_ns(), 0, &why) == 0)
		add_open(w, input, str_text(&why));
}

/* All are COMPLETED; what is asked of them may be missing all the same. */
static void
look_at_artifacts(const struct waits *w)
{
	autoinputs look = { .now_ns = clock_boot_ns() };

	if (inputs_look(w->desk->spool, w->task, &look) == 0 && look.failed)
		str_addf(w->out, ": %s", str_text(&look.fail));
	else if (w->task->not_before_ms <= clock_wall_ms())
		str_adds(w->out, ": all that it waits for is there");
}

/* "2026-11-21T09:30:00.000Z (in 4m02s)" */
static void
add_time(struct str *out, int64_t wall_ms)
{
	int64_t left_ms = wall_ms - clock_wall_ms();
	char text[CLOCK_TEXT_MAX];

	str_addf(out, "%s (", clock_format(wall_ms, text));
	if (left_ms > 0)
		str_addf(out, "in %s)", clock_format_duration(left_ms, text));
	else
		str_adds(out, "now)");
}

static void
add_not_before(const struct waits *w)
{
	if (w->task->not_before_ms <= clock_wall_ms())
		return;
	str_adds(w->out, w->open ? "; it starts not before " :
	                           ": it starts not before ");
	add_time(w->out, w->task->not_before_ms);
}

/* input_timeout, and what is done then. */
static void
add_timeout(const struct waits *w)
{
	static const char *const then[] = {
		[LATE_FAIL] = "it is withdrawn",
		[LATE_ASK] = "a person is asked",
		[LATE_RUN] = "it runs without what is missing",
	};
	int64_t since_ms = w->record.waits_since_ms;
	int64_t uid;

	if (!w->task->input_timeout_ms ||
	    (w->asked && w->task->on_input_timeout == LATE_ASK))
		return;
	if (!since_ms && record_origin(w->desk, PLACE_PENDING, w->entry,
	                               &w->record, &uid, &since_ms) < 0)
		return;
	str_adds(w->out, "; its input_timeout ends at ");
	add_time(w->out, since_ms + w->task->input_timeout_ms);
	str_addf(w->out, ": then %s", then[w->task->on_input_timeout]);
}

/* What of it will not come by itself, and what can be done. */
static void
add_remedies(const struct waits *w)
{
	static const char *const then[] = {
		[DEP_SKIP] = "it is withdrawn: on_dependency_failure is skip",
		[DEP_BLOCK] = "it waits on",
		[DEP_FALLBACK] = "it runs without that when the rest is there",
		[DEP_ASK] = "a person is asked",
	};

	if (w->failed)
		str_addf(w->out, "; begin that again with: spoolhand retry %s",
		         w->failed);
	if (w->failed && !w->asked)
		str_addf(w->out, "; else %s",
		         then[w->task->on_dependency_failure]);
	if (w->unknown)
		str_addf(w->out,
		         "; submit that with: spoolhand submit %.*s FILE "
		         "--id %s",
		         (int)strcspn(w->unknown, "/"), w->unknown,
		         strchr(w->unknown, '/') + 1);
}

static void
add_question(const struct waits *w)
{
	if (w->asked)
		str_addf(w->out,
		         "; a person is asked what to do: answer with: "
		         "spoolhand answer %s/%s run, or wait, or fail",
		         w->desk->name, w->entry->id);
}

bool
view_waits(struct desk *d, const struct entry *e, const struct task *t,
           struct str *out)
{
	struct waits w = { .desk = d, .entry = e, .task = t, .out = out };
	char **refs = inputs_refs(t);
	bool circle = false;

	record_read(d, e->id, &w.record);
	w.asked = sys_exists(d->at[PLACE_QUESTIONS], e->id) == 1;
	for (char **p = refs; *p; p++)
		look_at_ref(&w, *p);
	keys_free_list(refs);
	for (char **p = t->inputs; p && *p; p++)
		if (fileinput_is(*p))
			look_at_file(&w, *p);
	if (!w.open)
		look_at_artifacts(&w);
	if (w.open > TOLD)
		str_addf(out, " and %zu more", w.open - TOLD);
	if (w.open && w.record.without_inputs)
		str_adds(out, "; it runs without that all the same");
	add_not_before(&w);
	if (w.open && !w.record.without_inputs) {
		add_remedies(&w);
		add_timeout(&w);
		add_question(&w);
		circle = circle_add(d->spool, d->name, e->id, out);
	}
	free(w.failed);
	free(w.unknown);
	return circle;
}

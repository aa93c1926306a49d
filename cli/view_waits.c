#include "cli/view_waits.h"

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "cli/view.h"
#include "spool/inputs.h"

#define REFS_TOLD 5

struct waits {
	struct spool *spool;
	struct str *out;
	size_t open;  /* refs that are not COMPLETED */
	char *failed; /* the first that did not complete */
};

static void
look_at(struct waits *w, const char *ref)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct view_task v = { 0 };
	const char *state = "no such task yet";

	if (name_split_ref(ref, &agent, &id) < 0)
		return;
	if (view_task(w->spool, agent, id, &v, NULL) == 0)
		state = v.state;
	if (v.place == PLACE_FAILED && !w->failed)
		w->failed = mem_dup(ref);
	if (v.place != PLACE_OUTBOX && w->open++ < REFS_TOLD)
		str_addf(w->out, "%s %s (%s)",
		         w->open == 1 ? ": it waits for" : ",", ref, state);
	view_task_done(&v);
}

/* All are COMPLETED; what is asked of them may be missing all the same. */
static void
look_at_artifacts(const struct waits *w, const struct task *t)
{
	autostr text = STR_INIT;

	if (inputs_check(w->spool, t, &text) == INPUTS_FAILED)
		str_addf(w->out, ": %s", str_text(&text));
	else
		str_adds(w->out, ": all that it waits for is there");
}

void
view_waits(struct spool *s, const struct task *t, struct str *out)
{
	struct waits w = { .spool = s, .out = out };
	char **refs = inputs_refs(t);

	for (char **p = refs; *p; p++)
		look_at(&w, *p);
	keys_free_list(refs);
	if (!w.open)
		look_at_artifacts(&w, t);
	if (w.open > REFS_TOLD)
		str_addf(out, " and %zu more", w.open - REFS_TOLD);
	if (w.failed)
		str_addf(out, "; begin that again with: spoolhand retry %s",
		         w.failed);
	free(w.failed);
}

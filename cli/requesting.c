#include "cli/requesting.h"

#include <stdio.h>

#include "cli/absent.h"
#include "cli/agents.h"

int
requesting_drop(struct context *cx, struct desk *d, const struct request *rq,
                const char *what)
{
	struct err err = { "" };
	autostr absent = STR_INIT;
	int r = request_drop(d, rq, &err);

	if (r < 0)
		return fail(r, &err);
	if (what && absent_tell(d, &absent))
		say(cx, "%s; %s at its next start", absent.data, what);
	return EXIT_FINE;
}

static int
ask(struct context *cx, const struct view_task *v, enum request_verb verb)
{
	struct request rq = { .verb = verb };
	autodesk *d = NULL;
	struct err err = { "" };
	int r = desk_open(cx->spool, v->agent, &d, &err);

	if (r < 0)
		return fail(r, &err);
	(void)snprintf(rq.id, sizeof(rq.id), "%s", v->id);
	return requesting_drop(cx, d, &rq, "it will be done");
}

static int
request_one(struct context *cx, const char *ref, enum request_verb verb,
            requesting_fn *sensible)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	struct view_task v = { 0 };
	struct err err = { "" };
	int r = context_ref(cx, ref, &agent, &id);

	if (r != EXIT_FINE)
		return r;
	r = view_task(cx->spool, agent, id, &v, &err);
	if (r < 0)
		return fail(r, &err);
	r = sensible(cx, &v);
	if (r > 0)
		r = ask(cx, &v, verb);
	else if (r < 0)
		r = EXIT_TASK_FAILED;
	view_task_done(&v);
	return r;
}

int
requesting_tasks(struct context *cx, const struct args *a,
                 enum request_verb verb, requesting_fn *sensible)
{
	int status = EXIT_FINE;

	if (a->noperands == 0) {
		complain("no REF given; write AGENT/ID, for example pm/brief");
		return EXIT_USAGE;
	}
	/* All of them are tried; the first that failed gives the status. */
	for (size_t i = 0; i < a->noperands; i++) {
		int r = request_one(cx, a->operands[i], verb, sensible);

		if (status == EXIT_FINE)
			status = r;
	}
	return status;
}

int
requesting_agent(struct context *cx, const struct args *a, struct desk **out)
{
	if (a->noperands != 1) {
		complain("name one AGENT; all of them: spoolhand status");
		return EXIT_USAGE;
	}
	return agents_desk(cx, a->operands[0], true, out);
}

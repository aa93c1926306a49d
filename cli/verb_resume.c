#include "base/mem.h"
#include "cli/gm.h"
#include "cli/requesting.h"
#include "spool/health.h"

/* The orchestrator lifts a quarantine; it is asked to by a file as well. */
static int
release(struct context *cx, const char *agent, bool *quarantined)
{
	autofree char *name = mem_printf("resume.%s", agent);
	struct proc_id gm;
	struct err err = { "" };
	int r;

	*quarantined = gm_quarantine(cx->spool, agent, NULL);
	if (!*quarantined)
		return EXIT_FINE;
	r = gm_request(cx->spool, name, &err);
	if (r < 0)
		return fail(r, &err);
	if (gm_owner(cx->spool, &gm) == 0)
		say(cx,
		    "agent '%s' is in quarantine: it will be released when "
		    "'spoolhand up' runs",
		    agent);
	return EXIT_FINE;
}

static int
run(struct context *cx, const struct args *a)
{
	const struct request rq = { .verb = REQUEST_RESUME };
	bool quarantined = false;
	struct health health;
	autodesk *d = NULL;
	int r = requesting_agent(cx, a, &d);

	if (r == EXIT_FINE)
		r = release(cx, d->name, &quarantined);
	if (r != EXIT_FINE)
		return r;
	health_read(d, &health);
	if (!request_paused(d) && !health.failures)
		return r;
	return requesting_drop(cx, d, &rq,
	                       quarantined ? NULL : "it will go on");
}

const struct verb verb_resume = {
	.name = "resume",
	.operands = "AGENT",
	.summary = "let a paused or quarantined agent go on",
	.text = "Takes back 'spoolhand pause AGENT', and ends the pause after\n"
		"too many failures in a row at once.  An agent that died\n"
		"again and again, and that the orchestrator therefore keeps\n"
		"in quarantine, is started anew.\n"
		"\n"
		"example:\n"
		"  spoolhand resume pm\n",
	.run = run,
};

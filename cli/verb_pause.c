#include "cli/requesting.h"

static int
run(struct context *cx, const struct args *a)
{
	const struct request rq = { .verb = REQUEST_PAUSE };
	autodesk *d = NULL;
	int r = requesting_agent(cx, a, &d);

	return r != EXIT_FINE ?
	               r :
	               requesting_drop(cx, d, &rq, "it will be paused");
}

const struct verb verb_pause = {
	.name = "pause",
	.operands = "AGENT",
	.summary = "let an agent start no further task",
	.text = "A running task runs to its end; drops are still admitted.\n"
		"It stays paused, over restarts too, until 'spoolhand resume\n"
		"AGENT'.\n"
		"\n"
		"example:\n"
		"  spoolhand pause pm\n",
	.run = run,
};

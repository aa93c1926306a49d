#include "cli/requesting.h"

static int
sensible(struct context *cx, const struct view_task *v)
{
	if (v->place != PLACE_OUTBOX && v->place != PLACE_FAILED)
		return 1;
	say(cx, "%s/%s has ended already: %s", v->agent, v->id, v->state);
	return 0;
}

static int
run(struct context *cx, const struct args *a)
{
	return requesting_tasks(cx, a, REQUEST_CANCEL, sensible);
}

const struct verb verb_cancel = {
	.name = "cancel",
	.operands = "REF...",
	.summary = "stop tasks, or take them out of the queue",
	.text = "A task that is not RUNNING becomes WITHDRAWN; the worker\n"
		"of a RUNNING one is stopped, and the task becomes FAILED.\n"
		"One that has ended already is left as it is.  What a task\n"
		"has called with 'spoolhand call' is cancelled with it, but\n"
		"for what was called with --detach.\n"
		"\n"
		"Returns when the request is on disk, whether its agent runs\n"
		"or not; what became of it is told by 'spoolhand wait'.\n"
		"\n"
		"example:\n"
		"  spoolhand cancel pm/brief pm/plan\n",
	.run = run,
};

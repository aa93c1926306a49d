#include "cli/requesting.h"

static int
sensible(struct context *cx, const struct view_task *v)
{
	(void)cx;
	if (v->place == PLACE_FAILED || v->place == PLACE_BLOCKED)
		return 1;
	complain("%s/%s is %s: only a task that FAILED, was WITHDRAWN or is "
	         "BLOCKED can be tried again",
	         v->agent, v->id, v->state);
	return -1;
}

static int
run(struct context *cx, const struct args *a)
{
	return requesting_tasks(cx, a, REQUEST_RETRY, sensible);
}

const struct verb verb_retry = {
	.name = "retry",
	.operands = "REF...",
	.summary = "try tasks again that FAILED, were WITHDRAWN or are BLOCKED",
	.text = "A task that has ended begins anew, at the end of its class\n"
		"and with all its attempts before it.  A BLOCKED one waits\n"
		"no longer and goes back to its old place.  Exit status 1\n"
		"for any other.\n"
		"\n"
		"example:\n"
		"  spoolhand retry pm/brief\n",
	.run = run,
};

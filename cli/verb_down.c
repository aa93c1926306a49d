#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/keys.h"
#include "cli/deadline.h"
#include "cli/gm.h"
#include "cli/verb.h"
#include "spool/desk.h"

#define LOOK_AGAIN_MS 20

static const struct arg_option options[] = {
	{ "now", 0, NULL, false, "end running tasks, too; they run again" },
	{ "timeout", 0, "DURATION", false, "how long to wait; else for ever" },
};

/* Milliseconds that are left, as poll() wants them: -1 is for ever. */
static int
left_ms(int64_t deadline_ns)
{
	int64_t ms;

	if (deadline_ns == INT64_MAX)
		return -1;
	ms = (deadline_ns - clock_boot_ns() + CLOCK_NS_PER_MS - 1) /
	     CLOCK_NS_PER_MS;
	if (ms < 0)
		return 0;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/*
 * Sleep until the process has ended, the time is over or it is time to look
 * again.  The lock has the last word on whether one runs; a process of which
 * nothing can be known from here is looked after by it alone.
 */
static void
sleep_on(const struct proc_id *gm, int64_t deadline_ns)
{
	autoclose int fd = gm->pid ? proc_open(gm) : -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ms = left_ms(deadline_ns);

	if (fd < 0 && (ms < 0 || ms > LOOK_AGAIN_MS))
		ms = LOOK_AGAIN_MS;
	(void)poll(&p, 1, ms);
}

static int
wait_for_end(struct context *cx, int64_t deadline_ns)
{
	struct proc_id gm = { 0 };

	while (gm_owner(cx->spool, &gm) == 1) {
		if (left_ms(deadline_ns) == 0) {
			complain("the orchestrator (pid %d) has not ended yet; "
			         "it was asked to, and will",
			         (int)gm.pid);
			return EXIT_TIMED_OUT;
		}
		sleep_on(&gm, deadline_ns);
	}
	say(cx, "the orchestrator has ended");
	return EXIT_FINE;
}

/* An agent that runs without one: started by hand, or left behind. */
static bool
is_agent_up(const struct context *cx)
{
	char **names = NULL;
	bool up = false;

	if (desk_list(cx->spool, &names) < 0)
		return false;
	for (char **p = names; *p && !up; p++) {
		autodesk *d = NULL;
		struct proc_id owner;

		up = desk_open(cx->spool, *p, &d, NULL) == 0 &&
		     desk_owner(d, &owner) == 1;
	}
	keys_free_list(names);
	return up;
}

static int
complain_none(const struct context *cx)
{
	complain("no orchestrator runs in '%s'%s", cx->spool->root,
	         is_agent_up(cx) ?
	                 ", but agents do: spoolhand up takes them over, then "
	                 "spoolhand down stops them" :
	                 "");
	return EXIT_NOT_RUNNING;
}

static int
run(struct context *cx, const struct args *a)
{
	const char *request = args_has(a, "now") ? "down-now" : "down";
	struct proc_id gm = { 0 };
	struct err err = { "" };
	int64_t deadline_ns;
	int r;

	if (a->noperands) {
		complain("'down' takes no operand");
		return EXIT_USAGE;
	}
	r = deadline_option(a, "timeout", &deadline_ns);
	if (r == EXIT_FINE)
		r = context_spool(cx);
	if (r != EXIT_FINE)
		return r;
	r = gm_owner(cx->spool, &gm);
	if (r == 0)
		return complain_none(cx);
	if (r > 0)
		r = gm_request(cx->spool, request, &err);
	else
		(void)err_sys(&err, r, "cannot see who runs '%s'",
		              cx->spool->root);
	return r < 0 ? fail(r, &err) : wait_for_end(cx, deadline_ns);
}

const struct verb verb_down = {
	.name = "down",
	.operands = "",
	.summary = "ask a running orchestrator to stop, and wait for it",
	.text = "Running tasks end, none is started, then all agents end.\n"
		"Exit status 69 if no orchestrator runs, 4 if it has not\n"
		"ended in time (it was asked to, and will).\n"
		"\n"
		"example:\n"
		"  spoolhand down --timeout 1m\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

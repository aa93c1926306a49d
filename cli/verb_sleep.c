#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "cli/inside.h"
#include "cli/verb.h"
#include "spool/record.h"

#define LONGEST_MS (10 * 366 * 86400LL * 1000)

static int
take_duration(const struct args *a, int64_t *ms)
{
	if (a->noperands == 1 &&
	    clock_parse_duration(a->operands[0], ms) == 0 && *ms <= LONGEST_MS)
		return EXIT_FINE;
	complain("write: sleep DURATION, for example 90s, 10m, 1h or 7d, at "
	         "most 10 years");
	return EXIT_USAGE;
}

/* What is left of it, by the rule of every wait. */
static int
time_left(const struct call *c, int64_t *left)
{
	struct record wait = { .until_ms = c->until_ms,
		               .until_boot_ns = c->until_boot_ns };
	struct proc_id self;
	int r = proc_self(&self);

	if (r < 0)
		return r;
	memcpy(wait.boot, c->boot, sizeof(wait.boot));
	*left = record_wait_left(&wait, self.boot, clock_boot_ns(),
	                         clock_wall_ms());
	return 0;
}

/* The first time: note until when. */
static int
note(struct inside *in, int64_t ms)
{
	struct call *c = &in->calling.call;
	struct err err = { "" };
	int r = inside_until(ms, &c->until_ms, &c->until_boot_ns, c->boot);

	if (r < 0)
		return fail(r, NULL);
	r = calling_record(&in->calling, &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

static int
is_over(struct inside *in)
{
	const struct call *c = &in->calling.call;
	struct call_end end = { .attempt = in->entry.attempts,
		                .begun_ms = c->begun_ms,
		                .ended_ms = clock_wall_ms() };
	struct err err = { "" };
	int r = calling_finish(&in->calling, &end, -1, &err);

	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

static int
wait_for_it(struct inside *in)
{
	const struct call *c = &in->calling.call;
	struct calls_wait wait = { .reason = BLOCK_SLEEP,
		                   .until_ms = c->until_ms,
		                   .until_boot_ns = c->until_boot_ns };
	char when[CLOCK_TEXT_MAX];

	memcpy(wait.boot, c->boot, sizeof(wait.boot));
	(void)snprintf(wait.message, sizeof(wait.message), "sleeps until %s",
	               clock_format(c->until_ms, when));
	return inside_wait(in, &wait);
}

static int
run(struct context *cx, const struct args *a)
{
	autoinside in = INSIDE_INIT;
	struct err err = { "" };
	struct call_end end;
	int64_t ms = 0, left = 0;
	int r = take_duration(a, &ms);

	if (r == EXIT_FINE)
		r = inside_open(&in, cx, "sleep");
	if (r == EXIT_FINE)
		r = inside_begin(&in, CALL_SLEEP, a->operands[0]);
	if (r != EXIT_FINE)
		return r;
	r = calling_ended(&in.calling, &end, &err);
	if (r != 0)
		return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
	if (!in.calling.recorded)
		r = note(&in, ms);
	if (r != EXIT_FINE)
		return r;
	r = time_left(&in.calling.call, &left);
	if (r < 0)
		return fail(r, NULL);
	return left ? wait_for_it(&in) : is_over(&in);
}

const struct verb verb_sleep = {
	.name = "sleep",
	.operands = "DURATION",
	.summary = "inside a task: go on later, without holding the agent",
	.text = "The first time, the task is BLOCKED until the time is over:\n"
		"the helper exits with 79 and the script has to end.  The task\n"
		"is then run again from its start, and this returns at once.\n"
		"A reboot meanwhile does no harm.\n"
		"\n"
		"example:\n"
		"  spoolhand sleep 1h || exit\n",
	.run = run,
};

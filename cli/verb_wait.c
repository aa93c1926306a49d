#include <stdio.h>

#include "cli/deadline.h"
#include "cli/verb.h"
#include "cli/waiting.h"

static const struct arg_option options[] = {
	{ "any", 0, NULL, false, "until one of them has ended" },
	{ "timeout", 0, "DURATION", false,
	  "stop waiting after this time (exit 4)" },
	{ "no-block", 0, NULL, false,
	  "stop waiting when one asks something (exit 6)" },
};

/* At once: who reads it acts on it. */
static void
print_end(void *arg, const struct waiting_task *t)
{
	bool *failed = arg;

	printf("%s/%s %s\n", t->desk->name, t->id,
	       state_outcome_name(t->outcome));
	if (finish_output() != EXIT_FINE)
		*failed = true;
}

static int
add_all(struct context *cx, const struct args *a, struct waiting *w)
{
	int r = EXIT_FINE;

	for (size_t i = 0; i < a->noperands && r == EXIT_FINE; i++) {
		autofree char *agent = NULL;
		autofree char *id = NULL;

		r = context_ref(cx, a->operands[i], &agent, &id);
		if (r == EXIT_FINE)
			r = waiting_add(w, agent, id);
	}
	return r;
}

static int
run(struct context *cx, const struct args *a)
{
	autowaiting w = { 0 };
	bool failed = false;
	int64_t deadline_ns;
	int r = deadline_option(a, "timeout", &deadline_ns);

	if (r != EXIT_FINE)
		return r;
	if (a->noperands == 0) {
		complain("no REF given; write AGENT/ID, for example pm/brief");
		return EXIT_USAGE;
	}
	waiting_init(&w, cx);
	w.no_block = args_has(a, "no-block");
	r = add_all(cx, a, &w);
	if (r == EXIT_FINE)
		r = waiting_run(&w, args_has(a, "any"), deadline_ns, print_end,
		                &failed);
	return r == EXIT_FINE && failed ? EXIT_IO : r;
}

const struct verb verb_wait = {
	.name = "wait",
	.operands = "REF...",
	.summary = "wait until tasks have ended",
	.text = "Prints a line 'REF STATE' as each task ends, STATE being\n"
		"COMPLETED, FAILED or WITHDRAWN: cancelled, or its dependency\n"
		"failed, while it was not running.  Exit 0 if all COMPLETED,\n"
		"1 if one did not, 3 if there is no such task, 4 when the\n"
		"time is over, 65 if one was rejected.  With --any it is the\n"
		"one that has ended that counts.  With --no-block exit 6 when\n"
		"one waits for an answer that nobody has given yet.\n"
		"\n"
		"example:\n"
		"  spoolhand wait pm/brief backend/api --timeout 10m\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

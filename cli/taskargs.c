#include "cli/taskargs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/str.h"
#include "base/utf8.h"

#define AHEAD_MAX_MS (100LL * 366 * 86400 * 1000)
#define TRACE_FORM   "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx"

const struct arg_option taskargs_options[] = {
	{ "id", 0, "ID", false,
	  "name of the task; the same again with the same content is the same "
	  "task" },
	{ "title", 0, "TEXT", false, "one line for people" },
	{ "priority", 0, "high|medium|low", false, "class in the queue" },
	{ "after", 0, "REF", true, "start when that task is COMPLETED" },
	{ "input", 0, "REF/ARTIFACT|file:PATH", true,
	  "wait for that artifact, and put it at $TASK_IN/ARTIFACT; or for a "
	  "file, or a pattern" },
	{ "not-before", 0, "TIME|+DURATION", false,
	  "start no earlier, as in 2026-11-21T09:30Z, '2026-11-21 09:30' or "
	  "+2h" },
	{ "timeout", 0, "DURATION", false, "limit of one attempt; 0: none" },
	{ "retries", 0, "N", false, "further attempts after a failure" },
	{ "output", 0, "PATH", true,
	  "an artifact that must be there, or exit 0 is a failure" },
	{ "on-dependency-failure", 0, "skip|block|fallback|ask", false,
	  "what to do when a task waited for FAILED" },
	{ "supersedes", 0, "ID", true,
	  "withdraw this older task of AGENT if it does not run yet" },
	{ "label", 0, "K=V", true, "a word of your own, for the result" },
	{ "body", 0, "TEXT", false, "the task itself, instead of a FILE" },
	/* of run alone */
	{ "wait-timeout", 0, "DURATION", false,
	  "stop waiting after this time (exit 4); the task goes on" },
	{ "no-block", 0, NULL, false,
	  "stop waiting when it asks something (exit 6); the task goes on" },
};
_Static_assert(countof(taskargs_options) == TASKARGS_NRUN, "count the rows");

/* Each option of a task and the key of a header that it sets. */
static const struct {
	const char *option, *key;
} option_keys[] = {
	{ "id", "id" },
	{ "title", "title" },
	{ "priority", "priority" },
	{ "after", "after" },
	{ "input", "inputs" },
	{ "timeout", "timeout" },
	{ "retries", "retries" },
	{ "output", "outputs" },
	{ "not-before", "not_before" },
	{ "on-dependency-failure", "on_dependency_failure" },
	{ "supersedes", "supersedes" },
	{ "label", "labels" },
};

/* A task that is submitted by a task belongs to the same trace. */
static void
carry_trace(struct task *t)
{
	const char *trace = getenv("TRACEPARENT");
	const char *form = TRACE_FORM;

	if (t->trace || !trace || strlen(trace) != strlen(form))
		return;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? trace[i] != '-' :
		                     !strchr("0123456789abcdef", trace[i]))
			return;
	t->trace = mem_dup(trace);
}

/* What a person should be told of before a table of keys is asked. */
static int
check_value(const char *what, const char *value)
{
	autofree char *shown = name_show(value);

	if (!utf8_valid(value, strlen(value)))
		complain("%s: '%.60s' is not UTF-8, the encoding of all text "
		         "in a task",
		         what, shown);
	else if (strcmp(what, "--id") == 0 && strlen(value) > NAME_LONGEST)
		complain("--id: '%.20s...' is too long: it has %zu bytes, at "
		         "most %d are possible",
		         shown, strlen(value), NAME_LONGEST);
	else
		return EXIT_FINE;
	return EXIT_USAGE;
}

/* The header of a file was checked when it was read. */
static int
check_all(const struct task *t)
{
	struct err err = { "" };

	if (task_check(t, NULL, NULL, &err) == 0)
		return EXIT_FINE;
	/* "after: ..." is of --after. */
	for (size_t i = 0; i < countof(option_keys); i++) {
		const char *key = option_keys[i].key;
		const char *text = err.text + strlen(key);

		if (!str_starts(err.text, key) || *text != ':')
			continue;
		complain("--%s%s", option_keys[i].option, text);
		return EXIT_USAGE;
	}
	complain("%s", err.text);
	return EXIT_USAGE;
}

/*
 * "+2h": that long after `now_ms`, as it is written in a header; to free, NULL
 * after a complaint.
 */
static char *
written(const char *option, const char *value, int64_t now_ms)
{
	autofree char *shown = name_show(value);
	char text[CLOCK_TEXT_MAX];
	int64_t ms;

	if (strcmp(option, "not-before") != 0 || value[0] != '+')
		return mem_dup(value);
	if (clock_parse_duration(value + 1, &ms) == 0 && ms <= AHEAD_MAX_MS)
		return mem_dup(clock_format(now_ms + ms, text));
	complain("--%s: '%.60s' is no time from now on; write as in +90s, +2h "
	         "or +7d",
	         option, shown);
	return NULL;
}

static int
apply(const struct args *a, const char *option, const char *name,
      int64_t now_ms, struct task *t)
{
	const struct key *key = keys_find(task_keys, task_nkeys, name);
	autofree char *what = mem_printf("--%s", option);
	struct err err = { "" };

	if (!args_knows(a, option))
		return EXIT_FINE;
	for (const char *const *v = args_values(a, option); *v; v++) {
		autofree char *value = NULL;

		if (check_value(what, *v) != EXIT_FINE)
			return EXIT_USAGE;
		value = written(option, *v, now_ms);
		if (!value)
			return EXIT_USAGE;
		if (keys_set(key, what, value, t, &err) < 0) {
			complain("%s", err.text);
			return EXIT_USAGE;
		}
	}
	return EXIT_FINE;
}

int
taskargs_apply(const struct args *a, int64_t now_ms, struct task *t)
{
	for (size_t i = 0; i < countof(option_keys); i++)
		if (apply(a, option_keys[i].option, option_keys[i].key, now_ms,
		          t) != EXIT_FINE)
			return EXIT_USAGE;
	carry_trace(t);
	return check_all(t);
}

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "cli/inside.h"
#include "cli/verb.h"

#define QUESTION_MAX 2000
#define OPTION_MAX   200
#define OPTIONS_MAX  100
#define LONGEST_MS   (10 * 366 * 86400LL * 1000)

/* `text` without control bytes, but for those in `allowed`. */
static bool
is_text(const char *text, size_t max, const char *allowed)
{
	size_t len = strlen(text);

	if (len < 1 || len > max || !utf8_valid(text, len))
		return false;
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' || *p == '\x7f') &&
		    !strchr(allowed, *p))
			return false;
	return true;
}

static bool
is_among(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static int
check_options(const char *const *list, const char *fallback)
{
	size_t n = 0;

	for (; list[n]; n++) {
		if (!is_text(list[n], OPTION_MAX, ""))
			complain("--option: write one line of UTF-8 text, 1 to "
			         "%d bytes long",
			         OPTION_MAX);
		else if (is_among(list[n], list, n))
			complain("--option '%s' is given twice; give it once",
			         list[n]);
		else if (n == OPTIONS_MAX)
			complain("a question can have %d options; ask for a "
			         "text instead",
			         OPTIONS_MAX);
		else
			continue;
		return EXIT_USAGE;
	}
	if (!fallback || (n ? is_among(fallback, list, n) :
	                      is_text(fallback, QUESTION_MAX, "\n\t")))
		return EXIT_FINE;
	if (n)
		complain("--default '%s' is none of the options; give --option "
		         "for it, too",
		         fallback);
	else
		complain("--default: write UTF-8 text, 1 to %d bytes long",
		         QUESTION_MAX);
	return EXIT_USAGE;
}

static int
check_usage(const struct args *a, int64_t *deadline_ms)
{
	const char *deadline = args_value(a, "deadline");

	*deadline_ms = 0;
	if (a->noperands != 1) {
		complain("write: ask QUESTION, the question in quotes");
		return EXIT_USAGE;
	}
	if (!is_text(a->operands[0], QUESTION_MAX, "\n\t")) {
		complain("a question is UTF-8 text, 1 to %d bytes long",
		         QUESTION_MAX);
		return EXIT_USAGE;
	}
	if (deadline && (clock_parse_duration(deadline, deadline_ms) < 0 ||
	                 *deadline_ms < 1 || *deadline_ms > LONGEST_MS)) {
		complain("--deadline: write a time of more than 0 and at most "
		         "10 years, for example 10m, 2h or 7d");
		return EXIT_USAGE;
	}
	return check_options(args_values(a, "option"),
	                     args_value(a, "default"));
}

/* What may not change between runs: what can be answered, and what is not. */
static int
compare(struct inside *in, const struct args *a)
{
	autojson *all = json_new_array();
	autostr text = STR_INIT;
	char hex[DIGEST_TEXT_MAX];
	struct err err = { "" };
	int r;

	json_push(all, json_new_str(args_value(a, "default")));
	for (const char *const *p = args_values(a, "option"); *p; p++)
		json_push(all, json_new_str(*p));
	json_print(all, &text);
	digest_bytes(text.data, text.len, hex);
	r = calling_compare(&in->calling, hex, "its options or its default",
	                    &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

static int
note(struct inside *in, const struct args *a, int64_t deadline_ms)
{
	struct call *c = &in->calling.call;
	const char *const *option = args_values(a, "option");
	const char *fallback = args_value(a, "default");
	struct err err = { "" };
	int r = 0;

	if (*option)
		c->options = mem_new(1, sizeof(*c->options));
	for (; *option; option++)
		keys_append(&c->options, *option);
	if (fallback)
		c->fallback = mem_dup(fallback);
	if (deadline_ms)
		r = inside_until(deadline_ms, &c->until_ms, &c->until_boot_ns,
		                 c->boot);
	if (r < 0)
		return fail(r, NULL);
	r = calling_record(&in->calling, &err);
	return r < 0 ? inside_fail(r, &err) : EXIT_FINE;
}

/* A line for people: "asks: Which database?". */
static void
describe(const char *question, char *to, size_t size)
{
	size_t n;

	(void)snprintf(to, size, "asks: %s", question);
	n = strlen(to);
	to[utf8_first_bad(to, n)] = '\0';
	for (char *p = to; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

static int
wait_for_it(struct inside *in)
{
	const struct call *c = &in->calling.call;
	struct calls_wait wait = { .reason = BLOCK_QUESTION,
		                   .until_ms = c->until_ms,
		                   .until_boot_ns = c->until_boot_ns };

	memcpy(wait.boot, c->boot, sizeof(wait.boot));
	describe(c->what, wait.message, sizeof(wait.message));
	return inside_wait(in, &wait);
}

/* The recorded answer, or the wait for it. */
static int
give_answer(struct inside *in)
{
	autostr answer = STR_INIT;
	struct err err = { "" };
	int r = sys_read_file(in->calling.dir, CALLS_ANSWER, CALLS_ANSWER_MAX,
	                      &answer);

	if (r == -ENOENT)
		return wait_for_it(in);
	if (r < 0) {
		(void)err_sys(&err, r, "cannot read the answer to '%.60s'",
		              in->calling.call.what);
		return fail(r == -EFBIG ? -EBADMSG : r, &err);
	}
	put(str_text(&answer), answer.len);
	if (!answer.len || answer.data[answer.len - 1] != '\n')
		put("\n", 1);
	return finish_output();
}

static int
run(struct context *cx, const struct args *a)
{
	autoinside in = INSIDE_INIT;
	int64_t deadline_ms = 0;
	int r = check_usage(a, &deadline_ms);

	if (r == EXIT_FINE)
		r = inside_open(&in, cx, "ask");
	if (r == EXIT_FINE)
		r = inside_begin(&in, CALL_ASK, a->operands[0]);
	if (r == EXIT_FINE)
		r = compare(&in, a);
	if (r == EXIT_FINE && !in.calling.recorded)
		r = note(&in, a, deadline_ms);
	return r == EXIT_FINE ? give_answer(&in) : r;
}

static const struct arg_option options[] = {
	{ "option", 0, "TEXT", true,
	  "what may be answered; without any, every text" },
	{ "default", 0, "TEXT", false, "the answer at the deadline" },
	{ "deadline", 0, "DURATION", false,
	  "how long to wait; without a default the task FAILS then" },
};

const struct verb verb_ask = {
	.name = "ask",
	.operands = "QUESTION",
	.summary = "inside a task: ask a person, without holding the agent",
	.text = "The first time, the question is written down and the task is\n"
		"BLOCKED until somebody answers: the helper exits with 79 and\n"
		"the script has to end.  The task is then run again from its\n"
		"start, and this prints the answer, now and in every later run.\n"
		"\n"
		"What waits for a person:  spoolhand questions\n"
		"The answer:               spoolhand answer REF TEXT\n"
		"\n"
		"example:\n"
		"  db=$(spoolhand ask \"Which database?\" --option postgres \\\n"
		"      --option sqlite --default sqlite --deadline 2h) || exit\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

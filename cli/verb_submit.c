#include "base/str.h"
#include "cli/known.h"
#include "cli/submitting.h"
#include "cli/taskargs.h"
#include "cli/verb.h"

/* What was not dropped, because it is there: in flight, or done? */
static void
tell_known(struct context *cx, const struct submitting *s)
{
	for (size_t i = 0; i < s->done; i++) {
		autostr text = STR_INIT;

		if (s->tasks[i].known)
			known_tell(s->desk, s->tasks[i].id, &text);
		if (text.len)
			say(cx, "%s", str_text(&text));
	}
}

static int
run(struct context *cx, const struct args *a)
{
	autosubmitting s = { 0 };
	int r = submitting_drop(cx, a, &s);
	autostr refs = STR_INIT;
	int out;

	tell_known(cx, &s);
	for (size_t i = 0; i < s.done; i++)
		str_addf(&refs, "%s/%s\n", s.desk->name, s.tasks[i].id);
	put(str_text(&refs), refs.len);
	out = finish_output();
	return r == EXIT_FINE ? out : r;
}

const struct verb verb_submit = {
	.name = "submit",
	.operands = "AGENT [FILE... | -]",
	.summary = "give an agent tasks; prints the REF of each",
	.text = "Drops each FILE, or standard input, as a task for AGENT and\n"
		"prints one REF (AGENT/ID) a line, in order, when all of them\n"
		"are on disk.  No agent needs to run for that.  If one FILE is\n"
		"not sound, none is dropped.\n"
		"\n"
		"A FILE called .md may begin with YAML front matter, and\n"
		".task.json holds the same keys and 'body'; options overrule\n"
		"them, lists are added to.  Any other FILE, and standard input,\n"
		"is all body.\n"
		"\n"
		"With an id (--id, or 'id' in the FILE) the same task given\n"
		"again is not run again, and what has become of it is said on\n"
		"standard error; other content is refused (exit 5).\n"
		"\n"
		"example:\n"
		"  spoolhand submit pm brief.md --priority high --label job=7\n",
	.options = taskargs_options,
	.noptions = TASKARGS_NSUBMIT,
	.run = run,
};

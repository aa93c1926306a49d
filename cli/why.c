#include "cli/why.h"

#include <string.h>

#include "base/clock.h"
#include "cli/absent.h"

void
why_add_duration(struct str *out, int64_t ms)
{
	char buf[CLOCK_TEXT_MAX];

	str_adds(out, clock_format_duration(ms < 0 ? 0 : ms, buf));
}

void
why_add_command(const struct why *w, const char *what, const char *verb)
{
	str_addf(w->out, "; %s with: spoolhand %s %s/%s", what, verb,
	         w->v->agent, w->v->id);
}

bool
why_add_agent_down(const struct why *w)
{
	if (w->agent->up != 0)
		return false;
	str_adds(w->out, "; ");
	absent_add(w->spool, w->config, w->v->agent, w->out);
	return true;
}

void
why_add_reason(const struct why *w)
{
	const struct view_task *v = w->v;

	if (v->reason)
		str_addf(w->out, " (%s)", v->reason);
	if (v->entry.attempts)
		str_addf(w->out, " after %u attempt%s", v->entry.attempts,
		         v->entry.attempts == 1 ? "" : "s");
	if (v->message)
		str_addf(w->out, ": %s", v->message);
	else if (v->reason && strcmp(v->reason, "crashed") == 0)
		str_adds(w->out, ": the agent or the machine died under it");
}

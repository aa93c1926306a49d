/*
 * why.h - what the sentences of `why` have in common; view_why() makes them.
 *
 * Each part adds to `out`, and reads what it needs of the desk.
 */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/view.h"
#include "config/config.h"

struct why {
	struct spool *spool;
	struct desk *desk;
	const struct view_task *v;
	struct view_agent *agent;
	struct config *config; /* NULL: it cannot be read */
	struct str *out;
};

/* How many ago, or how long: "4m02s". */
void why_add_duration(struct str *out, int64_t ms);

/* "; stop it with: spoolhand cancel pm/x" */
void why_add_command(const struct why *w, const char *what, const char *verb);

/* What keeps the agent from doing anything; false if nothing is known to. */
bool why_add_agent_down(const struct why *w);

/* " (exit) after 2 attempts: it exited with status 3" */
void why_add_reason(const struct why *w);

/* why_blocked.c: all of the sentence about a BLOCKED task. */
void why_blocked(const struct why *w);

#endif

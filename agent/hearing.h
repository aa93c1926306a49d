/*
 * hearing.h - what the stream worker of a desk says, and what follows.
 *
 * Its answers come on the one pipe, its standard error on the other; both are
 * the task's that it is busy with.  hearing_begin() makes it busy; the
 * attempt ends with its answer, by attempt_ended(), or because it died, by
 * hearing_crashed().
 */
#ifndef AGENT_HEARING_H
#define AGENT_HEARING_H

#include <stdbool.h>

#include "agent/warm.h"

/* Open the files that its output goes to; it is busy then. */
int hearing_begin(struct warm *w);

/* For the loop; the argument is the struct warm. */
void hearing_on_out(void *warm);
void hearing_on_errors(void *warm);

/* It is dead: take what it has said before that. */
void hearing_rest(struct warm *w, bool answers);

/* It was busy, and is dead: the attempt has crashed. */
void hearing_crashed(struct warm *w, const struct child_end *end,
                     bool timed_out, const char *how);

/* Nobody will say anything any more. */
void hearing_done(struct warm *w);

#endif

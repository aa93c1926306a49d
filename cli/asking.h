/*
 * asking.h - a question that a task asks, in words for a person.
 */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H

#include "base/str.h"
#include "spool/question.h"

/* "Which database?", its lines as one. */
void asking_add_text(const struct question *q, struct str *out);

/*
 * "; options: postgres, sqlite; in 1h59m the default 'sqlite' is taken", as
 * far as there are any.
 */
void asking_add_terms(const struct question *q, struct str *out);

/* "spoolhand answer pm/x postgres": a command that is an answer. */
void asking_add_command(const char *agent, const char *id,
                        const struct question *q, struct str *out);

#endif

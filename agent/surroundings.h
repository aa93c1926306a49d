/*
 * surroundings.h - the environment variables of a worker.
 *
 * The agent's own environment, the role's `env`, and over both the TASK_*
 * variables of spoolhand-worker(7).
 */
#ifndef AGENT_SURROUNDINGS_H
#define AGENT_SURROUNDINGS_H

#include "config/config.h"
#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/task.h"

/*
 * NULL-ended, to be freed with keys_free_list().  `missing`: what the task
 * runs without, one a line; or NULL.
 */
char **surroundings_make(const struct desk *d, const struct config_agent *role,
                         const struct entry *e, const struct task *t,
                         const char *missing);

/* Only what the task itself adds, for a worker that has the rest already. */
char **surroundings_task(const struct desk *d, const struct config_agent *role,
                         const struct entry *e, const struct task *t,
                         const char *missing);

/* The rest of it: of a stream worker, before it has a task. */
char **surroundings_stream(const struct desk *d,
                           const struct config_agent *role);

/*
 * The task's W3C traceparent: its own trace id if it has one, else one that
 * is derived from the ref, so that every attempt of a task has the same.
 */
char *surroundings_trace(const struct desk *d, const struct entry *e,
                         const struct task *t);

#endif

/*
 * launch.h - start the process of one agent.
 *
 * It is to outlive the orchestrator and the terminal: a session of its own,
 * nothing inherited but the environment, its output in a file at its desk.
 */
#ifndef ORCHESTRATOR_LAUNCH_H
#define ORCHESTRATOR_LAUNCH_H

#include "base/child.h"
#include "base/err.h"
#include "spool/desk.h"

#define LAUNCH_PROGRAM "spoolhand-agent"
#define LAUNCH_LOG     "agent.log"

/*
 * The program, from beside our own or else in PATH; a fresh string.
 * -ENOENT: there is none.
 */
int launch_find(char **program, struct err *err);

/*
 * Start it for the desk.  Not being able to write its log is no error: `err`
 * has a text then, and 0 is returned.
 */
int launch_start(const char *program, const struct desk *d, struct child *out,
                 struct err *err);

#endif

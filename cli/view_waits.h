/*
 * view_waits.h - what a PENDING task waits for, in words.
 */
#ifndef CLI_VIEW_WAITS_H
#define CLI_VIEW_WAITS_H

#include <stdbool.h>

#include "base/str.h"
#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/task.h"

/*
 * Add ": it waits for pm/plan (RUNNING), pm/brief (no such task yet)", until
 * when and what happens then, and the commands that let it go on.  True if it
 * waits in a circle: then the way out of that is told, too.
 */
bool view_waits(struct desk *d, const struct entry *e, const struct task *t,
                struct str *out);

#endif

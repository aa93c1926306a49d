/*
 * view_waits.h - what a PENDING task waits for, in words.
 */
#ifndef CLI_VIEW_WAITS_H
#define CLI_VIEW_WAITS_H

#include "base/str.h"
#include "spool/spool.h"
#include "spool/task.h"

/*
 * Add ": it waits for pm/plan (RUNNING), pm/brief (no such task yet)", and,
 * where one of them did not complete, the command that begins it again.
 */
void view_waits(struct spool *s, const struct task *t, struct str *out);

#endif

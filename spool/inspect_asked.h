/*
 * inspect_asked.h - what is asked at a desk, and by whom (inspect.c, fsck.c).
 */
#ifndef SPOOL_INSPECT_ASKED_H
#define SPOOL_INSPECT_ASKED_H

#include "base/strset.h"
#include "spool/desk.h"
#include "spool/findings.h"

/* `ids` are of the live tasks, tagged by census_take(). */
int inspect_asked(const struct desk *d, const struct strset *ids,
                  struct findings *out);

/* Make questions/ID again, by the record of the task.  -ENOENT: no need. */
int inspect_asked_repair(struct desk *d, const char *id);

#endif

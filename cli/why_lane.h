/*
 * why_lane.h - what the lane of an agent has to do with a READY task.
 */
#ifndef CLI_WHY_LANE_H
#define CLI_WHY_LANE_H

#include <stdbool.h>

#include "base/str.h"
#include "config/config.h"
#include "spool/spool.h"

/*
 * Add "; lane llm is full: 3 of 3 run (pm/a, pm/b, qa/c)", or that as many
 * have begun as may, and when the next may; false if it has room, or the
 * agent has no lane.
 */
bool why_lane_add(const struct spool *s, const struct config *config,
                  const char *agent, struct str *out);

#endif

/*
 * chatter.h - what a program says that nobody has asked: into the log, not
 * all of it.
 *
 * Line by line, escaped, and no more than some lines a minute; how many were
 * left out is told when the next one is logged.
 */
#ifndef AGENT_CHATTER_H
#define AGENT_CHATTER_H

#include <stdint.h>

#include "base/lines.h"

struct chatter {
	struct lines lines;
	int64_t since_ns; /* the minute that is counted; boot clock */
	unsigned logged, left_out;
};

void chatter_add(struct chatter *c, const char *agent, const void *bytes,
                 size_t n);
void chatter_done(struct chatter *c);

#endif

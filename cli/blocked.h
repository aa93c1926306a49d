/*
 * blocked.h - what a BLOCKED task waits for, in words.
 */
#ifndef CLI_BLOCKED_H
#define CLI_BLOCKED_H

#include <stdint.h>

#include "base/str.h"
#include "spool/desk.h"

/*
 * Add "pm/x is BLOCKED (retry): exit 3", as far as its record tells.  Gives
 * how long it still waits, in ms; 0 if that is over or not known.
 */
int64_t blocked_add(const struct desk *d, const char *id, struct str *out);

#endif

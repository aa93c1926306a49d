/*
 * blocking.h - what a BLOCKED task waits for, in words.
 */
#ifndef CLI_BLOCKING_H
#define CLI_BLOCKING_H

#include "base/str.h"
#include "spool/desk.h"

/*
 * Add "pm/x is BLOCKED (retry): exit 3", as far as its record tells.  The
 * same sentence means the same wait.
 */
void blocking_add(const struct desk *d, const char *id, struct str *out);

/* And what follows: "; tried again in 4s", "; answer it with: …". */
void blocking_add_next(const struct desk *d, const char *id, struct str *out);

#endif

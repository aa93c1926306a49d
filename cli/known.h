/*
 * known.h - is a task of this id at the desk already, and is it the same?
 *
 * An id that the submitter gives is an idempotency key: the same id with the
 * same content is the task that is there, whatever has become of it; with
 * other content it is a mistake.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "base/err.h"
#include "base/str.h"
#include "spool/desk.h"

/*
 * Compare with a digest of task_digest().  1: it is there, and the same; 0:
 * there is no such task; -EEXIST: it has other content.
 */
int known_check(const struct desk *d, const char *id, const char *digest,
                struct err *err);

/* The same, but a result older than that does not count (0: all do). */
int known_check_within(const struct desk *d, const char *id, const char *digest,
                       int64_t keep_for_ms, struct err *err);

/* Add a sentence about what has become of it; nothing if it is gone. */
void known_tell(const struct desk *d, const char *id, struct str *out);

#endif

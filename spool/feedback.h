/*
 * feedback.h - words with which a verifier sends work back: work/ID/feedback.
 *
 * They are what the verify command wrote to its standard error; every later
 * attempt of the task is given the latest of them.
 */
#ifndef SPOOL_FEEDBACK_H
#define SPOOL_FEEDBACK_H

#include <sys/types.h>

#include "base/str.h"
#include "spool/desk.h"

#define FEEDBACK_FILE "feedback"
#define FEEDBACK_MAX  16384

/*
 * Keep the end of work/ID/stderr, from byte `from` on, as the feedback: at
 * most FEEDBACK_MAX bytes, made UTF-8 without a NUL, and without blanks at
 * its end.  `words`, if not NULL, gets them, too.
 */
int feedback_keep(struct desk *d, const char *id, off_t from,
                  struct str *words);

/* The latest words; nothing is added if there are none. */
int feedback_read(const struct desk *d, const char *id, struct str *out);

#endif

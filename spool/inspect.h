/*
 * inspect.h - one look at a desk, reading only.
 *
 * What is in motion while the agent runs can look wrong for an instant:
 * fsck.h looks twice.
 */
#ifndef SPOOL_INSPECT_H
#define SPOOL_INSPECT_H

#include <stdint.h>

#include "spool/desk.h"
#include "spool/findings.h"

/* Everything spoolhand-spool(5) guarantees about a desk. */
int inspect_desk(const struct desk *d, int64_t now_ms, struct findings *out,
                 struct err *err);

/* Directories that are missing: before a desk can be opened. */
int inspect_places(const struct spool *s, const char *name,
                   struct findings *out);

#endif

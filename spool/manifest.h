/*
 * manifest.h - what belongs to a result: path, size and SHA-256 of each file.
 */
#ifndef SPOOL_MANIFEST_H
#define SPOOL_MANIFEST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"

/*
 * Read and hash every file below dfd/name but result.json.  A file in out/
 * with a second name is first given an inode of its own, because whoever has
 * the other name could change what is published.  -EBADMSG: something that
 * cannot be published; `err` names it.
 */
int manifest_make(int dfd, const char *name, struct json **out,
                  struct err *err);

/* Read all of it again and compare: -EBADMSG names the file that differs. */
int manifest_check(int dfd, const char *name, const struct json *manifest,
                   struct err *err);

#endif

/*
 * treecopy.h - a second tree of the same files: by link, or by copy; and
 * making a tree durable.
 */
#ifndef SPOOL_TREECOPY_H
#define SPOOL_TREECOPY_H

#include <stdint.h>

#include "base/err.h"

/*
 * fromfd/from (a file or a directory) again at tofd/to, sharing the files'
 * inodes where links can be made.  What is there already is kept, so that a
 * second try after a crash goes on.
 */
int treecopy_link(int fromfd, const char *from, int tofd, const char *to,
                  struct err *err);

/* The same with inodes of its own, at most `max` bytes (-EFBIG). */
int treecopy_copy(int fromfd, const char *from, int tofd, const char *to,
                  int64_t max, struct err *err);

/*
 * Sync a file, or all files and directories of a tree and the tree itself;
 * the file `but` (a path below it, or NULL) is known to be durable already.
 */
int treecopy_sync(int dfd, const char *name, const char *but);

#endif

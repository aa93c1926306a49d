/*
 * taskdir.h - which file of an entry is the task, and what else is there.
 *
 * An entry is a regular file, or a directory of regular files in which one
 * is the task: task.md, or the only *.task.json, or the only *.md, or the
 * only file.  The other files are attachments.  Nothing else may stand in it:
 * no link, no device, no FIFO, at most TASKDIR_FILES_MAX files.
 */
#ifndef SPOOL_TASKDIR_H
#define SPOOL_TASKDIR_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define TASKDIR_FILES_MAX 10000
#define TASKDIR_DEPTH_MAX 16

enum taskdir_form { TASKDIR_MARKDOWN = 1, TASKDIR_JSON, TASKDIR_PLAIN };

/*
 * Open the task file for reading.  `file` is its name in the directory, or
 * NULL if the entry itself is the file.  A live entry that is a file is read
 * as Markdown, whatever it was called when it was dropped: admission wraps
 * every other form in a directory.  -EBADMSG, with the reason.
 */
int taskdir_open(int dfd, const char *name, int *fd, char **file,
                 enum taskdir_form *form, struct err *err);

enum taskdir_form taskdir_form_of(const char *file_name);

/* "a symbolic link", "a FIFO" …: for messages. */
const char *taskdir_kind(mode_t mode);

/*
 * Call `fn` for every file below dfd/name, `path` relative to it, in sorted
 * order, directories first ('directory' true, to be made).  -EBADMSG for what
 * may not stand there; stops at the first non-zero result of `fn`.
 */
typedef int taskdir_fn(void *arg, int parent_fd, const char *name,
                       const char *path, int directory);
int taskdir_walk(int dfd, const char *name, taskdir_fn *fn, void *arg,
                 struct err *err);

#endif

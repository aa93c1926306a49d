/*
 * sys.h - every system call that changes a spool.
 *
 * This is the one seam between spoolhand and the kernel: the code above it
 * creates, writes, syncs, renames and removes only through here, so that a
 * test can make the Nth change fail, or be the last thing the process does
 * (tests/fault, tests/crash).
 *
 * All functions: fd before path, close-on-exec always, EINTR retried, result
 * >= 0 or -errno.  Names are relative to the directory descriptor.  Nothing
 * here follows a symbolic link in the last component.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/str.h"

enum sys_op {
	SYS_CREATE = 1,
	SYS_WRITE,
	SYS_FSYNC,
	SYS_RENAME,
	SYS_REPLACE,
	SYS_LINK,
	SYS_UNLINK,
	SYS_MKDIR,
	SYS_RMDIR,
	SYS_TRUNCATE,
	SYS_COPY,
	SYS_CHMOD,
	SYS_CHOWN,
	SYS_UTIME,
	SYS_ALLOCATE,
	SYS_NOPS,
};

#ifdef SPOOLHAND_FAULTS
/*
 * Called before each change: 0 lets it happen, -errno is returned instead; 1
 * means that it is said to have happened, for syncs, which only cost time.
 * `name` is the last component of what is changed, as far as it is known.
 */
extern int (*sys_fault)(enum sys_op op, const char *name);
#endif
const char *sys_op_name(enum sys_op op);

/* Open what is there; `flags` may not hold O_CREAT. */
int sys_open(int dfd, const char *name, int flags);

/* Open a directory. */
int sys_opendir(int dfd, const char *name);

/*
 * Open a path that a stranger chose: no symbolic link anywhere, nothing
 * outside `dfd`, no other file system, never blocking.
 */
int sys_open_beneath(int dfd, const char *path, int flags);

/* The inode behind an O_PATH descriptor, opened again with `flags`. */
int sys_reopen(int pathfd, int flags);

/* Create a file that was not there (-EEXIST), open for reading and writing. */
int sys_create(int dfd, const char *name, mode_t mode);

/* Open a file for appending, creating it if need be. */
int sys_append(int dfd, const char *name, mode_t mode);

int sys_write_all(int fd, const void *buf, size_t len);

/* One write(2), for lines that must not be torn by another writer. */
int sys_write_line(int fd, const void *buf, size_t len);

/* Read up to `max` bytes from here on; -EFBIG if there are more. */
int sys_read_all(int fd, size_t max, struct str *out);

/* The same for a named file, opened beneath `dfd`. */
int sys_read_file(int dfd, const char *name, size_t max, struct str *out);

/* An error from fsync is final: the file is dead, write it anew. */
int sys_fsync(int fd);

/* Never replaces: -EEXIST if `to` is there, even as another link of `from`. */
int sys_rename(int fromfd, const char *from, int tofd, const char *to);

/* Replaces `to`: only for our own private files within one directory. */
int sys_replace(int dfd, const char *from, const char *to);

int sys_link(int fromfd, const char *from, int tofd, const char *to);
int sys_unlink(int dfd, const char *name);
int sys_mkdir(int dfd, const char *name, mode_t mode);
int sys_rmdir(int dfd, const char *name);
int sys_truncate(int fd, off_t len);
int sys_chmod(int fd, mode_t mode);
int sys_chown(int fd, uid_t uid, gid_t gid);
int sys_allocate(int fd, off_t len);

/* Set the modification time of an open file; the access time is left. */
int sys_set_mtime(int fd, int64_t wall_ns);

/* lstat() beneath a descriptor. */
int sys_stat(int dfd, const char *name, struct stat *st);

/*
 * 1 if this file or directory is empty and has not changed since it was made,
 * as far as the file system can tell; else 0.
 */
int sys_untouched(int fd);

/* 1 if it is there, 0 if not. */
int sys_exists(int dfd, const char *name);

/*
 * Copy `in` from byte `from` on to `out`, at most `max` bytes (-EFBIG);
 * shares the blocks where the file system can.  Returns the bytes copied.
 */
int64_t sys_copy(int in, int64_t from, int out, int64_t max);

/*
 * Write a whole small file: private name, content, sync if `durable`, then
 * the name.  `replace` says whether an older one may be there.
 */
int sys_write_file(int dfd, const char *name, const void *buf, size_t len,
                   bool replace, bool durable);

/* Remove a file or a whole directory, entering no symbolic link. */
int sys_remove_tree(int dfd, const char *name);

/* A directory stream of its own (the descriptor stays the caller's). */
int sys_listdir(int dfd, const char *name, DIR **out);

/* 1 and the next entry that is not "." or "..", 0 at the end. */
int sys_next(DIR *dir, struct dirent **out);

#endif

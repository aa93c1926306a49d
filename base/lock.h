/*
 * lock.h - open-file-description write locks (fcntl F_OFD_SETLK).
 *
 * The kernel drops such a lock when the last descriptor of the description
 * is closed, so it lives exactly as long as some process that has it: there
 * is no stale lock, no timeout and nothing to clean up.  The file should be
 * 0600: a write lock needs a descriptor open for writing.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdint.h>

/*
 * Open `name` (made if need be) and lock it.  Gives the descriptor, which is
 * the lock; -EAGAIN when somebody has it.
 */
int lock_take(int dfd, const char *name);

/*
 * The same for a lock whose holder has written who he is, by proc_print().
 * While that one is dead, wait a second: a child that he was just starting
 * has all that he had open until it becomes its program.
 */
int lock_take_over(int dfd, const char *name);

/*
 * 1 if somebody holds the lock, 0 if nobody does or there is no file.  A user
 * who may not open the file is told by /proc/locks; -EACCES if that cannot be
 * read, either.
 */
int lock_held(int dfd, const char *name);

/*
 * Lock an open file, in turn, within this time; -EAGAIN when it is over.  It
 * sleeps in the kernel and takes SIGALRM for itself meanwhile: for programs
 * that do one thing, not for those with a loop.
 */
int lock_wait(int fd, int64_t timeout_ms);

/*
 * Unlock and close.  Whoever watches the file is told of it when the lock is
 * free; a plain close() tells a moment before.
 */
void lock_drop(int fd);

#endif

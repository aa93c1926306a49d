/*
 * cleanup.h - let go of what a scope holds, whichever way it is left.
 *
 * A local that owns something is declared with one of the words below and
 * initialised where it is declared; every `return` is then safe and nothing
 * needs a goto.  Handing the thing on is take_ptr() or take_fd(), which leave
 * the local empty.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define scoped(fn) __attribute__((cleanup(fn)))
#define autofree   scoped(cleanup_free)
#define autoclose  scoped(cleanup_close)
#define autodir    scoped(cleanup_dir)

/* Move a pointer or descriptor out of its owner, which is left empty. */
#define take_ptr(p)                         \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
#define take_fd(fd)                \
	__extension__({            \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#define countof(a) (sizeof(a) / sizeof((a)[0]))

static inline void
cleanup_free(void *pp)
{
	free(*(void **)pp);
}

static inline void
cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void
cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#endif

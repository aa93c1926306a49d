/*
 * libscratch.h - a folder of its own for each test, and what is in it.
 *
 * scratch_setup() and scratch_teardown() are cmocka fixtures; *state is then
 * a `struct scratch`.  Whatever a helper cannot do fails the test.  Returned
 * strings are the caller's to free.
 */
#ifndef SUPPORT_LIBSCRATCH_H
#define SUPPORT_LIBSCRATCH_H

#include <stdbool.h>
#include <stddef.h>

struct scratch {
	char *path; /* absolute */
	int fd;
};

struct scratch *scratch_new(void);
void scratch_free(struct scratch *s);
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Create or replace a file. */
void scratch_write(int dfd, const char *path, const char *text);
void scratch_write_bytes(int dfd, const char *path, const void *bytes,
                         size_t n);
void scratch_mkdir(int dfd, const char *path);
void scratch_symlink(int dfd, const char *target, const char *path);
void scratch_fifo(int dfd, const char *path);
void scratch_rename(int dfd, const char *from, const char *to);
void scratch_unlink(int dfd, const char *path);

bool scratch_has(int dfd, const char *path);
char *scratch_read(int dfd, const char *path);

/* The names in a directory, dot names too, sorted, with blanks between. */
char *scratch_list(int dfd, const char *path);

/*
 * Everything below a directory, a line each: path, kind, inode, and size and
 * digest of a file.  Equal texts mean that nothing was touched.
 */
char *scratch_snapshot(int dfd, const char *path);

#endif

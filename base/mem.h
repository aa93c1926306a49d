/*
 * mem.h - memory that is there, or the program is not.
 *
 * Running out of memory aborts: a killed process is a case that the spool
 * survives and the tests cover, a half-handled allocation failure is neither.
 * What is returned is owned by the caller and released with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* `n` zeroed elements of `size` bytes. */
void *mem_new(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* realloc() of an array to `n` elements of `size` bytes; checks overflow. */
void *mem_resize(void *p, size_t n, size_t size)
	__attribute__((returns_nonnull));

/*
 * Room for one more: grows `*p` (of `*cap` elements of `size` bytes) by half
 * when `used` has reached it.  `p` is the address of the array's pointer.
 */
void mem_room(void *p, size_t used, size_t *cap, size_t size);

char *mem_dup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_dupn(const char *s, size_t n)
	__attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull));

#endif

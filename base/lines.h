/*
 * lines.h - whole lines out of what comes in pieces.
 *
 * The caller reads into it, with lines_read(), and takes out every line there
 * is, with lines_next(), before it reads again.  A line of more than `max`
 * bytes is told of once and skipped, so that no writer can make its reader
 * grow.  What lines_next() gives is good until the next lines_read().
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct lines {
	size_t max; /* set by the caller; all else begins zeroed */
	struct str text;
	size_t at;     /* of the next line in `text` */
	bool skipping; /* the rest of a line that was too long */
};

/* One read(2): how many bytes came, 0 at the end, -EAGAIN … */
ssize_t lines_read(struct lines *l, int fd);

/* The same with bytes in hand. */
void lines_add(struct lines *l, const void *bytes, size_t n);

/*
 * 1 and a line, without its newline and ended with NUL; 0 if there is no
 * whole one; -EMSGSIZE for one that was too long.
 */
int lines_next(struct lines *l, char **line, size_t *len);

/* Forget what has come, to begin with another writer. */
void lines_done(struct lines *l);

#endif

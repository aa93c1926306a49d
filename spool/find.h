/*
 * find.h - where is a task?
 *
 * Entries move while one looks.  A search that finds nothing is repeated
 * until it found nothing twice while the desk's journal did not grow, so "not
 * there" is the truth and not a race; a task that is there is found, in its
 * old place or its new.
 */
#ifndef SPOOL_FIND_H
#define SPOOL_FIND_H

#include "spool/desk.h"
#include "spool/entry.h"

struct found {
	enum place place;
	char name[256];     /* the entry, drop or result there */
	struct entry entry; /* in live places */
};

/* -ENOENT: no such task at this desk, not even as a drop. */
int find_task(const struct desk *d, const char *id, struct found *out);

/* The same, but a drop is no task yet: it may be another with this name. */
int find_admitted(const struct desk *d, const char *id, struct found *out);

/* The same, but it has not ended: drops count, results do not. */
int find_unended(const struct desk *d, const char *id, struct found *out);

/*
 * The one id at the desk that `prefix` begins (an exact id wins).  -ENOENT,
 * or -EEXIST with the candidates in `err` when there are several.
 */
int find_prefix(const struct desk *d, const char *prefix, char **id,
                struct err *err);

/* The id a drop of this name asks for by its name. */
char *find_drop_id(const char *drop_name);

/* Entries of a live place in schedule order, names NULL-ended. */
int find_list(const struct desk *d, enum place p, char ***names);

/* How many entries a place holds (dot names do not count). */
int find_count(const struct desk *d, enum place p);

/*
 * The id in progress.h's "running" sense: of the entry in running/, else the
 * first in saving/.  -ENOENT if there is none.
 */
int find_running(const struct desk *d, struct found *out);

#endif

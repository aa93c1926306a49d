/*
 * fileinput.h - an input that is a file outside the spool: "file:/data/x.csv".
 *
 * The last component may be a pattern, "file:/data/?*.csv", which is there
 * when one file is, and stands for all that are there when the task starts.
 * Regular files only, and what a symbolic link to one leads to; names that
 * belong to their writer (".x", "x.part") match no pattern.  What somebody
 * has open for writing is not there yet: settle.h finds out.
 *
 * The agent reads with its own rights, so that only tasks of its own user and
 * of root may ask for this: see admit.c.
 */
#ifndef SPOOL_FILEINPUT_H
#define SPOOL_FILEINPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "spool/settle.h"

/* Is it meant as one?  The other functions are for those alone. */
bool fileinput_is(const char *input);

/* -EBADMSG, and in `err` what is wrong with it. */
int fileinput_check(const char *input, struct err *err);

/* Its last component, and whether that is a pattern. */
const char *fileinput_name(const char *input);
bool fileinput_is_pattern(const char *input);

/* The folder it lies in; to free. */
char *fileinput_folder(const char *input);

/* May a file of this name, in that folder, be it? */
bool fileinput_matches(const char *input, const char *name);

/*
 * 1: there and whole; 0: not yet, and `why` is added to: "/data/x.csv is being
 * written to".  Then look again at s->recheck_ns, if that is not 0, besides
 * whenever something happens in the folder.  `s` is kept from look to look.
 */
int fileinput_look(const char *input, struct settle *s, int64_t now_ns,
                   int64_t settle_ns, struct str *why);

/*
 * Copy what is there to `tofd`, under its own names.  -ENOENT: nothing is;
 * -EEXIST: that name is taken, `err` says which.
 */
int fileinput_copy(const char *input, int tofd, struct err *err);

#endif

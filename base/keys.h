/*
 * keys.h - one table says which keys a file may hold, and reads them.
 *
 * A table of `struct key` is the single source of truth for a kind of map
 * (an agent in spoolhand.yaml, the header of a task): its names, types,
 * ranges, defaults and help.  keys_bind() fills a struct from a map by that
 * table; the printed reference, the manual page's check and the messages are
 * made from the same rows.
 *
 * A row called "retry.max" is the key `max` of the map `retry`: rows with the
 * same beginning are one nested map, whose keys are laid over one by one like
 * those of the outer map, and are complained about in the same way.
 *
 * The caller zeroes the struct, calls keys_default() and then keys_bind(),
 * and in the end keys_done(), which frees what the table owns in it.
 */
#ifndef BASE_KEYS_H
#define BASE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/node.h"
#include "base/str.h"

enum key_type {
	KEY_STRING = 1, /* char *            any scalar */
	KEY_NAME,       /* char *                  name_ok() */
	KEY_INT,        /* int64_t                  min..max */
	KEY_BOOL,       /* bool                    true false yes no on off */
	KEY_DURATION,   /* int64_t, ms         min..max, in ms */
	KEY_TIME,       /* int64_t, ms by the wall clock; 0: not given */
	KEY_SIZE,    /* int64_t, bytes          "64K" "16M" "1G", or a number */
	KEY_NUMBER,  /* double                       min..max */
	KEY_CHOICE,  /* int                   index into choices[] */
	KEY_SET,     /* int64_t               bit n for choices[n] */
	KEY_STRINGS, /* char **, NULL-ended  a list of scalars, or one scalar */
	KEY_PAIRS,   /* char **, NULL-ended    a map of scalars, as "K=V" */
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset;    /* of the member in the struct */
	int64_t min, max; /* of numbers; of the length of lists and strings */
	const char *const *choices; /* KEY_CHOICE, KEY_SET: NULL-ended */
	const char *fallback; /* the default as it would be written, or NULL */
	const char *help;     /* one sentence */
};

/* Set every member from its fallback (NULL: left zero). */
void keys_default(const struct key *table, size_t n, void *target);

/*
 * Fill `target` from `map`.  Unknown keys, wrong types and values out of range
 * are refused with FILE:LINE:COLUMN and, for names, "did you mean".  Keys in
 * `others` (NULL-ended, may be NULL) are left to the caller.  A null value
 * leaves the default.  -EBADMSG; what was bound until then stays bound.
 */
int keys_bind(const struct key *table, size_t n, const struct node *map,
              const char *file, const char *const *others, void *target,
              struct err *err);

/* One value whose key has been found; a null leaves what is there. */
int keys_bind_one(const struct key *key, const struct node *n, const char *file,
                  void *target, struct err *err);

/*
 * Set one member from text, as a command-line option would: `what` names it
 * in the message.  Lists and sets are added to.
 */
int keys_set(const struct key *key, const char *what, const char *text,
             void *target, struct err *err);

const struct key *keys_find(const struct key *table, size_t n,
                            const char *name);

void keys_done(const struct key *table, size_t n, void *target);

/* The value as it would be written in a file (a scalar or a flow list). */
void keys_print(const struct key *key, const void *target, struct str *out);

/* Helpers for KEY_STRINGS members, which are NULL-ended arrays. */
size_t keys_count(char *const *list);
void keys_append(char ***list, const char *text);
void keys_free_list(char **list);

#endif

/*
 * value.h - one value of a table's key, from text and to text (keys.c only).
 *
 * What stands in a member of a struct for a key that is no list of texts:
 * everything in enum key_type but KEY_STRINGS and KEY_PAIRS.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/err.h"
#include "base/keys.h"
#include "base/str.h"

/* The member of `target` that the key fills. */
void *value_member(const struct key *key, const void *target);

/*
 * Set the member from text.  -EBADMSG when that is not of the key's type or
 * out of its range; `err` then begins with what is wrong and names no key.
 */
int value_set(const struct key *key, const char *text, void *target,
              struct err *err);

/*
 * Add to a KEY_SET: one of its choices, or a flow list of them as
 * value_print() writes it.  -EBADMSG as above.
 */
int value_add_choice(const struct key *key, const char *text, void *target,
                     struct err *err);

/* Append the member as it would be written; "~" for a string not set. */
void value_print(const struct key *key, const void *target, struct str *out);

/* Append a number of the key's type in its largest whole unit. */
void value_print_number(enum key_type type, int64_t value, struct str *out);

#endif

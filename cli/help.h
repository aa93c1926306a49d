/*
 * help.h - what the program says about itself, from the table of verbs.
 *
 * All of it goes to standard output and is printed from the same rows that
 * arguments are parsed by.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stddef.h>

#include "cli/verb.h"

/* The options that every verb has. */
extern const struct arg_option help_common[];
extern const size_t help_ncommon;

/* Usage in one screen: every verb with its summary. */
void help_list(const struct verb *const *verbs, size_t n);

/* One verb, its options and its example. */
void help_verb(const struct verb *v);

#endif

/*
 * quote.h - a text as a scalar of YAML, plain where that is safe.
 *
 * What is written here is read back as the same text, not null, by
 * node_parse_yaml() in a block as well as within [] and {}.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/str.h"

/* Bytes that are not UTF-8 are written as U+FFFD. */
void quote_add(struct str *out, const char *text);

#endif

/*
 * schema.h - every key of spoolhand.yaml, once.
 *
 * The tables fill `struct config` and what is in it; their rows are
 * what spoolhand.yaml(5) and the shipped example are checked against.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stddef.h>

#include "base/keys.h"

/* The top of the file; `defaults` and `agents` stand beside these. */
extern const struct key schema_top[];
extern const size_t schema_ntop;

/* An agent, and `defaults`. */
extern const struct key schema_agent[];
extern const size_t schema_nagent;

/* A lane. */
extern const struct key schema_lane[];
extern const size_t schema_nlane;

/* The keys of the top that hold maps, and NULL. */
extern const char *const schema_maps[];

#endif

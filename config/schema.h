/*
 * schema.h - every key of spoolhand.yaml, once.
 *
 * The tables fill `struct config` and `struct config_agent`; their rows are
 * what spoolhand.yaml(5) and the shipped example are checked against.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stddef.h>

#include "base/keys.h"

#define SCHEMA_NTOP   10
#define SCHEMA_NAGENT 12

/* Each is as long as it says, or config/schema.c does not compile. */
/* The top of the file; `defaults` and `agents` stand beside these. */
extern const struct key schema_top[SCHEMA_NTOP];

/* An agent, and `defaults`. */
extern const struct key schema_agent[SCHEMA_NAGENT];

/* "defaults", "agents" and NULL. */
extern const char *const schema_maps[];

#endif

/*
 * deadline.h - the option that says how long to wait.
 */
#ifndef CLI_DEADLINE_H
#define CLI_DEADLINE_H

#include <stdint.h>

#include "cli/args.h"

/*
 * The end of the time that option `name` allows, by the boot clock; INT64_MAX
 * without it.  0, or EXIT_USAGE, having said why, if it is no duration.
 */
int deadline_option(const struct args *a, const char *name,
                    int64_t *deadline_ns);

#endif

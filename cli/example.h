/*
 * example.h - the examples that come with the programs.
 *
 * An example is a folder with a spoolhand.yaml.  They lie in
 * $SPOOLHAND_EXAMPLES, in share/spoolhand/examples of the installation, or in
 * the source tree that the programs were built in.
 */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include "base/err.h"
#include "base/str.h"

/*
 * A descriptor of the example's folder; -ENOENT, with the names of those
 * there are in `err`, or -ENOPKG if there are none at all.
 */
int example_open(const char *name, struct err *err);

/*
 * Copy what it consists of to `dfd`, its spoolhand.yaml last: with that a
 * copy is whole.  A file that is there already is left as it is, and its path
 * added to `kept`.
 */
int example_copy(int from, int dfd, struct str *kept, struct err *err);

#endif

/*
 * program.h - the other programs, and what is installed with them.
 *
 * All are looked for beside this program first, so that a build tree, an
 * installation and a copy of one are each of one piece.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "base/err.h"

/* The folder this program lies in, to free; NULL if that is not known. */
char *program_folder(void);

/*
 * Become `argv[0]`, found beside this program or else in PATH.  Returns only
 * when that cannot be done: an exit status, after having said so.
 */
int program_become(const char *const *argv);

#endif

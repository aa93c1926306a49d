/*
 * output.h - bytes of a published result to standard output, whole or not
 * with success.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/verb.h"

/*
 * Copy the file at dfd/`path` to descriptor `out`.  0; EXIT_NOT_FOUND, without
 * a word, if there is no such file; else the exit status after having said
 * what is wrong.
 */
int output_file(int dfd, const char *path, int out);

/* Bytes to a descriptor that others may have made non-blocking.  -errno. */
int output_bytes(int out, const char *bytes, size_t len);

#endif

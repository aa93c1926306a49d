/*
 * digest.h - SHA-256 of files, by libcrypto.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_TEXT_MAX 65 /* 64 hex digits and a NUL */

/* Digest of the whole file; `size` gets the bytes read. */
int digest_fd(int fd, char *hex, int64_t *size);

/* The same from byte `from` on. */
int digest_from(int fd, int64_t from, char *hex, int64_t *size);

void digest_bytes(const void *buf, size_t len, char *hex);

#endif

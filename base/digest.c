/*
 * The SHA256_* calls are used, not EVP: EVP initialises all of libcrypto
 * (configuration file, providers, error strings), which multiplies the
 * memory of an idle agent for one hash function.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <errno.h>
#include <openssl/sha.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define CHUNK (128 * 1024)

static void
to_hex(const unsigned char *md, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		hex[2 * i] = digits[md[i] >> 4];
		hex[2 * i + 1] = digits[md[i] & 15];
	}
	hex[(size_t)2 * SHA256_DIGEST_LENGTH] = '\0';
}

int
digest_fd(int fd, char *hex, int64_t *size)
{
	return digest_from(fd, 0, hex, size);
}

int
digest_from(int fd, int64_t from, char *hex, int64_t *size)
{
	autofree unsigned char *buf = mem_new(1, CHUNK);
	unsigned char md[SHA256_DIGEST_LENGTH];
	SHA256_CTX ctx;
	int64_t at = from;

	(void)SHA256_Init(&ctx);
	for (;;) {
		ssize_t n = pread(fd, buf, CHUNK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		(void)SHA256_Update(&ctx, buf, (size_t)n);
		at += n;
	}
	(void)SHA256_Final(md, &ctx);
	to_hex(md, hex);
	*size = at - from;
	return 0;
}

void
digest_bytes(const void *buf, size_t len, char *hex)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	SHA256_CTX ctx;

	(void)SHA256_Init(&ctx);
	(void)SHA256_Update(&ctx, buf, len);
	(void)SHA256_Final(md, &ctx);
	to_hex(md, hex);
}

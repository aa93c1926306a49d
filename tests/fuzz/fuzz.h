/*
 * fuzz.h - what every fuzz target defines, and what it says when it fails.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; returns 0.  Anything wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assert() that no build leaves out. */
#define FUZZ_CHECK(truth)                                                      \
	do {                                                                   \
		if (!(truth)) {                                                \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
			              __LINE__, #truth);                       \
			abort();                                               \
		}                                                              \
	} while (0)

#endif

/*
 * dues.h - many times to wait for, of which the first is wanted.
 *
 * A heap: setting and taking one out costs little among ten thousand.  A
 * struct due is embedded in what is due, and zeroed before the first use.
 */
#ifndef AGENT_DUES_H
#define AGENT_DUES_H

#include <stddef.h>
#include <stdint.h>

#define DUES_NEVER INT64_MAX

struct due {
	int64_t when_ns; /* on the boot clock */
	size_t place;    /* in the heap, from 1; 0: it is not in it */
};

struct dues {
	struct due **heap;
	size_t n, cap;
};

/* Put it in, or elsewhere; DUES_NEVER takes it out. */
void dues_set(struct dues *d, struct due *due, int64_t when_ns);

/* The earliest; NULL if there is none. */
struct due *dues_first(const struct dues *d);

void dues_done(struct dues *d);

#endif

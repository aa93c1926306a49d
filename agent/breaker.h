/*
 * breaker.h - an agent whose attempts all fail starts nothing for a while.
 *
 *             K failures in a row                its time has come
 *   CLOSED ------------------------> PAUSED -----------------------> PROBING
 *     ^                                ^                              |   |
 *     |                                '------------------------------'   |
 *     |                                  a failure: twice as long         |
 *     '-------------------------------------------------------------------'
 *                               it went well
 *
 * PROBING lets one task begin, and the next one if the end of that says
 * nothing either way (cancelled, final for its own reasons, BLOCKED).  A
 * person can close it from any state.
 *
 * Pure: a struct health, which says how it stands, and times; health.c of
 * this room does what follows.
 */
#ifndef AGENT_BREAKER_H
#define AGENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "spool/health.h"

#define BREAKER_LONGEST_MS 3600000 /* unless `probe` is longer */

enum breaker_state { BREAKER_CLOSED, BREAKER_PAUSED, BREAKER_PROBING };

struct breaker {
	int64_t pause_after; /* K; 0: always CLOSED */
	int64_t probe_ms;    /* the first pause */
	enum breaker_state state;
	struct health health; /* `boot` is the caller's to fill in */
};

/* With what an earlier agent has left. */
void breaker_init(struct breaker *b, int64_t pause_after, int64_t probe_ms,
                  const struct health *left);

/* May a task begin?  Only the passing of time may change the answer. */
bool breaker_lets(const struct breaker *b, int64_t now_boot_ns);

/* One begins; true if it is a probe and nobody was told yet. */
bool breaker_begin(struct breaker *b);

/* An attempt has failed; true if a pause begins. */
bool breaker_ill(struct breaker *b, int64_t now_boot_ns, int64_t now_wall_ms);

/* One went well, or a person says go on; true if there was anything. */
bool breaker_well(struct breaker *b);

#endif

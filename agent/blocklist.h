/*
 * blocklist.h - BLOCKED tasks: the next that is due, one by its id, the one
 * that waits for a ref.
 *
 * There may be a hundred thousand, so none of the three looks at all of them,
 * and each takes little memory.  What it waits for in full is in its record.
 */
#ifndef AGENT_BLOCKLIST_H
#define AGENT_BLOCKLIST_H

#include <stddef.h>
#include <stdint.h>

#include "agent/dues.h"
#include "spool/entry.h"
#include "spool/state.h"

struct blocked {
	struct due due;   /* set by blocklist_due() */
	uint64_t seq;     /* of its entry, as the next two */
	int64_t until_ms; /* wall clock, if that decides; else 0 */
	char *on;         /* BLOCK_CHILD: the ref; else NULL */
	unsigned attempts;
	unsigned call; /* the durable call it waits in; 0: none */
	unsigned char cls, reason;
	char id[];
};

struct blocklist {
	struct dues dues;
	struct blocklist_index {
		struct blocked **slots;
		size_t size, used;
	} by_id, by_ref;
};

/* Add one that is never due; it is the list's.  `on` may be "". */
struct blocked *blocklist_add(struct blocklist *l, const struct entry *e,
                              enum block_reason reason, unsigned call,
                              const char *on);
void blocklist_remove(struct blocklist *l, struct blocked *b);

/* NULL: there is none. */
struct blocked *blocklist_find(const struct blocklist *l, const char *id);
struct blocked *blocklist_on(const struct blocklist *l, const char *ref);

/* DUES_NEVER: it waits for something else. */
void blocklist_due(struct blocklist *l, struct blocked *b, int64_t due_ns);
struct blocked *blocklist_first(const struct blocklist *l);

/*
 * All of them, in no order: begin with *at = 0; NULL after the last.  None may
 * be added or removed meanwhile.
 */
struct blocked *blocklist_next(const struct blocklist *l, size_t *at);

size_t blocklist_count(const struct blocklist *l);
void blocklist_entry(const struct blocked *b, struct entry *e);
void blocklist_done(struct blocklist *l);

#endif

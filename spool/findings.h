/*
 * findings.h - what a look at a desk has found wrong.
 */
#ifndef SPOOL_FINDINGS_H
#define SPOOL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/* How a finding is mended; fsck --repair does it, in the order of the enum. */
enum finding_repair {
	REPAIR_NONE,      /* a person has to look */
	REPAIR_PLACE,     /* make the directory */
	REPAIR_PUT_ASIDE, /* move it to rejected/ with the text as reason */
	REPAIR_FINISH,    /* the result is published: let the entry go */
	REPAIR_REASON,    /* write the missing .why */
	REPAIR_REMOVE,    /* scratch, private leftovers */
	REPAIR_QUESTION,  /* ask again what a task waits for */
	REPAIR_JOURNAL,   /* add a line with the truth */
};

struct finding {
	const char *code;
	char *place; /* below the desk; "" is the desk itself */
	char *name;  /* in it; "" is the place itself */
	char *text;
	enum finding_repair repair;
	bool repaired;
};

struct findings {
	struct finding *all;
	size_t n, cap;
};

#define autofindings scoped(findings_done) struct findings

void findings_add(struct findings *f, const char *code,
                  enum finding_repair repair, const char *place,
                  const char *name, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * After repairs: what a last look no longer has is repaired, and what only it
 * has is added.
 */
void findings_settle(struct findings *f, const struct findings *last);

/* Keep only what `again` has, too. */
void findings_keep_common(struct findings *f, const struct findings *again);

void findings_done(struct findings *f);

#endif

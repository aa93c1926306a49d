/*
 * entry.h - the name of a live task: C.SSSSSSSSSSSS.A.ID
 *
 * C is the class digit, S the sequence number given at admission, A the
 * attempts started, ID the task's id.  Lexical order is schedule order, so
 * `ls ready | head -1` runs next.
 */
#ifndef SPOOL_ENTRY_H
#define SPOOL_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name.h"

enum task_class { CLASS_HIGH = 1, CLASS_MEDIUM = 5, CLASS_LOW = 9 };

#define ENTRY_SEQ_MAX      UINT64_C(999999999999)
#define ENTRY_ATTEMPTS_MAX 999999U
#define ENTRY_NAME_MAX     (1 + 1 + 12 + 1 + 6 + 1 + NAME_LONGEST + 1)

struct entry {
	enum task_class cls;
	uint64_t seq;
	unsigned attempts;
	char id[NAME_LONGEST + 1];
};

/* -EBADMSG if this is not such a name. */
int entry_parse(const char *name, struct entry *e);

/* `buf` holds ENTRY_NAME_MAX bytes; returns it. */
char *entry_format(const struct entry *e, char *buf);

/* Schedule order: class, then sequence. */
int entry_compare(const struct entry *a, const struct entry *b);

const char *entry_class_name(enum task_class c);

#endif

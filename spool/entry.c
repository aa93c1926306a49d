#include "spool/entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEQ_DIGITS 12

/* `n` digits, or as many as there are up to `n` if `n` is negative. */
static int
read_digits(const char **p, int n, uint64_t *value)
{
	const char *first = *p;
	int max = n < 0 ? -n : n;
	int i = 0;

	*value = 0;
	while (i < max && **p >= '0' && **p <= '9') {
		*value = *value * 10 + (uint64_t)(*(*p)++ - '0');
		i++;
	}
	if (i == 0 || (n > 0 && i != n) || *(*p)++ != '.')
		return -EBADMSG;
	/* "03" would be written as "3": such a name could never be moved. */
	if (n < 0 && i > 1 && *first == '0')
		return -EBADMSG;
	return 0;
}

int
entry_parse(const char *name, struct entry *e)
{
	uint64_t cls, seq, attempts;
	const char *p = name;

	if (read_digits(&p, 1, &cls) < 0 ||
	    read_digits(&p, SEQ_DIGITS, &seq) < 0 ||
	    read_digits(&p, -6, &attempts) < 0 || !name_ok(p))
		return -EBADMSG;
	if (cls != CLASS_HIGH && cls != CLASS_MEDIUM && cls != CLASS_LOW)
		return -EBADMSG;
	e->cls = (enum task_class)cls;
	e->seq = seq;
	e->attempts = (unsigned)attempts;
	(void)snprintf(e->id, sizeof(e->id), "%s", p);
	return 0;
}

char *
entry_format(const struct entry *e, char *buf)
{
	(void)snprintf(buf, ENTRY_NAME_MAX, "%d.%012" PRIu64 ".%u.%s",
	               (int)e->cls, e->seq % (ENTRY_SEQ_MAX + 1),
	               e->attempts % (ENTRY_ATTEMPTS_MAX + 1), e->id);
	return buf;
}

int
entry_compare(const struct entry *a, const struct entry *b)
{
	if (a->cls != b->cls)
		return a->cls < b->cls ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return 0;
}

const char *
entry_class_name(enum task_class c)
{
	switch (c) {
	case CLASS_HIGH:
		return "high";
	case CLASS_LOW:
		return "low";
	case CLASS_MEDIUM:
		break;
	}
	return "medium";
}

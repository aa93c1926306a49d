/*
 * libfault.h - let the Nth change of a spool fail, or be the last.
 *
 * Only in the twin libraries (SPOOLHAND_FAULTS).  A test describes what is
 * tried and what must hold; fault_run() tries it with every change failing
 * once, with every change failing from then on, and with the process dying
 * before every change, until there is no Nth any more.
 */
#ifndef SUPPORT_LIBFAULT_H
#define SUPPORT_LIBFAULT_H

#include "base/str.h"
#include "tests/support/libfixture.h"

struct fault_case {
	/* Build what is needed; durable is set already. */
	void (*prepare)(struct fixture *f);

	/*
	 * What is tried: 0 or more, or -errno.  It may run in a process that
	 * dies, so it asserts nothing.
	 */
	int (*attempt)(struct fixture *f);

	/* What holds after a failure or death, before anything is mended. */
	void (*check)(struct fixture *f, const char *row, int result);

	/* What a process that finds this does; then all must be well. */
	int (*resume)(struct fixture *f, bool died);
	void (*after)(struct fixture *f, const char *row);
};

void fault_run(const struct fault_case *c);

/*
 * What `attempt` changes, in its order: "create:a write:a fsync:a rename:a ",
 * one name after each operation, without process ids in private names.
 */
char *fault_trace(struct fixture *f, int (*attempt)(struct fixture *f));

/* Is `first` in the trace, and `then` somewhere behind it? */
void fault_in_order(const char *trace, const char *first, const char *then);

#endif

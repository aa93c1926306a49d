#include "tests/support/libfault.h"

#ifdef SPOOLHAND_FAULTS

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sys.h"
#include "tests/support/libcheck.h"

#define DEATH    -1 /* instead of an error number */
#define DIED     86 /* exit status of who died as told */
#define TOO_MANY 2000

/* What is to happen, and what has happened. */
static struct {
	unsigned nth, count;
	int error;
	bool from_then_on;
	bool struck;
	char where[128]; /* the operation that was struck first */
} armed;

static struct str *trace;

/* While nothing is to fail: a process that ends loses nothing unsynced. */
static int
skip_syncs(enum sys_op op, const char *name)
{
	(void)name;
	return op == SYS_FSYNC;
}

static int
strike(enum sys_op op, const char *name)
{
	armed.count++;
	if (armed.count < armed.nth ||
	    (armed.count > armed.nth && !armed.from_then_on))
		return skip_syncs(op, name);
	if (armed.error == DEATH)
		_exit(DIED);
	if (!armed.struck)
		(void)snprintf(armed.where, sizeof(armed.where), "%s %s",
		               sys_op_name(op), name);
	armed.struck = true;
	return -armed.error;
}

static void
arm(unsigned nth, int error, bool from_then_on)
{
	memset(&armed, 0, sizeof(armed));
	armed.nth = nth;
	armed.error = error;
	armed.from_then_on = from_then_on;
	sys_fault = strike;
}

/* Try it in a process that may die: true if it did. */
static bool
try_dying(const struct fault_case *c, struct fixture *f, unsigned nth)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		arm(nth, DEATH, false);
		_exit(c->attempt(f) < 0);
	}
	status = check_exit(pid);
	if (status != DIED && status != 0)
		fail_msg("death at %u: the process ended with %d", nth, status);
	return status == DIED;
}

/* One try in a spool of its own: false if there was no Nth change. */
static bool
run_one(const struct fault_case *c, unsigned nth, int error, bool from_then_on)
{
	struct fixture *f = fixture_new();
	char row[256];
	bool struck;
	int r = -EINTR;

	f->spool->durable = true;
	sys_fault = skip_syncs;
	c->prepare(f);
	(void)snprintf(row, sizeof(row), "death at %u", nth);
	if (error == DEATH) {
		struck = try_dying(c, f, nth);
		fixture_reopen(f);
	} else {
		arm(nth, error, from_then_on);
		r = c->attempt(f);
		sys_fault = skip_syncs;
		struck = armed.struck;
		(void)snprintf(row, sizeof(row), "%s %s%u, %s: %s",
		               strerrorname_np(error),
		               from_then_on ? "from " : "at ", nth, armed.where,
		               r < 0 ? strerrorname_np(-r) : "ok");
	}
	if (struck) {
		c->check(f, row, r);
		r = c->resume(f, error == DEATH);
		if (r < 0)
			fail_msg("%s: going on fails with %s", row,
			         strerrorname_np(-r));
		c->after(f, row);
	} else if (error != DEATH && r < 0) {
		fail_msg("%s: it fails without a fault", row);
	}
	sys_fault = NULL;
	fixture_free(f);
	return struck;
}

void
fault_run(const struct fault_case *c)
{
	static const struct {
		int error;
		bool from_then_on;
	} kinds[] = {
		{ EIO, false },   { EIO, true },    { ENOSPC, false },
		{ ENOSPC, true }, { EDQUOT, true }, { DEATH, false },
	};

	for (size_t i = 0; i < countof(kinds); i++) {
		unsigned nth = 1;

		while (run_one(c, nth, kinds[i].error, kinds[i].from_then_on))
			if (++nth == TOO_MANY)
				fail_msg("it does not end");
		/* At least one change must have been seen. */
		assert_true(nth > 1);
	}
}

/* ".a.1234.tmp" is traced as ".a.tmp". */
static void
add_plain(const char *name)
{
	size_t n = strlen(name);

	if (name[0] == '.' && str_ends(name, ".tmp")) {
		n -= strlen(".tmp");
		while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
			n--;
		str_add(trace, name, n ? n - 1 : 0);
		str_adds(trace, ".tmp ");
	} else {
		str_addf(trace, "%s ", name);
	}
}

static int
note(enum sys_op op, const char *name)
{
	const char *slash = strrchr(name, '/');

	str_addf(trace, "%s:", sys_op_name(op));
	add_plain(slash ? slash + 1 : name);
	return op == SYS_FSYNC;
}

char *
fault_trace(struct fixture *f, int (*attempt)(struct fixture *f))
{
	autostr text = STR_INIT;
	int r;

	trace = &text;
	sys_fault = note;
	r = attempt(f);
	sys_fault = NULL;
	assert_true(r >= 0);
	return str_take(&text);
}

void
fault_in_order(const char *text, const char *first, const char *then)
{
	const char *at = strstr(text, first);

	if (!at)
		fail_msg("no \"%s\" in: %s", first, text);
	else if (!strstr(at + strlen(first), then))
		fail_msg("no \"%s\" behind \"%s\" in: %s", then, first, text);
}

#else
/* A file must have something in it. */
typedef int libfault_unused;
#endif

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

#define SETTLE (300 * CLOCK_NS_PER_MS)

static void
prepare(struct fixture *f)
{
	fixture_put(f, PLACE_INBOX, "a.md", "mine");
	fixture_put(f, PLACE_REJECTED, "a.md", "earlier");
	fixture_put(f, PLACE_REJECTED, "a.md.why", "earlier reason\n");
}

static int
claim(struct fixture *f)
{
	struct drop drop = { .name = mem_dup("a.md") };
	char claimed[INBOX_CLAIMED_MAX];
	int r = inbox_claim(f->desk, &drop, CLOCK_NS_PER_S, SETTLE, 7, claimed,
	                    NULL);

	free(drop.name);
	return r;
}

static void
check_claim(struct fixture *f, const char *row, int result)
{
	bool there = fixture_has(f, PLACE_INBOX, "a.md");
	bool claimed = fixture_has(f, PLACE_ADMIT, "000000000007,a.md");

	if (there == claimed)
		fail_msg("%s: the drop is %s", row, there ? "twice" : "lost");
	if (result == 1 && !claimed)
		fail_msg("%s: success was told", row);
}

static int
resume_claim(struct fixture *f, bool died)
{
	(void)died;
	return fixture_has(f, PLACE_INBOX, "a.md") ? claim(f) : 0;
}

static void
after_claim(struct fixture *f, const char *row)
{
	autofree char *text = fixture_read(f, PLACE_ADMIT, "000000000007,a.md");

	check_text(row, text, "mine");
}

static void
a_drop_is_claimed_once_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, claim, check_claim,
		                             resume_claim, after_claim };

	(void)state;
	fault_run(&c);
}

static int
reject(struct fixture *f)
{
	return inbox_reject(f->desk, PLACE_INBOX, "a.md", "a.md", "no good",
	                    NULL);
}

static void
check_reject(struct fixture *f, const char *row, int result)
{
	bool there = fixture_has(f, PLACE_INBOX, "a.md");
	bool rejected = fixture_has(f, PLACE_REJECTED, "a.md-2");
	autofree char *earlier = fixture_read(f, PLACE_REJECTED, "a.md");
	autofree char *reason = fixture_read(f, PLACE_REJECTED, "a.md.why");

	if (there == rejected)
		fail_msg("%s: the drop is %s", row, there ? "twice" : "lost");
	if (result >= 0 && !rejected)
		fail_msg("%s: success was told", row);
	/* What is rejected always has its reason. */
	if (rejected && !fixture_has(f, PLACE_REJECTED, "a.md-2.why"))
		fail_msg("%s: there is no reason", row);
	check_text(row, earlier, "earlier");
	check_text(row, reason, "earlier reason\n");
}

static int
resume_reject(struct fixture *f, bool died)
{
	int r = fixture_has(f, PLACE_INBOX, "a.md") ? reject(f) : 0;

	(void)died;
	return r < 0 ? r : inbox_sweep(f->desk, clock_wall_ms() + 7200 * 1000);
}

static void
after_reject(struct fixture *f, const char *row)
{
	autofree char *names = scratch_list(f->desk->at[PLACE_REJECTED], ".");
	autofree char *text = fixture_read(f, PLACE_REJECTED, "a.md-2");
	autofree char *why = fixture_read(f, PLACE_REJECTED, "a.md-2.why");

	check_text(row, names, "a.md a.md-2 a.md-2.why a.md.why");
	check_text(row, text, "mine");
	check_text(row, why, "no good\n");
}

static void
a_drop_is_rejected_once_with_its_reason_whatever_fails(void **state)
{
	static const struct fault_case c = { prepare, reject, check_reject,
		                             resume_reject, after_reject };

	(void)state;
	fault_run(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_is_claimed_once_whatever_fails),
		cmocka_unit_test(
			a_drop_is_rejected_once_with_its_reason_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

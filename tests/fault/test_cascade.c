#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/calls.h"
#include "spool/cascade.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

/* pm/a has called pm/b and pm/c, which wait. */
static void
prepare(struct fixture *f)
{
	static const char *const children[] = { "b", "c" };

	scratch_mkdir(f->desk->fd, "work/a");
	scratch_mkdir(f->desk->fd, "work/a/calls");
	for (unsigned i = 0; i < countof(children); i++) {
		autofree char *dir = mem_printf("work/a/calls/%04u", i + 1);
		autofree char *path = mem_printf("%s/call.json", dir);
		autofree char *ref = mem_printf("pm/%s", children[i]);
		autofree char *what = mem_dup("pm");
		const struct call c = { .n = i + 1,
			                .kind = CALL_CHILD,
			                .what = what,
			                .begun_ms = FIXTURE_NOW,
			                .child = ref };
		autostr text = STR_INIT;

		calls_print(&c, &text);
		scratch_mkdir(f->desk->fd, dir);
		scratch_write(f->desk->fd, path, str_text(&text));
		(void)fixture_task(f, PLACE_READY, i + 1, children[i], "x");
	}
}

static int
cancel(struct fixture *f)
{
	autocascade told = CASCADE_INIT;
	struct err err;

	return cascade_cancel(f->desk, "a", &told, &err);
}

static void
check(struct fixture *f, const char *row, int result)
{
	if (result >= 0 && (!fixture_has(f, PLACE_REQUESTS, "cancel.b") ||
	                    !fixture_has(f, PLACE_REQUESTS, "cancel.c")))
		fail_msg("%s: success was told", row);
}

static int
again(struct fixture *f, bool died)
{
	(void)died;
	return cancel(f);
}

static void
after(struct fixture *f, const char *row)
{
	check(f, row, 0);
}

static void
all_are_asked_or_it_is_not_said(void **state)
{
	static const struct fault_case c = { prepare, cancel, check, again,
		                             after };

	(void)state;
	fault_run(&c);
}

static void
each_request_is_synced(void **state)
{
	struct fixture *f = *state;
	autofree char *trace = NULL;

	f->spool->durable = true;
	prepare(f);
	trace = fault_trace(f, cancel);
	fault_in_order(trace, "rename:cancel.b", "fsync:requests");
	fault_in_order(trace, "rename:cancel.c", "fsync:requests");
	assert_true(str_ends(trace, "rename:cancel.c fsync:requests "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_asked_or_it_is_not_said),
		cmocka_unit_test_setup_teardown(each_request_is_synced,
		                                fixture_setup,
		                                fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "spool/enclosure.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfault.h"

static void
prepare(struct fixture *f)
{
	assert_int_equal(enclosure_write(f->desk, "/old"), 0);
}

static int
write_new(struct fixture *f)
{
	return enclosure_write(f->desk, "/new");
}

/* The old one, or the new one, or none; but never another path. */
static void
check(struct fixture *f, const char *row, int result)
{
	autofree char *path = NULL;
	int r = enclosure_read(f->desk, &path);

	if (r == 0 && !str_starts(path, "/old/") && !str_starts(path, "/new/"))
		fail_msg("%s: it reads '%s'", row, path);
	if (result >= 0 && (r < 0 || !str_starts(path, "/new/")))
		fail_msg("%s: success was told", row);
}

static int
again(struct fixture *f, bool died)
{
	(void)died;
	return write_new(f);
}

static void
after(struct fixture *f, const char *row)
{
	check(f, row, 0);
}

static void
a_note_is_whole_or_not_believed(void **state)
{
	static const struct fault_case c = { prepare, write_new, check, again,
		                             after };

	(void)state;
	fault_run(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_whole_or_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "base/name.h"
#include "spool/enclosure.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
what_was_noted_is_read_back(void **state)
{
	struct fixture *f = *state;
	char name[ENCLOSURE_NAME_MAX];
	autofree char *want = NULL;
	char *path = NULL;

	assert_int_equal(enclosure_name(f->desk, name), 0);
	assert_true(name_ok(name) && str_starts(name, "spoolhand-"));
	want = mem_printf("/sys/fs/cgroup/a b/%s", name);
	assert_int_equal(enclosure_read(f->desk, &path), -ENOENT);
	assert_int_equal(enclosure_forget(f->desk), 0);
	/* Again, and over whatever lies there. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(enclosure_write(f->desk, "/sys/fs/cgroup/a b"),
		                 0);
		fixture_reopen(f);
		assert_int_equal(enclosure_read(f->desk, &path), 0);
		assert_string_equal(path, want);
		free(take_ptr(path));
	}
	assert_int_equal(enclosure_forget(f->desk), 0);
	assert_int_equal(enclosure_read(f->desk, &path), -ENOENT);
	scratch_mkdir(f->desk->fd, ENCLOSURE_NOTE);
	assert_int_equal(enclosure_read(f->desk, &path), -EBADMSG);
	assert_int_equal(enclosure_write(f->desk, "/x"), 0);
	assert_int_equal(enclosure_read(f->desk, &path), 0);
	free(path);
}

static void
only_the_name_of_this_desk_is_believed(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"/\n",
		"NAME\n",
		"a/NAME\n",
		"/a/NAME",
		"/a/NAME/\n",
		"/a/NAME/b\n",
		"/a/NAME \n",
		"/a/xNAME\n",
		"/a/../NAME\n",
		"/b\n/NAME\n",
		"/sys/fs/cgroup/unified\n",
		"/a/spoolhand-0123456789abcdef\n",
	};
	struct fixture *f = *state;
	char name[ENCLOSURE_NAME_MAX];

	assert_int_equal(enclosure_name(f->desk, name), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		const char *at = strstr(rows[i], "NAME");
		autofree char *text = at ? mem_printf("%.*s%s%s",
		                                      (int)(at - rows[i]),
		                                      rows[i], name, at + 4) :
		                           mem_dup(rows[i]);
		char *path = NULL;

		scratch_write(f->desk->fd, ENCLOSURE_NOTE, text);
		check_number(rows[i], enclosure_read(f->desk, &path), -EBADMSG);
	}
}

static void
each_desk_of_each_spool_has_its_own_name(void **state)
{
	struct fixture *f = *state;
	struct fixture *other = fixture_new();
	autodesk *second = NULL;
	char names[3][ENCLOSURE_NAME_MAX];

	assert_int_equal(desk_make(f->spool, "other", NULL), 0);
	assert_int_equal(desk_open(f->spool, "other", &second, NULL), 0);
	assert_int_equal(enclosure_name(f->desk, names[0]), 0);
	assert_int_equal(enclosure_name(second, names[1]), 0);
	assert_int_equal(enclosure_name(other->desk, names[2]), 0);
	assert_string_not_equal(names[0], names[1]);
	assert_string_not_equal(names[0], names[2]);
	fixture_free(other);
	/* And keeps it, wherever the spool is moved. */
	scratch_mkdir(f->scratch->fd, "elsewhere");
	assert_int_equal(enclosure_name(f->desk, names[1]), 0);
	assert_string_equal(names[0], names[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_noted_is_read_back,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			only_the_name_of_this_desk_is_believed, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			each_desk_of_each_spool_has_its_own_name, fixture_setup,
			fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

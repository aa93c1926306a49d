#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/support/libcheck.h"

static void
each_error_has_its_class(void **state)
{
	static const struct {
		int code;
		enum err_class want;
	} rows[] = {
		{ 0, ERR_NONE },          { 1, ERR_NONE },
		{ 7, ERR_NONE },          { -EAGAIN, ERR_RETRY },
		{ -ENOSPC, ERR_RETRY },   { -EDQUOT, ERR_RETRY },
		{ -EIO, ERR_RETRY },      { -EMFILE, ERR_RETRY },
		{ -EROFS, ERR_RETRY },    { -ESTALE, ERR_RETRY },
		{ -EBADMSG, ERR_REJECT }, { -ELOOP, ERR_REJECT },
		{ -EXDEV, ERR_REJECT },   { -EFBIG, ERR_REJECT },
		{ -EACCES, ERR_REJECT },  { -EILSEQ, ERR_REJECT },
		{ -EPROTO, ERR_STOP },    { -ENOSYS, ERR_STOP },
		{ -ECANCELED, ERR_STOP },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_number(err_name(rows[i].code), err_class(rows[i].code),
		             rows[i].want);
}

static void
a_text_is_set_and_the_code_returned(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_int_equal(err_set(&err, -EBADMSG, "%s:%d: no", "a", 3),
	                 -EBADMSG);
	assert_string_equal(err.text, "a:3: no");
	assert_int_equal(err_sys(&err, -ENOENT, "cannot open '%s'", "x"),
	                 -ENOENT);
	assert_string_equal(err.text,
	                    "cannot open 'x': No such file or directory");
	assert_int_equal(err_prefix(&err, -ENOENT, "agent %s", "pm"), -ENOENT);
	assert_string_equal(err.text, "agent pm: cannot open 'x': "
	                              "No such file or directory");
}

static void
nobody_need_listen(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EIO, "%d", 1), -EIO);
	assert_int_equal(err_sys(NULL, -EIO, "%d", 1), -EIO);
	assert_int_equal(err_prefix(NULL, -EIO, "%d", 1), -EIO);
}

static void
a_text_that_is_too_long_is_cut(void **state)
{
	autofree char *longer = mem_new(1, 3000);
	struct err err = { "" };

	(void)state;
	memset(longer, 'x', 2999);
	(void)err_set(&err, -EIO, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)err_sys(&err, -EIO, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)err_prefix(&err, -EIO, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
every_number_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(err_name(-ENOSPC), "No space left on device");
	assert_string_equal(err_name(ENOSPC), "No space left on device");
	assert_string_equal(err_name(-99999), "unknown error");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_has_its_class),
		cmocka_unit_test(a_text_is_set_and_the_code_returned),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(a_text_that_is_too_long_is_cut),
		cmocka_unit_test(every_number_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "orchestrator/quarantine.h"
#include "tests/support/libscratch.h"

static void
what_is_put_is_there_until_it_is_lifted(void **state)
{
	struct scratch *s = *state;
	autostr why = STR_INIT;
	autofree char *all = NULL;

	assert_int_equal(quarantine_get(s->fd, "pm", &why), 0);
	assert_int_equal(quarantine_put(s->fd, "pm", "died", true), 0);
	assert_int_equal(quarantine_put(s->fd, "pm", "died again", true), 0);
	all = scratch_list(s->fd, ".");
	assert_string_equal(all, "pm");
	assert_int_equal(quarantine_get(s->fd, "dev", &why), 0);
	assert_string_equal(str_text(&why), "");
	assert_int_equal(quarantine_get(s->fd, "pm", &why), 1);
	assert_string_equal(str_text(&why), "died again");
	assert_int_equal(quarantine_lift(s->fd, "pm", true), 0);
	assert_int_equal(quarantine_lift(s->fd, "pm", true), 0);
	assert_int_equal(quarantine_get(s->fd, "pm", NULL), 0);
}

static void
being_there_is_enough(void **state)
{
	struct scratch *s = *state;
	autostr why = STR_INIT;

	scratch_write(s->fd, "touched", "");
	scratch_mkdir(s->fd, "odd");
	assert_int_equal(quarantine_get(s->fd, "touched", &why), 1);
	assert_string_equal(str_text(&why), "no reason given");
	str_clear(&why);
	assert_int_equal(quarantine_get(s->fd, "odd", &why), 1);
	assert_string_equal(str_text(&why), "for a reason that cannot be read");
}

static void
only_the_first_line_is_the_reason(void **state)
{
	struct scratch *s = *state;
	autostr why = STR_INIT;

	scratch_write(s->fd, "pm", "one\ntwo\n");
	assert_int_equal(quarantine_get(s->fd, "pm", &why), 1);
	assert_string_equal(str_text(&why), "one");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_there_until_it_is_lifted),
		TEST(being_there_is_enough),
		TEST(only_the_first_line_is_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

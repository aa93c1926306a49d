/*
 * inbox_reject(): nothing that was dropped is lost, and each has a reason.
 */
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
#include "spool/inbox.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static void
reject(struct fixture *f, const char *name, const char *text)
{
	struct err err = { "" };

	fixture_put(f, PLACE_INBOX, name, text);
	if (inbox_reject(f->desk, PLACE_INBOX, name, name, "no good", &err) < 0)
		fail_msg("%s: %s", name, err.text);
}

static void
check_rejected(struct fixture *f, const char *name, const char *text)
{
	autofree char *got = fixture_read(f, PLACE_REJECTED, name);
	autofree char *why_name = mem_printf("%s.why", name);
	autofree char *why = fixture_read(f, PLACE_REJECTED, why_name);

	check_text(name, got, text);
	check_text(name, why, "no good\n");
}

static void
a_rejected_drop_keeps_its_name_and_has_a_reason(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;

	reject(f, "a.md", "text");
	check_rejected(f, "a.md", "text");
	places = fixture_places(f);
	assert_string_equal(places, "rejected/a.md rejected/a.md.why ");
}

static void
the_same_name_again_gets_a_number(void **state)
{
	struct fixture *f = *state;

	reject(f, "a.md", "one");
	reject(f, "a.md", "two");
	reject(f, "a.md", "three");
	check_rejected(f, "a.md", "one");
	check_rejected(f, "a.md-2", "two");
	check_rejected(f, "a.md-3", "three");
}

/* A drop that is called as a reason would be. */
static void
a_reason_never_replaces_a_drop(void **state)
{
	struct fixture *f = *state;
	autofree char *names = NULL;
	char *save = NULL;
	int found = 0;

	reject(f, "a.why", "precious");
	reject(f, "a", "other");
	reject(f, "a.why", "precious too");
	names = scratch_list(f->desk->at[PLACE_REJECTED], ".");
	for (char *n = strtok_r(names, " ", &save); n;
	     n = strtok_r(NULL, " ", &save)) {
		autofree char *text = fixture_read(f, PLACE_REJECTED, n);

		found += strncmp(text, "precious", 8) == 0;
		found += strcmp(text, "other") == 0;
	}
	assert_int_equal(found, 3);
}

static void
a_directory_called_as_a_reason_is_no_obstacle(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };

	scratch_mkdir(f->desk->at[PLACE_INBOX], "a.why");
	if (inbox_reject(f->desk, PLACE_INBOX, "a.why", "a.why", "no good",
	                 &err) < 0)
		fail_msg("%s", err.text);
	reject(f, "a", "other");
	check_rejected(f, "a", "other");
}

static void
every_name_is_made_fit_to_be_seen(void **state)
{
	static const char *const names[] = { "a\nb",     "\033[2J", ".hidden",
		                             "\xff\xfe", "a\\b",    "a b.md" };
	struct fixture *f = *state;
	autofree char *list = NULL;

	for (size_t i = 0; i < countof(names); i++)
		reject(f, names[i], "text");
	list = scratch_list(f->desk->at[PLACE_REJECTED], ".");
	for (const char *p = list; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	assert_null(strstr(list, " .hidden"));
}

static void
the_longest_name_can_be_rejected(void **state)
{
	struct fixture *f = *state;
	autofree char *longest = mem_new(1, 256);
	autofree char *places = NULL;

	memset(longest, 'x', 255);
	reject(f, longest, "text");
	reject(f, longest, "again");
	places = fixture_places(f);
	assert_null(strstr(places, "inbox/"));
}

static void
a_drop_that_went_meanwhile_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	autofree char *places = NULL;

	assert_int_equal(
		inbox_reject(f->desk, PLACE_INBOX, "a", "a", "no good", NULL),
		-ENOENT);
	places = fixture_places(f);
	assert_string_equal(places, "");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rejected_drop_keeps_its_name_and_has_a_reason),
		TEST(the_same_name_again_gets_a_number),
		TEST(a_reason_never_replaces_a_drop),
		TEST(a_directory_called_as_a_reason_is_no_obstacle),
		TEST(every_name_is_made_fit_to_be_seen),
		TEST(the_longest_name_can_be_rejected),
		TEST(a_drop_that_went_meanwhile_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/known.h"
#include "cli/source.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define MARKDOWN "---\nid: one\ntitle: T\n---\nbody"
#define JSON     "{\"id\":\"one\",\"title\":\"T\",\"body\":\"body\"}"

/* Look for the task "one" with the content of MARKDOWN. */
static int
look(const struct fixture *f, struct err *err)
{
	autotask t = TASK_INIT;
	char digest[DIGEST_TEXT_MAX];

	scratch_write(f->scratch->fd, "new.md", MARKDOWN);
	assert_int_equal(source_read_at(f->scratch->fd, "new.md", &t, NULL), 0);
	assert_int_equal(task_digest(-1, "", &t, digest), 0);
	return known_check(f->desk, "one", digest, err);
}

static void
a_task_that_is_nowhere_is_not_known(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(look(f, NULL), 0);
	fixture_put(f, PLACE_INBOX, "two.md", MARKDOWN);
	fixture_put(f, PLACE_INBOX, ".one.md", MARKDOWN);
	fixture_put(f, PLACE_INBOX, "one.md.tmp", MARKDOWN);
	assert_int_equal(look(f, NULL), 0);
}

static void
the_same_task_is_known_wherever_it_is(void **state)
{
	static const struct {
		enum place place;
		const char *name, *text;
	} rows[] = {
		{ PLACE_INBOX, "one.md", MARKDOWN },
		{ PLACE_INBOX, "one.task.json", JSON },
		{ PLACE_INBOX, "1795236455934218985.25639.0.one.md", MARKDOWN },
		{ PLACE_ADMIT, "000000000003,one.md", MARKDOWN },
		{ PLACE_PENDING, "5.000000000001.0.one", MARKDOWN },
		{ PLACE_READY, "1.000000000001.0.one", MARKDOWN },
		{ PLACE_RUNNING, "9.000000000001.1.one", MARKDOWN },
		{ PLACE_SAVING, "5.000000000001.1.one", MARKDOWN },
		{ PLACE_BLOCKED, "5.000000000001.2.one", MARKDOWN },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		fixture_put(f, rows[i].place, rows[i].name, rows[i].text);
		check_number(rows[i].name, look(f, NULL), 1);
		scratch_unlink(f->desk->at[rows[i].place], rows[i].name);
		fixture_put(f, rows[i].place, rows[i].name, "other");
		check_number(rows[i].name, look(f, NULL), -EEXIST);
		scratch_unlink(f->desk->at[rows[i].place], rows[i].name);
	}
}

static void
the_same_task_is_known_when_it_has_ended(void **state)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(ends); i++) {
		int fd = f->desk->at[ends[i]];
		autofree char *other = mem_printf("other-%zu", i);

		scratch_mkdir(fd, "one");
		scratch_write(fd, "one/task", MARKDOWN);
		check_number(other, look(f, NULL), 1);
		scratch_write(fd, "one/task", "other");
		check_number(other, look(f, NULL), -EEXIST);
		scratch_rename(fd, "one", other);
	}
}

/* An old result of "one", and the drop that may have come after it. */
static int
look_within(const struct fixture *f, int64_t keep_for_ms)
{
	autotask t = TASK_INIT;
	char digest[DIGEST_TEXT_MAX];

	scratch_write(f->scratch->fd, "new.md", MARKDOWN);
	assert_int_equal(source_read_at(f->scratch->fd, "new.md", &t, NULL), 0);
	assert_int_equal(task_digest(-1, "", &t, digest), 0);
	return known_check_within(f->desk, "one", digest, keep_for_ms, NULL);
}

static void
a_result_counts_for_as_long_as_it_is_kept(void **state)
{
	struct fixture *f = *state;
	int64_t age_ms = 100 * 1000;
	char at[CLOCK_TEXT_MAX];
	autofree char *json =
		mem_printf("{\"times\":{\"ended\":\"%s\"}}",
	                   clock_format(clock_wall_ms() - age_ms, at));

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "one");
	fixture_put(f, PLACE_OUTBOX, "one/task", "other");
	fixture_put(f, PLACE_OUTBOX, "one/result.json", json);
	assert_int_equal(look_within(f, 0), -EEXIST);
	assert_int_equal(look_within(f, age_ms + 60 * 1000), -EEXIST);
	assert_int_equal(look_within(f, age_ms - 1000), 0);
	/* Unless a live task needs it. */
	(void)fixture_task(f, PLACE_PENDING, 1, "needs",
	                   "---\nafter: [pm/one]\n---\n");
	assert_int_equal(look_within(f, age_ms - 1000), -EEXIST);
	scratch_unlink(f->desk->at[PLACE_PENDING], "5.000000000001.0.needs");
	/* What came after it is what the id stands for now. */
	fixture_put(f, PLACE_INBOX, "one.md", MARKDOWN);
	assert_int_equal(look_within(f, age_ms - 1000), 1);
	fixture_put(f, PLACE_INBOX, "one.md", "another");
	assert_int_equal(look_within(f, age_ms - 1000), -EEXIST);
}

static void
what_has_become_of_it_is_told(void **state)
{
	static const struct {
		enum place place;
		const char *name, *says;
	} rows[] = {
		{ PLACE_INBOX, "one.md", "waits already (DROPPED)" },
		{ PLACE_PENDING, "5.000000000001.0.one", "(PENDING)" },
		{ PLACE_BLOCKED, "5.000000000001.1.one", "(BLOCKED)" },
		{ PLACE_RUNNING, "5.000000000001.1.one",
		  "is RUNNING already; wait for it with: spoolhand wait "
		  "pm/one" },
		{ PLACE_SAVING, "5.000000000001.1.one", "is RUNNING already" },
	};
	struct fixture *f = *state;
	autostr text = STR_INIT;

	known_tell(f->desk, "one", &text);
	assert_int_equal(text.len, 0);
	for (size_t i = 0; i < countof(rows); i++) {
		fixture_put(f, rows[i].place, rows[i].name, MARKDOWN);
		known_tell(f->desk, "one", &text);
		check_contains(rows[i].name, str_text(&text), rows[i].says);
		scratch_unlink(f->desk->at[rows[i].place], rows[i].name);
		str_clear(&text);
	}
	scratch_mkdir(f->desk->at[PLACE_FAILED], "one");
	fixture_put(f, PLACE_FAILED, "one/result.json",
	            "{\"state\":\"FAILED\",\"reason\":\"exit\"}");
	known_tell(f->desk, "one", &text);
	check_contains("failed", str_text(&text),
	               "has ended already: FAILED (exit); begin it again with: "
	               "spoolhand retry pm/one");
}

static void
other_content_is_told_with_the_remedy(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };

	fixture_put(f, PLACE_READY, "5.000000000001.0.one",
	            "---\ntitle: T\n---\nother body");
	assert_int_equal(look(f, &err), -EEXIST);
	check_contains("err", err.text, "'pm/one' is taken");
	check_contains("err", err.text, "spoolhand why pm/one");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_task_that_is_nowhere_is_not_known, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			the_same_task_is_known_wherever_it_is, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			the_same_task_is_known_when_it_has_ended, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_result_counts_for_as_long_as_it_is_kept,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(what_has_become_of_it_is_told,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			other_content_is_told_with_the_remedy, fixture_setup,
			fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

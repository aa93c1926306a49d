#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/view.h"
#include "spool/calls.h"
#include "spool/question.h"
#include "spool/record.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define SOON_MS 3630000 /* an hour and a bit */

/* The sentence about pm/a, while its agent runs. */
static void
check_why(const char *row, const struct fixture *f, const char *want)
{
	autoclose int up = desk_own(f->desk, NULL);
	autostr out = STR_INIT;
	struct view_task v;

	assert_true(up >= 0);
	assert_int_equal(view_task(f->spool, "pm", "a", &v, NULL), 0);
	assert_int_equal(view_why(f->spool, &v, &out, NULL), 0);
	check_text(row, str_text(&out), want);
	view_task_done(&v);
}

static void
block(struct fixture *f, enum block_reason reason, const char *on,
      int64_t until_ms)
{
	struct record rec = RECORD_INIT;

	fixture_put(f, PLACE_BLOCKED, "5.000000000001.1.a", "x");
	rec.reason = reason;
	rec.call = 1;
	rec.until_ms = until_ms;
	(void)snprintf(rec.on, sizeof(rec.on), "%s", on);
	assert_int_equal(record_write(f->desk, "a", &rec), 0);
}

static void
ask(struct fixture *f, char **options, const char *fallback,
    int64_t deadline_ms)
{
	static char what[] = "Which\none?";
	autofree char *usual = fallback ? mem_dup(fallback) : NULL;
	struct call c = { .kind = CALL_ASK,
		          .what = what,
		          .options = options,
		          .fallback = usual,
		          .until_ms = deadline_ms };
	autostr text = STR_INIT;

	calls_print(&c, &text);
	scratch_mkdir(f->desk->at[PLACE_WORK], "a/calls");
	scratch_mkdir(f->desk->at[PLACE_WORK], "a/calls/0001");
	scratch_write(f->desk->at[PLACE_WORK], "a/calls/0001/call.json",
	              text.data);
}

static void
a_question_is_told_with_a_command_that_answers_it(void **state)
{
	static char first[] = "the first", second[] = "-2";
	char *options[] = { first, second, NULL };
	struct fixture *f = *state;

	block(f, BLOCK_QUESTION, "", 0);
	ask(f, options, second, clock_wall_ms() + SOON_MS);
	check_why("options", f,
	          "pm/a is BLOCKED (question): it asks 'Which one?'; options: "
	          "the first, -2; in 1h00m the default '-2' is taken; answer "
	          "it with: spoolhand answer pm/a 'the first'");
}

static void
any_text_and_no_default_are_told(void **state)
{
	struct fixture *f = *state;

	block(f, BLOCK_QUESTION, "", 0);
	ask(f, NULL, NULL, clock_wall_ms() + SOON_MS);
	check_why("text", f,
	          "pm/a is BLOCKED (question): it asks 'Which one?'; in 1h00m "
	          "it fails; answer it with: spoolhand answer pm/a TEXT");
	assert_int_equal(question_drop_answer(f->desk, "a", 1, "x", 1, NULL),
	                 0);
	check_why("answered", f,
	          "pm/a is BLOCKED (question): it asks 'Which one?'; in 1h00m "
	          "it fails; an answer lies there for its agent");
}

static void
an_option_that_looks_like_one_of_the_command_is_an_operand(void **state)
{
	static char odd[] = "-q";
	char *options[] = { odd, NULL };
	struct fixture *f = *state;

	block(f, BLOCK_QUESTION, "", 0);
	ask(f, options, NULL, 0);
	check_why("odd", f,
	          "pm/a is BLOCKED (question): it asks 'Which one?'; options: "
	          "-q; answer it with: spoolhand answer pm/a -- -q");
}

static void
a_child_is_told_with_its_state(void **state)
{
	struct fixture *f = *state;

	block(f, BLOCK_CHILD, "pm/b", 0);
	check_why("gone", f,
	          "pm/a is BLOCKED (child): it waits for pm/b, which is no "
	          "more; let it go on now with: spoolhand retry pm/a");
	(void)fixture_task(f, PLACE_READY, 2, "b", "x");
	check_why("there", f,
	          "pm/a is BLOCKED (child): it waits for pm/b, which is READY; "
	          "see what that waits for with: spoolhand why pm/b");
}

static void
a_record_without_sense_is_survived(void **state)
{
	struct fixture *f = *state;

	block(f, BLOCK_CHILD, "nonsense", 0);
	check_why("child", f,
	          "pm/a is BLOCKED (child): it waits for nonsense, which is no "
	          "more; let it go on now with: spoolhand retry pm/a");
}

static void
sleep_is_told_with_its_end(void **state)
{
	struct fixture *f = *state;
	int64_t until_ms = clock_wall_ms() + SOON_MS;
	char at[CLOCK_TEXT_MAX];
	autofree char *want = NULL;

	block(f, BLOCK_SLEEP, "", until_ms);
	want = mem_printf("pm/a is BLOCKED (sleep): it sleeps until %s, for "
	                  "another 1h00m; give it up with: spoolhand cancel "
	                  "pm/a",
	                  clock_format_local(until_ms, at));
	check_why("sleep", f, want);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_question_is_told_with_a_command_that_answers_it),
		TEST(any_text_and_no_default_are_told),
		TEST(an_option_that_looks_like_one_of_the_command_is_an_operand),
		TEST(a_child_is_told_with_its_state),
		TEST(a_record_without_sense_is_survived),
		TEST(sleep_is_told_with_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/question.h"
#include "spool/record.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static struct question
ask(const char *text, const char *options, const char *fallback)
{
	struct question q = { .text = mem_dup(text),
		              .asked_ms = FIXTURE_NOW,
		              .number = 3 };
	autofree char *words = options ? mem_dup(options) : NULL;
	char *save = NULL;

	for (char *w = words ? strtok_r(words, "|", &save) : NULL; w;
	     w = strtok_r(NULL, "|", &save))
		keys_append(&q.options, w);
	if (fallback)
		q.fallback = mem_dup(fallback);
	return q;
}

static void
check_same(const char *row, const struct question *a, const struct question *b)
{
	size_t n = keys_count(a->options);

	check_text(row, b->text, a->text);
	check_number(row, (int64_t)keys_count(b->options), (int64_t)n);
	for (size_t i = 0; i < n; i++)
		check_text(row, b->options[i], a->options[i]);
	check_text(row, b->fallback ? b->fallback : "-",
	           a->fallback ? a->fallback : "-");
	check_number(row, b->asked_ms, a->asked_ms);
	check_number(row, b->deadline_ms, a->deadline_ms);
	check_number(row, b->number, a->number);
}

static void
what_is_asked_is_read_back(void **state)
{
	static const char *const rows[][3] = {
		{ "Which database?", "postgres|sqlite", "sqlite" },
		{ "Why?", NULL, NULL },
		{ "", NULL, "" },
		{ "Two lines:\nand a second", "a b|~|null|no|- x|#", NULL },
		{ "First\n\n  third: [is] {odd}", NULL, "1\n2" },
		{ " leads with a blank\nand goes on", NULL, NULL },
		{ "ends with a line\n", NULL, NULL },
		{ "a tab\tand \x01\x7f", "\x1b[31m", NULL },
		{ "\xc3\xa4\xe2\x80\xa8\xf0\x9f\x98\x80 \xef\xbb\xbf",
		  "\xc3\xa9", NULL },
		{ "---\n# no: comment\n...", "'|\"|\\", "\"" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		autoquestion q = ask(rows[i][0], rows[i][1], rows[i][2]);
		autoquestion back = { 0 };
		struct err err = { "" };

		q.deadline_ms = i % 2 ? FIXTURE_NOW + 7200000 : 0;
		assert_int_equal(question_publish(f->desk, "t", &q), 0);
		if (question_read(f->desk, "t", &back, &err) < 0)
			fail_msg("%s: %s", rows[i][0], err.text);
		check_same(rows[i][0], &q, &back);
	}
}

static void
a_person_can_read_it(void **state)
{
	struct fixture *f = *state;
	autoquestion q = ask("Which\ndatabase?", "postgres|sqlite", "sqlite");
	autofree char *text = NULL;

	assert_int_equal(setenv("TZ", "XYZ-1", 1), 0);
	tzset();
	q.deadline_ms = FIXTURE_NOW + 1000;
	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	text = fixture_read(f, PLACE_QUESTIONS, "t");
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
	check_contains("command", text, "#   spoolhand answer pm/t OPTION\n");
	check_contains("mv", text, "/agents/pm/answers/t\n");
	check_contains("deadline", text, "At the deadline the default");
	check_contains("question", text,
	               "question: |-\n  Which\n  database?\n"
	               "options:\n  - postgres\n  - sqlite\n"
	               "default: sqlite\n"
	               "deadline: \"2026-11-21T05:39:19.123+01:00\"\n"
	               "asked: \"2026-11-21T05:39:18.123+01:00\"\n"
	               "number: 3\n");
}

static ino_t
inode_of(const struct fixture *f, const char *id)
{
	struct stat st;

	assert_int_equal(sys_stat(f->desk->at[PLACE_QUESTIONS], id, &st), 0);
	return st.st_ino;
}

static void
the_same_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	autoquestion q = ask("Which?", "a|b", NULL);
	autoquestion back = { 0 };
	ino_t before;

	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	before = inode_of(f, "t");
	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	assert_int_equal(inode_of(f, "t"), before);
	q.number = 4;
	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	assert_int_equal(question_read(f->desk, "t", &back, NULL), 0);
	check_number("another", back.number, 4);
}

static void
what_stands_there_is_replaced(void **state)
{
	struct fixture *f = *state;
	int dir = f->desk->at[PLACE_QUESTIONS];
	autoquestion q = ask("Which?", NULL, NULL);

	fixture_put(f, PLACE_QUESTIONS, "a", "question: [\n");
	scratch_mkdir(dir, "b");
	scratch_write(dir, "b/x", "x");
	scratch_symlink(dir, "/nowhere", "c");
	for (const char *p = "abc"; *p; p++) {
		char id[] = { *p, '\0' };
		autoquestion back = { 0 };
		autoquestion again = { 0 };

		assert_int_equal(question_read(f->desk, id, &back, NULL),
		                 -EBADMSG);
		assert_int_equal(question_publish(f->desk, id, &q), 0);
		assert_int_equal(question_read(f->desk, id, &again, NULL), 0);
		check_same(id, &q, &again);
	}
}

static void
what_is_withdrawn_is_gone(void **state)
{
	struct fixture *f = *state;
	autoquestion q = ask("Which?", NULL, NULL);
	autoquestion back = { 0 };

	assert_int_equal(question_publish(f->desk, "t", &q), 0);
	assert_int_equal(question_withdraw(f->desk, "t"), 0);
	assert_int_equal(question_withdraw(f->desk, "t"), 0);
	assert_int_equal(question_read(f->desk, "t", &back, NULL), -ENOENT);
}

static void
only_options_are_accepted_where_there_are_any(void **state)
{
	static const struct {
		const char *options, *answer;
		size_t len; /* 0: all of it */
		int result;
		size_t kept;
		const char *says;
	} rows[] = {
		{ "a|b", "a", 0, 0, 1, NULL },
		{ "a|b", "b \t\r\n\n", 0, 0, 1, NULL },
		{ "a |a", "a ", 0, 0, 2, NULL },
		{ "a|a ", "a \n", 0, 0, 1, NULL },
		{ "a", "ab", 0, -EBADMSG, 0, "'ab' is no option" },
		{ "a|b", " a", 0, -EBADMSG, 0, "they are: 'a', 'b'" },
		{ "a|b", "A", 0, -EBADMSG, 0, "'A' is no option" },
		{ "a|b", "", 0, -EBADMSG, 0, "they are: 'a', 'b'" },
		{ "a|b", "a\nb", 0, -EBADMSG, 0, "'a\\x0ab' is no option" },
		{ NULL, "Two words.\n", 0, 0, 10, NULL },
		{ NULL, "two\nlines\n", 0, 0, 9, NULL },
		{ NULL, " \n", 0, -EBADMSG, 0, "the answer is empty" },
		{ NULL, "x\0y", 3, -EBADMSG, 0, "is not UTF-8 text (byte 2)" },
		{ NULL, "ab\xff", 0, -EBADMSG, 0, "(byte 3)" },
		{ NULL, "\xc3\xa4", 0, 0, 2, NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autoquestion q = ask("?", rows[i].options, NULL);
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].answer);
		struct err err = { "" };
		size_t kept = 0;
		int r = question_accepts(&q, rows[i].answer, len, &kept, &err);

		check_number(rows[i].answer, r, rows[i].result);
		if (r == 0)
			check_number(rows[i].answer, (int64_t)kept,
			             (int64_t)rows[i].kept);
		else
			check_contains(rows[i].answer, err.text, rows[i].says);
	}
}

static void
an_answer_may_be_64_kib_long(void **state)
{
	autofree char *text = mem_new(CALLS_ANSWER_MAX + 1, 1);
	autoquestion q = ask("?", NULL, NULL);
	struct err err = { "" };

	(void)state;
	memset(text, 'x', CALLS_ANSWER_MAX + 1);
	assert_int_equal(
		question_accepts(&q, text, CALLS_ANSWER_MAX, NULL, &err), 0);
	assert_int_equal(
		question_accepts(&q, text, CALLS_ANSWER_MAX + 1, NULL, &err),
		-EBADMSG);
}

static void
an_answer_is_dropped_for_its_number(void **state)
{
	struct fixture *f = *state;
	autostr text = STR_INIT;
	struct err err;

	assert_int_equal(question_dropped(f->desk, "t", 2, &text), 0);
	assert_int_equal(question_drop_answer(f->desk, "t", 2, "yes", 3, &err),
	                 0);
	assert_true(fixture_has(f, PLACE_ANSWERS, "t.2"));
	assert_int_equal(question_dropped(f->desk, "t", 2, &text), 1);
	check_text("it lies there", text.data, "yes");
	assert_int_equal(question_dropped(f->desk, "t", 3, &text), 0);
	assert_int_equal(question_drop_answer(f->desk, "t", 2, "no", 2, &err),
	                 -EEXIST);
}

/* The agent takes a whole name for an id first. */
static void
a_task_that_is_called_so_does_not_get_it(void **state)
{
	struct fixture *f = *state;
	autostr text = STR_INIT;

	(void)fixture_task(f, PLACE_READY, 1, "t.2", "x");
	assert_int_equal(question_drop_answer(f->desk, "t", 2, "yes", 3, NULL),
	                 0);
	assert_true(fixture_has(f, PLACE_ANSWERS, "t"));
	assert_false(fixture_has(f, PLACE_ANSWERS, "t.2"));
	assert_int_equal(question_dropped(f->desk, "t", 2, &text), 1);
}

/* A task that is BLOCKED on call 1, an ask. */
static void
block(struct fixture *f)
{
	static char what[] = "Which?", a[] = "a", b[] = "b";
	char *options[] = { a, b, NULL };
	struct call c = { .kind = CALL_ASK,
		          .what = what,
		          .options = options,
		          .fallback = b,
		          .begun_ms = FIXTURE_NOW,
		          .until_ms = FIXTURE_NOW + 5000 };
	struct record rec = RECORD_INIT;
	autostr text = STR_INIT;
	int work = f->desk->at[PLACE_WORK];

	(void)fixture_task(f, PLACE_BLOCKED, 1, "t", "x");
	scratch_mkdir(work, "t");
	scratch_mkdir(work, "t/calls");
	scratch_mkdir(work, "t/calls/0001");
	calls_print(&c, &text);
	scratch_write(work, "t/calls/0001/call.json", text.data);
	rec.reason = BLOCK_QUESTION;
	rec.call = 1;
	assert_int_equal(record_write(f->desk, "t", &rec), 0);
}

static void
what_a_call_asks_is_known_without_the_file(void **state)
{
	struct fixture *f = *state;
	autoquestion q = { 0 };
	autoquestion none = { 0 };

	block(f);
	assert_int_equal(question_open(f->desk, "t", &q), 0);
	check_text("text", q.text, "Which?");
	check_number("options", (int64_t)keys_count(q.options), 2);
	check_text("default", q.fallback, "b");
	check_number("number", q.number, 1);
	check_number("deadline", q.deadline_ms, FIXTURE_NOW + 5000);
	assert_int_equal(question_of_call(f->desk, "t", 2, &none), -ENOENT);
	assert_int_equal(calls_answer(f->desk, "t", 1, "a", 1), 0);
	assert_int_equal(question_open(f->desk, "t", &none), -ENOENT);
}

static void
a_task_that_does_not_wait_asks_nothing(void **state)
{
	struct fixture *f = *state;
	autoquestion q = { 0 };

	block(f);
	scratch_rename(f->desk->fd, "blocked/5.000000000001.0.t",
	               "ready/5.000000000001.0.t");
	assert_int_equal(question_open(f->desk, "t", &q), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_asked_is_read_back,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_person_can_read_it, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(the_same_again_changes_nothing,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(what_stands_there_is_replaced,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test_setup_teardown(what_is_withdrawn_is_gone,
		                                fixture_setup,
		                                fixture_teardown),
		cmocka_unit_test(only_options_are_accepted_where_there_are_any),
		cmocka_unit_test(an_answer_may_be_64_kib_long),
		cmocka_unit_test_setup_teardown(
			an_answer_is_dropped_for_its_number, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_task_that_is_called_so_does_not_get_it, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_a_call_asks_is_known_without_the_file,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_task_that_does_not_wait_asks_nothing, fixture_setup,
			fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

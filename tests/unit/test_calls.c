#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "spool/calls.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

#define ID "t"

static const char boot[] = "11111111-2222-3333-4444-555555555555";

static void
put_call(struct fixture *f, unsigned n, const char *text)
{
	autofree char *dir = mem_printf(ID "/calls/%04u", n);
	autofree char *path = mem_printf("%s/call.json", dir);
	int work = f->desk->at[PLACE_WORK];

	if (!scratch_has(work, ID)) {
		scratch_mkdir(work, ID);
		scratch_mkdir(work, ID "/calls");
	}
	scratch_mkdir(work, dir);
	scratch_write(work, path, text);
}

static void
put_wait(struct fixture *f, const char *text)
{
	int work = f->desk->at[PLACE_WORK];

	if (!scratch_has(work, ID))
		scratch_mkdir(work, ID);
	scratch_write(work, ID "/wait.json", text);
}

static void
a_call_is_read_back_as_it_was_written(void **state)
{
	struct call c = { .kind = CALL_ASK,
		          .what = mem_dup("Which \"database\"?\n\xc3\xa4"),
		          .digest = mem_dup("abc"),
		          .begun_ms = FIXTURE_NOW,
		          .until_ms = FIXTURE_NOW + 1000,
		          .until_boot_ns = 77 * CLOCK_NS_PER_MS,
		          .fallback = mem_dup("a"),
		          .detached = true };
	struct fixture *f = *state;
	autocall back = { 0 };
	autostr text = STR_INIT;

	(void)snprintf(c.boot, sizeof(c.boot), "%s", boot);
	c.options = mem_new(1, sizeof(*c.options));
	keys_append(&c.options, "a");
	keys_append(&c.options, "");
	calls_print(&c, &text);
	put_call(f, 12, str_text(&text));
	assert_int_equal(calls_read(f->desk, ID, 12, &back), 0);
	assert_int_equal(back.n, 12);
	assert_int_equal(back.kind, CALL_ASK);
	assert_string_equal(back.what, c.what);
	assert_string_equal(back.digest, "abc");
	assert_int_equal(back.begun_ms, c.begun_ms);
	assert_int_equal(back.until_ms, c.until_ms);
	assert_int_equal(back.until_boot_ns, c.until_boot_ns);
	assert_string_equal(back.boot, boot);
	assert_string_equal(back.fallback, "a");
	assert_string_equal(back.options[0], "a");
	assert_string_equal(back.options[1], "");
	assert_null(back.options[2]);
	assert_null(back.child);
	assert_true(back.detached);
	calls_done(&c);
}

static void
every_kind_has_its_word(void **state)
{
	static const char *const words[] = { "none", "step", "ask", "call",
		                             "sleep" };

	(void)state;
	for (int k = 0; k < CALL_NKINDS; k++)
		assert_string_equal(calls_kind_name((enum call_kind)k),
		                    words[k]);
}

/* The worker can write here. */
static void
what_is_no_call_is_damage(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"kind\":\"none\",\"what\":\"x\"}",
		"{\"kind\":\"jump\",\"what\":\"x\"}",
		"{\"kind\":3,\"what\":\"x\"}",
		"{\"kind\":\"step\"}",
		"{\"kind\":\"step\",\"what\":7}",
		"{\"kind\":\"ask\",\"what\":\"x\",\"options\":\"a\"}",
		"{\"kind\":\"ask\",\"what\":\"x\",\"options\":[]}",
		"{\"kind\":\"ask\",\"what\":\"x\",\"options\":[1]}",
		"{\"kind\":\"sleep\",\"what\":\"1s\"}",
		"{\"kind\":\"sleep\",\"what\":\"1s\",\"until\":-5}",
		"{\"kind\":\"sleep\",\"what\":\"1s\",\"until\":1e300}",
		"{\"kind\":\"call\",\"what\":\"pm\"}",
		"{\"kind\":\"call\",\"what\":\"pm\",\"child\":\"pm\"}",
		"{\"kind\":\"call\",\"what\":\"pm\",\"child\":\"../x/y\"}",
		"{\"kind\":\"step\",\"what\":\"x\",\"child\":\"pm/a\"}",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < countof(rows); i++) {
		struct err err = { "" };
		autocall c = { 0 };

		put_call(f, i + 1, rows[i]);
		check_number(rows[i], calls_read(f->desk, ID, i + 1, &c),
		             -EBADMSG);
		check_number(rows[i],
		             calls_parse(rows[i], strlen(rows[i]), &c, &err),
		             -EBADMSG);
		if (!err.text[0])
			fail_msg("%s: nothing was said", rows[i]);
	}
}

static void
a_record_is_never_read_through_a_link_or_from_a_pipe(void **state)
{
	struct fixture *f = *state;
	int work = f->desk->at[PLACE_WORK];
	autocall c = { 0 };

	put_call(f, 1, "{\"kind\":\"step\",\"what\":\"x\"}");
	assert_int_equal(calls_read(f->desk, ID, 2, &c), -ENOENT);
	assert_int_equal(calls_read(f->desk, "none", 1, &c), -ENOENT);
	scratch_mkdir(work, ID "/calls/0002");
	scratch_symlink(work, "../0001/call.json", ID "/calls/0002/call.json");
	assert_int_equal(calls_read(f->desk, ID, 2, &c), -EBADMSG);
	scratch_mkdir(work, ID "/calls/0003");
	scratch_fifo(work, ID "/calls/0003/call.json");
	assert_int_equal(calls_read(f->desk, ID, 3, &c), -EBADMSG);
	scratch_mkdir(work, ID "/calls/0004");
	scratch_mkdir(work, ID "/calls/0004/call.json");
	assert_int_equal(calls_read(f->desk, ID, 4, &c), -EBADMSG);
	scratch_symlink(work, "0001", ID "/calls/0005");
	assert_int_equal(calls_read(f->desk, ID, 5, &c), -EBADMSG);
}

static void
a_wait_is_read_back_as_it_was_written(void **state)
{
	struct calls_wait w = { .reason = BLOCK_CHILD,
		                .call = 7,
		                .until_ms = FIXTURE_NOW,
		                .until_boot_ns = 5 * CLOCK_NS_PER_MS,
		                .on = "pm/child",
		                .message = "waits for pm/child" };
	struct fixture *f = *state;
	struct calls_wait back;
	autostr text = STR_INIT;

	(void)snprintf(w.boot, sizeof(w.boot), "%s", boot);
	calls_print_wait(&w, &text);
	put_wait(f, str_text(&text));
	assert_int_equal(calls_waits_for(f->desk, ID, &back), 1);
	assert_int_equal(back.reason, BLOCK_CHILD);
	assert_int_equal(back.call, 7);
	assert_int_equal(back.until_ms, FIXTURE_NOW);
	assert_int_equal(back.until_boot_ns, w.until_boot_ns);
	assert_string_equal(back.boot, boot);
	assert_string_equal(back.on, "pm/child");
	assert_string_equal(back.message, w.message);
}

static void
a_wait_that_makes_no_sense_is_none(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"{\"reason\":\"question\"}",
		"{\"reason\":\"question\",\"call\":0}",
		"{\"reason\":\"question\",\"call\":10000}",
		"{\"reason\":\"question\",\"call\":-1}",
		"{\"reason\":\"retry\",\"call\":1}",
		"{\"reason\":\"crashed\",\"call\":1}",
		"{\"reason\":\"none\",\"call\":1}",
		"{\"reason\":5,\"call\":1}",
		"{\"reason\":\"child\",\"call\":1}",
		"{\"reason\":\"child\",\"call\":1,\"on\":\"pm\"}",
		"{\"reason\":\"child\",\"call\":1,\"on\":\"../../x\"}",
		"{\"reason\":\"sleep\",\"call\":1}",
		"{\"reason\":\"sleep\",\"call\":1,\"until\":-1}",
	};
	struct fixture *f = *state;
	struct calls_wait w;

	assert_int_equal(calls_waits_for(f->desk, ID, &w), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		put_wait(f, rows[i]);
		check_number(rows[i], calls_waits_for(f->desk, ID, &w), 0);
	}
}

static void
an_answer_is_kept_once(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;
	autofree char *private = NULL;

	assert_int_equal(calls_answer(f->desk, ID, 1, "x", 1), -ENOENT);
	put_call(f, 1, "{\"kind\":\"ask\",\"what\":\"Q?\"}");
	assert_int_equal(calls_answered(f->desk, ID, 1), 0);
	assert_int_equal(calls_answer(f->desk, ID, 1, "a\nb", 3), 0);
	assert_int_equal(calls_answered(f->desk, ID, 1), 1);
	assert_int_equal(calls_answer(f->desk, ID, 1, "other", 5), -EEXIST);
	text = fixture_read(f, PLACE_WORK, ID "/calls/0001/answer");
	assert_string_equal(text, "a\nb");
	private = fixture_private(f);
	assert_string_equal(private, "");
}

struct seen {
	unsigned numbers[8];
	size_t n, stop_at;
};

static int
note(void *arg, const struct call *c)
{
	struct seen *seen = arg;

	seen->numbers[seen->n++] = c->n;
	return seen->n == seen->stop_at ? 42 : 0;
}

static void
each_call_that_can_be_read_is_met_in_order(void **state)
{
	static const char step[] = "{\"kind\":\"step\",\"what\":\"x\"}";
	struct fixture *f = *state;
	struct seen all = { .n = 0 }, some = { .stop_at = 2 };

	assert_int_equal(calls_each(f->desk, ID, note, &all), 0);
	assert_int_equal(all.n, 0);
	put_call(f, 11, step);
	put_call(f, 2, step);
	put_call(f, 3, "damaged");
	put_call(f, 1, step);
	scratch_mkdir(f->desk->at[PLACE_WORK], ID "/calls/elsewhere");
	scratch_mkdir(f->desk->at[PLACE_WORK], ID "/calls/.0012");
	assert_int_equal(calls_each(f->desk, ID, note, &all), 0);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.numbers[0], 1);
	assert_int_equal(all.numbers[1], 2);
	assert_int_equal(all.numbers[2], 11);
	assert_int_equal(calls_each(f->desk, ID, note, &some), 42);
	assert_int_equal(some.n, 2);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_is_read_back_as_it_was_written),
		TEST(every_kind_has_its_word),
		TEST(what_is_no_call_is_damage),
		TEST(a_record_is_never_read_through_a_link_or_from_a_pipe),
		TEST(a_wait_is_read_back_as_it_was_written),
		TEST(a_wait_that_makes_no_sense_is_none),
		TEST(an_answer_is_kept_once),
		TEST(each_call_that_can_be_read_is_met_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/result.h"
#include "tests/support/libcheck.h"
#include "tests/support/libfixture.h"

static const struct ending completed = { .outcome = OUT_COMPLETED,
	                                 .uid = 1000,
	                                 .admitted_ms = 1000,
	                                 .ended_ms = 2000 };
static const struct ending failed = { .outcome = OUT_FAILED,
	                              .reason = "exit",
	                              .message = "it exited with 3",
	                              .exit = 3 };

/* A task "a" in saving/ whose worker left outputs; its entry is returned. */
static struct entry
worked(struct fixture *f)
{
	struct entry e = fixture_task(f, PLACE_SAVING, 4, "a",
	                              "---\nlabels: {x: y}\n---\nDo it.\n");
	int work = f->desk->at[PLACE_WORK];

	scratch_mkdir(work, "a");
	scratch_mkdir(work, "a/out");
	scratch_mkdir(work, "a/out/sub");
	scratch_write(work, "a/out/report.md", "report");
	scratch_write(work, "a/out/sub/data", "data");
	scratch_write(work, "a/stdout", "printed");
	scratch_write(work, "a/stderr", "");
	return e;
}

static int
stage(struct fixture *f, enum place from, const struct entry *e,
      const struct ending *end, struct err *err)
{
	char name[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;

	assert_int_equal(
		task_open(f->desk->at[from], entry_format(e, name), &t, NULL),
		0);
	return result_stage(f->desk, from, e, &t, end, FIXTURE_NOW, err);
}

static void
stage_ok(struct fixture *f, enum place from, const struct entry *e,
         const struct ending *end)
{
	struct err err = { "" };

	if (stage(f, from, e, end, &err) < 0)
		fail_msg("%s", err.text);
}

static void
a_result_goes_from_work_to_the_outbox_and_its_entry_goes(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	autofree char *places = NULL;
	autofree char *names = NULL;
	autofree char *journal = NULL;

	assert_int_equal(result_staged(f->desk, "a"), 0);
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_staged(f->desk, "a"), 1);
	assert_int_equal(result_sync(f->desk, "a", NULL), 0);
	assert_int_equal(result_verify(f->desk, "a", NULL), 0);
	/* Nobody sees it before it is published. */
	assert_true(fixture_has(f, PLACE_SAVING, "5.000000000004.0.a"));
	assert_false(fixture_has(f, PLACE_OUTBOX, "a"));
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
	places = fixture_places(f);
	assert_string_equal(places, "outbox/a ");
	names = scratch_list(f->desk->at[PLACE_OUTBOX], "a");
	assert_string_equal(names, "out result.json stderr stdout task");
	assert_false(fixture_has(f, PLACE_WORK, "a"));
	journal = fixture_journal(f);
	assert_string_equal(journal, "end a RUNNING>COMPLETED -\n");
	assert_int_equal(result_check(f->desk, PLACE_OUTBOX, "a", NULL), 0);
}

static void
the_record_says_what_happened(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	autojson *o = NULL;
	autostr text = STR_INIT;

	stage_ok(f, PLACE_SAVING, &e, &failed);
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
	assert_int_equal(result_read(f->desk, PLACE_FAILED, "a", &o, NULL), 0);
	assert_string_equal(json_str(json_get(o, "ref"), ""), "pm/a");
	assert_string_equal(json_str(json_get(o, "state"), ""), "FAILED");
	assert_string_equal(json_str(json_get(o, "reason"), ""), "exit");
	assert_int_equal(json_int(json_get(o, "exit"), -1), 3);
	assert_int_equal(json_int(json_get(o, "seq"), -1), 4);
	assert_string_equal(json_str(json_get(json_get(o, "labels"), "x"), ""),
	                    "y");
	assert_int_equal(json_len(json_get(o, "manifest")), 5);
	result_describe(o, &text);
	assert_string_equal(str_text(&text), "FAILED (exit): it exited with 3");
}

static void
a_withdrawn_task_leaves_from_where_it_was(void **state)
{
	static const struct ending end = { .outcome = OUT_WITHDRAWN,
		                           .reason = "cancelled",
		                           .exit = -1 };
	static const enum place at[] = { PLACE_PENDING, PLACE_READY,
		                         PLACE_BLOCKED };

	(void)state;
	for (size_t i = 0; i < countof(at); i++) {
		struct fixture *f = fixture_new();
		struct entry e = fixture_task(f, at[i], 1, "a", "text");
		autofree char *places = NULL;
		autofree char *journal = NULL;
		autofree char *want =
			mem_printf("end a %s>WITHDRAWN cancelled\n",
		                   state_name(desk_place_state(at[i])));

		stage_ok(f, at[i], &e, &end);
		assert_int_equal(result_publish(f->desk, &f->journal, at[i], &e,
		                                FIXTURE_NOW, NULL),
		                 0);
		places = fixture_places(f);
		assert_string_equal(places, "failed/a ");
		journal = fixture_journal(f);
		assert_string_equal(journal, want);
		fixture_free(f);
	}
}

static void
what_cannot_be_published_is_named(void **state)
{
	static const struct {
		const char *make, *why;
	} rows[] = {
		{ "link", "a symbolic link" },
		{ "fifo", "a FIFO" },
		{ "newline", "a\\nb" },
		{ "bytes", "\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct entry e = worked(f);
		int work = f->desk->at[PLACE_WORK];
		struct err err = { "" };

		if (i == 0)
			scratch_symlink(work, "/dev/null", "a/out/x");
		else if (i == 1)
			scratch_fifo(work, "a/out/x");
		else
			scratch_write(work,
			              i == 2 ? "a/out/a\nb" : "a/out/\xff", "");
		check_number(rows[i].make,
		             stage(f, PLACE_SAVING, &e, &completed, &err),
		             -EBADMSG);
		check_contains(rows[i].make, err.text, rows[i].why);
		assert_int_equal(result_staged(f->desk, "a"), 0);
		fixture_free(f);
	}
}

static void
a_changed_byte_is_found_before_it_is_published(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ "out/report.md", "repork" },
		{ "out/report.md", "report and more" },
		{ "out/sub/data", "" },
		{ "out/report.md", NULL },
		{ "stdout", "printes" },
		{ "task", "---\nlabels: {x: y}\n---\nDo ot.\n" },
		{ "result.json", "{" },
		{ "result.json", NULL },
		{ "result.json", "{\"state\":\"COMPLETED\"}" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture *f = fixture_new();
		struct entry e = worked(f);
		autofree char *path = mem_printf("a/result/%s", rows[i].path);
		int r;

		stage_ok(f, PLACE_SAVING, &e, &completed);
		scratch_unlink(f->desk->at[PLACE_WORK], path);
		if (rows[i].text)
			fixture_put(f, PLACE_WORK, path, rows[i].text);
		r = result_verify(f->desk, "a", NULL);
		check_number(rows[i].path, r == -EBADMSG || r == -ENOENT, true);
		fixture_free(f);
	}
}

static void
a_result_is_published_once(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	autofree char *text = NULL;
	autofree char *places = NULL;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	fixture_put(f, PLACE_OUTBOX, "a/result.json", "{\"id\":\"a\"}");
	fixture_put(f, PLACE_OUTBOX, "a/first", "kept");
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
	text = fixture_read(f, PLACE_OUTBOX, "a/first");
	assert_string_equal(text, "kept");
	places = fixture_places(f);
	assert_string_equal(places, "outbox/a ");
}

static void
what_stands_where_a_result_belongs_makes_way(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	autofree char *places = NULL;

	scratch_mkdir(f->desk->at[PLACE_OUTBOX], "a");
	fixture_put(f, PLACE_OUTBOX, "a/mine", "kept");
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
	assert_int_equal(result_check(f->desk, PLACE_OUTBOX, "a", NULL), 0);
	places = fixture_places(f);
	assert_string_equal(places, "outbox/a rejected/a rejected/a.why ");
	assert_true(fixture_has(f, PLACE_REJECTED, "a/mine"));
}

static void
staging_again_after_a_crash_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	autofree char *names = NULL;

	stage_ok(f, PLACE_SAVING, &e, &completed);
	scratch_unlink(f->desk->at[PLACE_WORK], "a/result/result.json");
	/* As the process died writing it. */
	fixture_put(f, PLACE_WORK, "a/result/.result.json.77.tmp", "{");
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_verify(f->desk, "a", NULL), 0);
	names = scratch_list(f->desk->at[PLACE_WORK], "a/result");
	assert_string_equal(names, "out result.json stderr stdout task");
}

static void
an_artifact_with_a_second_name_is_published_as_a_copy(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);
	int work = f->desk->at[PLACE_WORK];
	autofree char *text = NULL;
	autofree char *private = NULL;
	struct stat st;

	assert_int_equal(sys_link(work, "a/out/report.md", work, "a/mine"), 0);
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(sys_stat(work, "a/result/out/report.md", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	scratch_write(work, "a/mine", "changed");
	assert_int_equal(result_verify(f->desk, "a", NULL), 0);
	text = scratch_read(work, "a/result/out/report.md");
	assert_string_equal(text, "report");
	private = fixture_private(f);
	assert_string_equal(private, "");
}

static void
a_task_that_left_nothing_has_a_result(void **state)
{
	struct fixture *f = *state;
	struct entry e = fixture_task(f, PLACE_SAVING, 4, "a", "text");

	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_verify(f->desk, "a", NULL), 0);
	assert_int_equal(result_publish(f->desk, &f->journal, PLACE_SAVING, &e,
	                                FIXTURE_NOW, NULL),
	                 0);
	assert_true(fixture_has(f, PLACE_OUTBOX, "a/task"));
}

static void
a_discarded_result_leaves_the_scratch(void **state)
{
	struct fixture *f = *state;
	struct entry e = worked(f);

	fixture_put(f, PLACE_WORK, "a/memory", "x");
	stage_ok(f, PLACE_SAVING, &e, &completed);
	assert_int_equal(result_discard(f->desk, "a"), 0);
	assert_int_equal(result_staged(f->desk, "a"), 0);
	assert_true(fixture_has(f, PLACE_WORK, "a/memory"));
	assert_int_equal(result_clean(f->desk, "a"), 0);
	assert_false(fixture_has(f, PLACE_WORK, "a"));
	assert_int_equal(result_clean(f->desk, "a"), 0);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_result_goes_from_work_to_the_outbox_and_its_entry_goes),
		TEST(the_record_says_what_happened),
		cmocka_unit_test(a_withdrawn_task_leaves_from_where_it_was),
		cmocka_unit_test(what_cannot_be_published_is_named),
		cmocka_unit_test(
			a_changed_byte_is_found_before_it_is_published),
		TEST(a_result_is_published_once),
		TEST(staging_again_after_a_crash_loses_nothing),
		TEST(what_stands_where_a_result_belongs_makes_way),
		TEST(an_artifact_with_a_second_name_is_published_as_a_copy),
		TEST(a_task_that_left_nothing_has_a_result),
		TEST(a_discarded_result_leaves_the_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

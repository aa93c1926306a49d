/*
 * Front matter as text; what is read from files is in test_taskfile.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "spool/task.h"
#include "tests/support/libcheck.h"

static int
parse(const char *text, struct task *t, int64_t *body_at, struct err *err)
{
	task_default(t);
	return task_parse(text, strlen(text), "a.md", t, body_at, err);
}

static void
the_body_begins_behind_the_front_matter(void **state)
{
	static const struct {
		const char *row, *text, *body;
	} rows[] = {
		{ "nothing", "", "" },
		{ "no front matter", "Do it.\n", "Do it.\n" },
		{ "empty front matter", "---\n---\nDo it.\n", "Do it.\n" },
		{ "a header", "---\nid: a\n---\nDo it.\n", "Do it.\n" },
		{ "no body", "---\nid: a\n---\n", "" },
		{ "no last newline", "---\nid: a\n---", "" },
		{ "CRLF", "---\r\nid: a\r\n---\r\nDo it.\r\n", "Do it.\r\n" },
		{ "blanks after the rule", "--- \t\nid: a\n---  \nDo it.",
		  "Do it." },
		{ "a byte order mark", "\xef\xbb\xbf---\nid: a\n---\nDo it.",
		  "Do it." },
		{ "a rule in the body", "---\nid: a\n---\nx\n---\ny\n",
		  "x\n---\ny\n" },
		{ "an empty line first", "\n---\nid: a\n---\n",
		  "\n---\nid: a\n---\n" },
		{ "four dashes", "----\nid: a\n---\n", "----\nid: a\n---\n" },
		{ "a rule with text", "--- x\n---\n", "--- x\n---\n" },
		{ "an indented rule", " ---\nid: a\n---\n",
		  " ---\nid: a\n---\n" },
		{ "a comment", "---\n# about it\n---\nDo it.", "Do it." },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autotask t = TASK_INIT;
		struct err err = { "" };
		int64_t at = -1;

		if (parse(rows[i].text, &t, &at, &err) < 0)
			fail_msg("%s: %s", rows[i].row, err.text);
		check_text(rows[i].row, rows[i].text + at, rows[i].body);
	}
}

static void
without_a_header_all_is_at_its_default(void **state)
{
	autotask t = TASK_INIT;
	int64_t at;

	(void)state;
	assert_int_equal(parse("just a body\n", &t, &at, NULL), 0);
	assert_int_equal(at, 0);
	assert_null(t.id);
	assert_null(t.title);
	assert_int_equal(task_class_of(&t), CLASS_MEDIUM);
	assert_int_equal(keys_count(t.after), 0);
	assert_int_equal(keys_count(t.inputs), 0);
	assert_int_equal(keys_count(t.outputs), 0);
	assert_int_equal(t.timeout_ms, -1);
	assert_int_equal(t.retries, -1);
	assert_int_equal(t.on_dependency_failure, DEP_SKIP);
}

static void
every_key_is_read(void **state)
{
	static const char text[] = "---\n"
				   "id: brief\n"
				   "title: \"Write: the brief\"\n"
				   "priority: high\n"
				   "after: [pm/one, pm/two]\n"
				   "inputs:\n"
				   "  - pm/one/plan.md\n"
				   "  - pm/two/a/b c.txt\n"
				   "timeout: 90s\n"
				   "retries: 3\n"
				   "outputs: report.md\n"
				   "on_dependency_failure: block\n"
				   "not_before: 2026-11-21T05:39:18+01:00\n"
				   "input_timeout: 10m\n"
				   "on_input_timeout: ask\n"
				   "supersedes: v1\n"
				   "labels: {team: red, n: 4}\n"
				   "user: anna\n"
				   "device: laptop\n"
				   "trace: 00-0af7-b7ad-01\n"
				   "---\n";
	autotask t = TASK_INIT;
	struct err err = { "" };
	int64_t at;

	(void)state;
	if (parse(text, &t, &at, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(t.id, "brief");
	assert_string_equal(t.title, "Write: the brief");
	assert_int_equal(task_class_of(&t), CLASS_HIGH);
	assert_int_equal(keys_count(t.after), 2);
	assert_string_equal(t.after[1], "pm/two");
	assert_int_equal(keys_count(t.inputs), 2);
	assert_string_equal(t.inputs[1], "pm/two/a/b c.txt");
	assert_int_equal(t.timeout_ms, 90000);
	assert_int_equal(t.retries, 3);
	assert_string_equal(t.outputs[0], "report.md");
	assert_int_equal(t.on_dependency_failure, DEP_BLOCK);
	assert_int_equal(t.not_before_ms, 1795235958000);
	assert_int_equal(t.input_timeout_ms, 600000);
	assert_int_equal(t.on_input_timeout, LATE_ASK);
	assert_int_equal(keys_count(t.supersedes), 1);
	assert_string_equal(t.supersedes[0], "v1");
	assert_int_equal(keys_count(t.labels), 2);
	assert_string_equal(t.labels[1], "n=4");
	assert_string_equal(t.user, "anna");
	assert_string_equal(t.device, "laptop");
	assert_string_equal(t.trace, "00-0af7-b7ad-01");
}

static void
a_mistake_is_told_with_its_place_and_its_remedy(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "---\nid: a\nprioriti: high\n---\n",
		  "a.md:3:1: unknown key 'prioriti'; did you mean "
		  "'priority'?" },
		{ "---\n  zzz: 1\n---\n", "a.md:2:3: unknown key 'zzz'" },
		{ "---\npriority: hihg\n---\n", "a.md:2:11: priority: " },
		{ "---\npriority: hig\n---\n", "did you mean 'high'?" },
		{ "---\ntimeout: 10\n---\n", "a.md:2:10: timeout: '10' has no "
		                             "unit; write 10s" },
		{ "---\nretries: -1\n---\n", "a.md:2:10: retries: " },
		{ "---\nretries: 1001\n---\n", "the most is 1000" },
		{ "---\nid: a b\n---\n", "a.md:2:5: id: " },
		{ "---\nid: [a]\n---\n", "a.md:2:5: id: " },
		{ "---\nid: a\nid: b\n---\n", "a.md:3:1: " },
		{ "---\nafter: {a: b}\n---\n", "a.md:2:8: after: " },
		{ "---\nafter: [pm]\n---\n", "after: 'pm' is not a ref; write "
		                             "AGENT/ID" },
		{ "---\nafter: [pm/a/b]\n---\n", "'pm/a/b' is not a ref" },
		{ "---\ninputs: [pm/a]\n---\n",
		  "inputs: 'pm/a' is not an artifact; write AGENT/ID/PATH" },
		{ "---\ninputs: [pm/a/../b]\n---\n", "is not an artifact" },
		{ "---\ninputs: [pm/a/b, file:x.csv]\n---\n",
		  "a.md:2:18: inputs: 'file:x.csv' is not an absolute path; "
		  "write file:/FOLDER/NAME" },
		{ "---\ninputs: ['file:/d/*/x']\n---\n",
		  "a.md:2:10: inputs: 'file:/d/*/x' has a pattern for a "
		  "folder" },
		{ "---\ninputs: ['file:/d/x', pm/a/x]\n---\n",
		  "'file:/d/x' and 'pm/a/x' would both be at in/x" },
		{ "---\nnot_before: tomorrow\n---\n",
		  "a.md:2:13: not_before: 'tomorrow' is not a time; write as "
		  "in 2026-11-21T09:30:00Z" },
		{ "---\nnot_bevore: 1\n---\n", "did you mean 'not_before'?" },
		{ "---\non_input_timeout: run\n---\n",
		  "a.md:2:19: on_input_timeout: it would never come to that; "
		  "give input_timeout, too" },
		{ "---\non_input_timeout: retry\n---\n",
		  "'retry' is not one of fail, ask, run" },
		{ "---\nsupersedes: pm/v1\n---\n",
		  "a.md:2:13: supersedes: 'pm/v1' is not an id" },
		{ "---\nid: a\nsupersedes: [b, a]\n---\n",
		  "a.md:3:17: supersedes: 'a' is the task itself" },
		{ "---\noutputs: [/etc/x]\n---\n",
		  "outputs: '/etc/x' is not a path below $TASK_OUT" },
		{ "---\noutputs: [../x]\n---\n", "is not a path below" },
		{ "---\nid: a\n", "a.md:1:1: the front matter has no end; "
		                  "close it with a line '---'" },
		{ "---", "a.md:1:1: the front matter has no end" },
		{ "---\n- a\n---\n", "a.md:2:1: " },
		{ "---\nid: *x\n---\n", "a.md:2:5: " },
		{ "---\n\"id: a\n---\n", "a.md:" },
		{ "---\nid: a\xff\n---\n", "a.md:2:6: the byte 0xff" },
		{ "\xef\xbb\xbf---\nid: 1\nx: 2\n---\n", "a.md:3:1: " },
		{ "---\r\nid: 1\r\nxyz: 2\r\n---\r\n", "a.md:3:1: unknown" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autotask t = TASK_INIT;
		struct err err = { "" };
		int64_t at;

		check_number(rows[i].text, parse(rows[i].text, &t, &at, &err),
		             -EBADMSG);
		check_contains(rows[i].text, err.text, rows[i].message);
		assert_null(strchr(err.text, '\n'));
	}
}

static void
a_null_value_is_no_value(void **state)
{
	autotask t = TASK_INIT;
	int64_t at;

	(void)state;
	assert_int_equal(parse("---\nid:\ntitle: ~\ntimeout: null\nafter:\n"
	                       "priority:\n---\n",
	                       &t, &at, NULL),
	                 0);
	assert_null(t.id);
	assert_null(t.title);
	assert_int_equal(t.timeout_ms, -1);
	assert_int_equal(task_class_of(&t), CLASS_MEDIUM);
}

static void
front_matter_beyond_64_kib_is_refused_with_that_reason(void **state)
{
	autofree char *text = mem_new(1, TASK_HEADER_MAX + 1);
	autotask t = TASK_INIT;
	struct err err = { "" };
	int64_t at;

	(void)state;
	memset(text, '#', TASK_HEADER_MAX);
	memset(text, '-', 3);
	text[3] = '\n';
	assert_int_equal(parse(text, &t, &at, &err), -EBADMSG);
	check_contains("too long", err.text, "in the first 64 KiB");
}

/* Print it, read that, print it again: the same, and the same values. */
static void
round_trip(const char *text)
{
	autotask t = TASK_INIT;
	autotask again = TASK_INIT;
	autostr first = STR_INIT, second = STR_INIT;
	struct err err = { "" };
	int64_t at;

	if (parse(text, &t, &at, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	task_print_header(&t, &first);
	if (parse(str_text(&first), &again, &at, &err) < 0)
		fail_msg("%s: %s", str_text(&first), err.text);
	assert_int_equal(at, first.len);
	task_print_header(&again, &second);
	check_text(text, str_text(&second), str_text(&first));
	for (size_t i = 0; i < task_nkeys; i++) {
		autostr a = STR_INIT, b = STR_INIT;

		keys_print(&task_keys[i], &t, &a);
		keys_print(&task_keys[i], &again, &b);
		check_text(task_keys[i].name, str_text(&b), str_text(&a));
	}
}

static void
a_printed_header_is_read_back_the_same(void **state)
{
	static const char *const rows[] = {
		"",
		"---\n---\n",
		"---\nid: a\n---\n",
		"---\nid: '123'\n---\n",
		"---\nid: 'null'\ntitle: 'null'\n---\n",
		"---\nid: 'true'\ntitle: '~'\n---\n",
		"---\ntitle: \"a: b # c\\n\\t--- \\\"q\\\" \\\\\"\n---\n",
		"---\ntitle: ' '\nuser: \"\"\n---\n",
		"---\ntitle: \"\\xe4\\u20ac\\U0001F600\"\n---\n",
		"---\ntitle: '---'\n---\n",
		"---\ntitle: '- x'\n---\n",
		"---\ntitle: '0x10'\nuser: '1e3'\ndevice: '1_000'\n---\n",
		"---\npriority: low\ntimeout: 0\nretries: 0\n---\n",
		"---\ntimeout: 90s\nretries: 1000\n---\n",
		"---\ntimeout: 1500ms\n---\n",
		"---\nafter: [a/b, c/d]\ninputs: [a/b/c d, 'a/b/[x], y']\n---\n",
		"---\noutputs: [a, 'b, c', \"d'e\", '{f}', '#g', '-']\n---\n",
		"---\nlabels: {a: b, 'c d': 'e: f', g: ''}\n---\n",
		"---\non_dependency_failure: block\ntrace: 00-a-b-01\n---\n",
		"---\nnot_before: 2026-11-21T05:39:18.5Z\n---\n",
		"---\ninputs: ['file:/d/[ab]*.csv', 'file:/a b']\n---\n",
		"---\ninput_timeout: 90s\non_input_timeout: run\n---\n",
		"---\nsupersedes: [a, b]\n---\n",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		round_trip(rows[i]);
}

static void
a_header_of_defaults_is_printed_empty(void **state)
{
	autotask t = TASK_INIT;
	autostr out = STR_INIT;

	(void)state;
	task_default(&t);
	task_print_header(&t, &out);
	assert_string_equal(str_text(&out), "---\n---\n");
}

static void
an_input_is_a_ref_and_a_path(void **state)
{
	static const struct {
		const char *input, *agent, *id, *artifact;
	} rows[] = {
		{ "pm/brief/plan.md", "pm", "brief", "plan.md" },
		{ "pm/brief/a/b", "pm", "brief", "a/b" },
		{ "pm/brief", NULL, NULL, NULL },
		{ "pm/brief/", NULL, NULL, NULL },
		{ "pm/brief//a", NULL, NULL, NULL },
		{ "pm//a", NULL, NULL, NULL },
		{ "pm/brief/..", NULL, NULL, NULL },
		{ "../brief/a", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *agent = NULL;
		autofree char *id = NULL;
		autofree char *artifact = NULL;
		int r = task_split_input(rows[i].input, &agent, &id, &artifact);

		check_number(rows[i].input, r, rows[i].agent ? 0 : -EINVAL);
		if (r < 0)
			continue;
		check_text(rows[i].input, agent, rows[i].agent);
		check_text(rows[i].input, id, rows[i].id);
		check_text(rows[i].input, artifact, rows[i].artifact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_begins_behind_the_front_matter),
		cmocka_unit_test(without_a_header_all_is_at_its_default),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(
			a_mistake_is_told_with_its_place_and_its_remedy),
		cmocka_unit_test(a_null_value_is_no_value),
		cmocka_unit_test(
			front_matter_beyond_64_kib_is_refused_with_that_reason),
		cmocka_unit_test(a_printed_header_is_read_back_the_same),
		cmocka_unit_test(a_header_of_defaults_is_printed_empty),
		cmocka_unit_test(an_input_is_a_ref_and_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

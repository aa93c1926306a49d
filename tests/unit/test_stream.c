#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/stream.h"
#include "tests/support/libcheck.h"

static const char *const env[] = { "TASK_ID=brief",
	                           "TASK_REF=pm/brief",
	                           "TASK_AGENT=pm",
	                           "TASK_ATTEMPT=2",
	                           "TASK_FILE=/s/agents/pm/running/x",
	                           "TASK_IN=/s/in",
	                           "TASK_OUT=/s/out",
	                           "TASK_WORK=/s/w",
	                           "SPOOLHAND_ROOT=/s",
	                           "TRACEPARENT=00-ab-cd-01",
	                           NULL };

/* Print, and read again. */
static struct json *
told(const struct stream_order *o)
{
	autostr text = STR_INIT;
	struct json *line;

	stream_print(o, &text);
	/* One line, whatever is in it. */
	assert_ptr_equal(strchr(text.data, '\n'), text.data + text.len - 1);
	line = json_parse(text.data, text.len, NULL);
	assert_non_null(line);
	return line;
}

static const char *
member(const struct json *task, const char *key)
{
	return json_str(json_get(task, key), "(none)");
}

static void
a_task_is_told_whole(void **state)
{
	char title[] = "A \"title\"\nof two lines";
	struct entry e = { .id = "brief", .attempts = 2 };
	struct task t = { .title = title };
	struct stream_order o = { .entry = &e,
		                  .task = &t,
		                  .env = env,
		                  .body_file = "/s/agents/pm/running/x",
		                  .body_at = 17,
		                  .body = "hello\n\xc3\xa4\n" };
	autojson *line = told(&o);
	const struct json *task = json_get(line, "task");

	(void)state;
	assert_string_equal(member(task, "id"), "brief");
	assert_string_equal(member(task, "ref"), "pm/brief");
	assert_string_equal(member(task, "agent"), "pm");
	assert_int_equal(json_int(json_get(task, "attempt"), 0), 2);
	assert_string_equal(member(task, "title"), title);
	assert_string_equal(member(task, "file"), "/s/agents/pm/running/x");
	assert_string_equal(member(task, "in"), "/s/in");
	assert_string_equal(member(task, "out"), "/s/out");
	assert_string_equal(member(task, "work"), "/s/w");
	assert_string_equal(member(task, "trace"), "00-ab-cd-01");
	assert_string_equal(member(task, "body_file"), o.body_file);
	assert_int_equal(json_int(json_get(task, "body_at"), 0), 17);
	assert_string_equal(member(task, "body"), o.body);
	for (const char *const *p = env; *p; p++) {
		const char *eq = strchr(*p, '=');
		char name[64] = "";

		memcpy(name, *p, (size_t)(eq - *p));
		assert_string_equal(member(json_get(task, "env"), name),
		                    eq + 1);
	}
}

static void
what_is_not_there_is_left_out(void **state)
{
	const char *const none[] = { NULL };
	struct entry e = { .id = "brief", .attempts = 1 };
	struct task t = { 0 };
	struct stream_order o = {
		.entry = &e, .task = &t, .env = none, .body_file = "/f"
	};
	autojson *line = told(&o);
	const struct json *task = json_get(line, "task");

	(void)state;
	assert_null(json_get(task, "title"));
	assert_null(json_get(task, "body"));
	assert_null(json_get(task, "ref"));
}

static void
text_is_utf8_without_nul(void **state)
{
	(void)state;
	assert_true(stream_is_text("", 0));
	assert_true(stream_is_text("a\n\x01", 3));
	assert_false(stream_is_text("a\0b", 3));
	assert_false(stream_is_text("\xff", 1));
}

static const struct {
	const char *line;
	enum stream_kind kind;
	const char *output, *done;
	int exit;
	const char *err;
} rows[] = {
	{ "", STREAM_NOISE, NULL, NULL, 0, "" },
	{ "loading model…", STREAM_NOISE, NULL, NULL, 0, "" },
	{ "{\"done\":", STREAM_NOISE, NULL, NULL, 0, "" },
	{ "[\"done\"]", STREAM_NOISE, NULL, NULL, 0, "" },
	{ "17", STREAM_NOISE, NULL, NULL, 0, "" },
	{ "{}", STREAM_SAYS, NULL, NULL, 0, "" },
	{ "{\"progress\":40}", STREAM_SAYS, NULL, NULL, 0, "" },
	{ "{\"output\":\"a\\n\"}", STREAM_SAYS, "a\n", NULL, 0, "" },
	{ "{\"output\":\"\",\"progress\":1}", STREAM_SAYS, "", NULL, 0, "" },
	{ "{\"done\":\"x\",\"exit\":0}", STREAM_DONE, NULL, "x", 0, "" },
	{ "{\"done\":\"x\",\"exit\":255}", STREAM_DONE, NULL, "x", 255, "" },
	{ "{\"exit\":3,\"output\":\"o\",\"done\":\"x\"}", STREAM_DONE, "o", "x",
	  3, "" },
	{ "{\"output\":1}", STREAM_BROKEN, NULL, NULL, 0, "not a string" },
	{ "{\"output\":null}", STREAM_BROKEN, NULL, NULL, 0, "not a string" },
	{ "{\"done\":true,\"exit\":0}", STREAM_BROKEN, NULL, NULL, 0,
	  "not the id" },
	{ "{\"done\":\"x\"}", STREAM_BROKEN, NULL, "x", 0, "without" },
	{ "{\"done\":\"x\",\"exit\":\"0\"}", STREAM_BROKEN, NULL, "x", 0,
	  "without" },
	{ "{\"done\":\"x\",\"exit\":-1}", STREAM_BROKEN, NULL, "x", 0,
	  "without" },
	{ "{\"done\":\"x\",\"exit\":256}", STREAM_BROKEN, NULL, "x", 0,
	  "without" },
	{ "{\"done\":\"x\",\"exit\":1e300}", STREAM_BROKEN, NULL, "x", 0,
	  "without" },
	{ "{\"done\":\"x\",\"exit\":0.5}", STREAM_BROKEN, NULL, "x", 0,
	  "without" },
};

static const char *
or_none(const char *text)
{
	return text ? text : "(none)";
}

static void
each_line_is_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autosaid said = { 0 };
		struct err err = { "" };

		check_number(rows[i].line,
		             stream_read(rows[i].line, strlen(rows[i].line),
		                         &said, &err),
		             rows[i].kind);
		check_text(rows[i].line, or_none(said.output),
		           or_none(rows[i].output));
		check_text(rows[i].line, or_none(said.done),
		           or_none(rows[i].done));
		check_number(rows[i].line, said.exit, rows[i].exit);
		if (rows[i].kind == STREAM_BROKEN)
			assert_non_null(strstr(err.text, rows[i].err));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_told_whole),
		cmocka_unit_test(what_is_not_there_is_left_out),
		cmocka_unit_test(text_is_utf8_without_nul),
		cmocka_unit_test(each_line_is_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

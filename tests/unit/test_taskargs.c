#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cli/verb.h has its own */

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/taskargs.h"
#include "tests/support/libcheck.h"

#define ARGS_MAX 16
#define NOW      INT64_C(1795235958123) /* 2026-11-21T04:39:18.123Z */
#define TRACE    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* Apply options, words separated by blanks, to a task with this header. */
static int
apply(const char *header, const char *options, struct str *out)
{
	autofree char *line = strdup(options);
	autotask t = TASK_INIT;
	char *argv[ARGS_MAX];
	char *save = NULL;
	struct args a;
	int64_t body_at;
	int argc = 0;
	int r;

	for (char *w = strtok_r(line, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	task_default(&t);
	assert_int_equal(
		task_parse(header, strlen(header), "a.md", &t, &body_at, NULL),
		0);
	assert_int_equal(
		args_parse(&a, taskargs_options, TASKARGS_NSUBMIT, argc, argv),
		0);
	r = taskargs_apply(&a, NOW, &t);
	task_print_header(&t, out);
	args_done(&a);
	return r;
}

static void
options_overrule_the_header_and_add_to_its_lists(void **state)
{
	static const struct {
		const char *header, *options, *want;
	} rows[] = {
		{ "", "", "---\n---\n" },
		{ "", "--id x --title T", "---\nid: x\ntitle: T\n---\n" },
		{ "---\nid: a\npriority: high\n---\n", "--id b",
		  "---\nid: b\npriority: high\n---\n" },
		{ "---\npriority: high\n---\n", "--priority medium",
		  "---\n---\n" },
		{ "---\nafter: [pm/a]\n---\n", "--after pm/b --after pm/c",
		  "---\nafter: [pm/a, pm/b, pm/c]\n---\n" },
		{ "", "--input pm/a/x/y.md --output z.md",
		  "---\ninputs: [pm/a/x/y.md]\noutputs: [z.md]\n---\n" },
		{ "---\nlabels: {a: x, b: v}\n---\n", "--label a=z --label c=w",
		  "---\nlabels: {a: z, b: v, c: w}\n---\n" },
		{ "---\ntimeout: 1h\n---\n", "--timeout 5m --retries 2",
		  "---\ntimeout: 5m\nretries: 2\n---\n" },
		{ "", "--not-before 2026-11-21T09:30Z",
		  "---\nnot_before: 2026-11-21T09:30:00.000Z\n---\n" },
		{ "", "--not-before +2h",
		  "---\nnot_before: 2026-11-21T06:39:18.123Z\n---\n" },
		{ "", "--input file:/data/*.csv --supersedes a --supersedes b",
		  "---\ninputs: [\"file:/data/*.csv\"]\n"
		  "supersedes: [a, b]\n---\n" },
		{ "", "--on-dependency-failure block",
		  "---\non_dependency_failure: block\n---\n" },
	};

	(void)state;
	(void)unsetenv("TRACEPARENT");
	for (size_t i = 0; i < countof(rows); i++) {
		autostr got = STR_INIT;

		check_number(rows[i].options,
		             apply(rows[i].header, rows[i].options, &got), 0);
		check_text(rows[i].options, str_text(&got), rows[i].want);
	}
}

static void
a_value_that_cannot_be_is_a_fault_of_usage(void **state)
{
	static const char *const rows[] = {
		"--id a/b",
		"--priority urgent",
		"--after pm",
		"--after pm/a/b",
		"--input pm/a",
		"--timeout 5",
		"--retries -1",
		"--label x",
		"--output ../x",
		"--output /etc/motd",
		"--retries many",
		"--label k=\xff",
		"--title \xc3",
		"--not-before +2",
		"--not-before +-2h",
		"--not-before 2h",
		"--not-before +9999999d",
		"--input file:x",
		"--supersedes pm/a",
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr got = STR_INIT;

		check_number(rows[i], apply("", rows[i], &got), EXIT_USAGE);
	}
}

static void
a_trace_is_carried_on_if_it_is_one(void **state)
{
	static const struct {
		const char *trace, *want;
	} rows[] = {
		{ TRACE, "---\ntrace: " TRACE "\n---\n" },
		{ "", "---\n---\n" },
		{ "00-xyz", "---\n---\n" },
		{ TRACE "0", "---\n---\n" },
		{ "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
		  "---\n---\n" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr got = STR_INIT;

		assert_int_equal(setenv("TRACEPARENT", rows[i].trace, 1), 0);
		check_number(rows[i].trace, apply("", "", &got), 0);
		check_text(rows[i].trace, str_text(&got), rows[i].want);
	}
	(void)unsetenv("TRACEPARENT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			options_overrule_the_header_and_add_to_its_lists),
		cmocka_unit_test(a_value_that_cannot_be_is_a_fault_of_usage),
		cmocka_unit_test(a_trace_is_carried_on_if_it_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

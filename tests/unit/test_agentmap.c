#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/keys.h"
#include "base/str.h"
#include "config/config.h"
#include "config/schema.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static int
parse(const char *text, struct config **out, struct err *err)
{
	return config_parse(text, strlen(text), "f", "/spool", out, err);
}

static struct config *
parsed(const char *text)
{
	struct config *c = NULL;
	struct err err = { "" };

	if (parse(text, &c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return c;
}

/* The keys of the agent that are not as built in. */
static void
print_agent(const struct config_agent *a, struct str *out)
{
	struct config_agent plain = { 0 };

	keys_default(schema_agent, schema_nagent, &plain);
	str_addf(out, "%s:", a->name);
	for (size_t i = 0; i < schema_nagent; i++) {
		autostr is = STR_INIT, was = STR_INIT;

		keys_print(&schema_agent[i], a, &is);
		keys_print(&schema_agent[i], &plain, &was);
		if (strcmp(str_text(&is), str_text(&was)) != 0)
			str_addf(out, " %s=%s", schema_agent[i].name,
			         str_text(&is));
	}
	keys_done(schema_agent, schema_nagent, &plain);
}

static void
an_agent_inherits_what_it_does_not_say(void **state)
{
	static const struct {
		const char *defaults, *agent, *want;
	} rows[] = {
		{ "", "{command: [a, b]}", "x: command=[a, b]" },
		{ "", "{command: a}", "x: command=[a]" },
		{ "{timeout: 5m, max_pending: 2}",
		  "{command: a, max_pending: 0}", "x: command=[a] timeout=5m" },
		{ "{timeout: 5m}", "{command: a, timeout: }",
		  "x: command=[a] timeout=5m" },
		{ "{command: [a, b]}", "", "x: command=[a, b]" },
		{ "{command: [a, b]}", "{}", "x: command=[a, b]" },
		{ "{command: [a, b]}", "{command: c}", "x: command=[c]" },
		{ "{command: a}", "{shell: b}", "x: shell=b" },
		{ "{shell: a}", "{command: b}", "x: command=[b]" },
		{ "{shell: a}", "{command: ~}", "x: shell=a" },
		{ "{env: {A: 1, B: 2}}", "{shell: a, env: {B: 3, C: ''}}",
		  "x: shell=a env={A: 1, B: 3, C: \"\"}" },
		{ "{verify: [a, b]}", "{shell: a}",
		  "x: shell=a verify=[a, b]" },
		{ "{verify: [a, b]}", "{shell: a, verify: []}", "x: shell=a" },
		{ "{retry: {cap: 1h}}", "{shell: a, retry: {base: 10m}}",
		  "x: shell=a retry.base=10m retry.cap=1h" },
		{ "{retry: {base: 10m}}", "{shell: a, retry: {cap: 10m}}",
		  "x: shell=a retry.base=10m retry.cap=10m" },
		{ "{retry: {max: 3, on: [timeout, failed], factor: 1.5}}",
		  "{shell: a, retry: {max: ~, on: crashed, jitter: 0.25}}",
		  "x: shell=a retry.max=3 retry.factor=1.5 retry.jitter=0.25 "
		  "retry.on=[crashed]" },
		{ "{retry: {max: 3}}", "{shell: a, retry: ~}",
		  "x: shell=a retry.max=3" },
		{ "{retry: {on: [timeout]}}", "{shell: a, retry: {on: []}}",
		  "x: shell=a retry.on=[]" },
		{ "{signs: {rate_limit: ['429'], session: a}}",
		  "{shell: a, session: yes, signs: {rate_limit: [b, c]}}",
		  "x: shell=a signs.rate_limit=[b, c] signs.session=[a] "
		  "session=true" },
		{ "{pause_after: 5}", "{shell: a, probe: 10s}",
		  "x: shell=a pause_after=5 probe=10s" },
		{ "~", "{shell: a, max_pending: 7, ageing: 1h, grace: 0}",
		  "x: shell=a grace=0 max_pending=7 ageing=1h" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr text = STR_INIT, got = STR_INIT;
		autoconfig *c = NULL;

		str_addf(&text, "defaults: %s\nagents:\n  x: %s\n",
		         rows[i].defaults, rows[i].agent);
		c = parsed(str_text(&text));
		print_agent(&c->agents[0], &got);
		check_text(str_text(&text), str_text(&got), rows[i].want);
	}
}

static void
a_path_is_meant_from_the_folder_of_the_file(void **state)
{
	static const struct {
		const char *command, *want;
	} rows[] = {
		{ "wc", "wc" },
		{ "/bin/wc", "/bin/wc" },
		{ "bin/wc", "/spool/bin/wc" },
		{ "./wc", "/spool/wc" },
		{ "././wc", "/spool/wc" },
		{ "../wc", "/spool/../wc" },
		{ ".hidden/wc", "/spool/.hidden/wc" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autostr text = STR_INIT;
		autoconfig *c = NULL;

		str_addf(&text, "agents: {x: {command: [%s, a/b], verify: %s}}",
		         rows[i].command, rows[i].command);
		c = parsed(str_text(&text));
		check_text(rows[i].command, c->agents[0].command[0],
		           rows[i].want);
		check_text(rows[i].command, c->agents[0].command[1], "a/b");
		check_text(rows[i].command, c->agents[0].verify[0],
		           rows[i].want);
	}
}

static void
a_path_from_the_root_has_one_slash(void **state)
{
	static const char text[] = "agents: {x: {command: bin/wc}}";
	autoconfig *c = NULL;

	(void)state;
	assert_int_equal(config_parse(text, strlen(text), "f", "/", &c, NULL),
	                 0);
	assert_string_equal(c->agents[0].command[0], "/bin/wc");
}

static void
what_is_wrong_with_an_agent_is_said_with_place_and_remedy(void **state)
{
	static const struct {
		const char *agent, *want;
	} rows[] = {
		{ "x:", "f:2:2: agent 'x' has nothing to run; give it a "
		        "command or a shell" },
		{ "x: {grace: 1s}", "f:2:2: agent 'x' has nothing to run; "
		                    "give it a command or a shell" },
		{ "x: wc", "f:2:5: a map, 'key: value', is expected, not a "
		           "single value" },
		{ "x: [wc, -w]", "f:2:5: a map, 'key: value', is expected, "
		                 "not a list" },
		{ "x: {comand: wc}",
		  "f:2:6: unknown key 'comand'; did you mean 'command'?" },
		{ "x: {shell: y}\n x: {shell: y}",
		  "f:3:2: the key 'x' stands twice in this map, first in line "
		  "2; remove one of them" },
		{ "a b: {shell: y}",
		  "f:2:2: 'a b' cannot be the name of an agent; use letters, "
		  "digits, '.', '_' and '-', and begin with neither '.' nor "
		  "'-'" },
		{ "../x: {shell: y}",
		  "f:2:2: '../x' cannot be the name of an agent; use letters, "
		  "digits, '.', '_' and '-', and begin with neither '.' nor "
		  "'-'" },
		{ "gm: {shell: y}",
		  "f:2:2: the name 'gm' is the orchestrator's own; choose "
		  "another for this agent" },
		{ "x: {command: [a], shell: b}",
		  "f:2:27: there is a command and a shell; remove one of "
		  "them" },
		{ "x: {command: wc -w}",
		  "f:2:15: command: 'wc -w' holds a blank; write a list, "
		  "[program, argument], or use shell:" },
		{ "x: {shell: y, verify: test -s a}",
		  "f:2:24: verify: 'test -s a' holds a blank; write a list, "
		  "[program, argument]" },
		{ "x: {command: ''}", "f:2:15: command: it may not be "
		                      "empty" },
		{ "x: {command: []}", "f:2:15: command: it may not be "
		                      "empty" },
		{ "x: {command: ['', a]}",
		  "f:2:16: command: the program has no name" },
		{ "x: {command: {a: b}}",
		  "f:2:15: command: a list is expected, not a map" },
		{ "x: {shell: ''}", "f:2:13: shell: it may not be empty" },
		{ "x: {shell: [a]}",
		  "f:2:13: shell: a single value is expected, not a list" },
		{ "x: {shell: y, env: {1A: b}}",
		  "f:2:22: env: '1A' cannot be the name of a variable; use "
		  "letters, digits and '_', and begin with no digit" },
		{ "x: {shell: y, env: {A-B: c}}",
		  "f:2:22: env: 'A-B' cannot be the name of a variable; use "
		  "letters, digits and '_', and begin with no digit" },
		{ "x: {shell: y, env: {TASK_X: c}}",
		  "f:2:22: env: 'TASK_X' is set by spoolhand itself; choose "
		  "another name" },
		{ "x: {shell: y, env: {SPOOLHAND_ROOT: c}}",
		  "f:2:22: env: 'SPOOLHAND_ROOT' is set by spoolhand itself; "
		  "choose another name" },
		{ "x: {shell: y, env: {A: }}",
		  "f:2:25: env: a value is missing; write \"\" for an empty "
		  "text" },
		{ "x: {shell: y, timeout: 400d}",
		  "f:2:25: timeout: '400d' is too large; the most is 365d" },
		{ "x: {shell: y, retries: 2}",
		  "f:2:16: unknown key 'retries'; write retry: {max: 2}" },
		{ "x: {crash_retries: 2}",
		  "f:2:6: unknown key 'crash_retries'; write retry: "
		  "{crashes: 3}" },
		{ "x: {shell: y, backoff: 1s}",
		  "f:2:16: unknown key 'backoff'; write retry: {base: 1s}" },
		{ "x: {shell: y, backoff_max: 1h}",
		  "f:2:16: unknown key 'backoff_max'; write retry: "
		  "{cap: 5m}" },
		{ "x: {shell: y, retry: 3}",
		  "f:2:23: retry: a map, 'key: value', is expected, not a "
		  "single value" },
		{ "x: {shell: y, retry: {mx: 3}}",
		  "f:2:24: retry: unknown key 'mx'; did you mean 'max'?" },
		{ "x: {shell: y, retry: {max: -1}}",
		  "f:2:29: retry.max: '-1' is too small; the least is 0" },
		{ "x: {shell: y, retry: {base: 0}}",
		  "f:2:30: retry.base: '0' is too small; the least is 10ms" },
		{ "x: {shell: y, retry: {factor: 0.5}}",
		  "f:2:32: retry.factor: '0.5' is too small; the least is 1" },
		{ "x: {shell: y, retry: {on: [timeout, tiemout]}}",
		  "f:2:38: retry.on: 'tiemout' is not one of temporary, "
		  "rate_limit, timeout, stalled, crashed, failed, "
		  "verify_failed, no_output; did you mean 'timeout'?" },
		{ "x: {shell: y, retry: {base: 10m}}",
		  "f:2:30: agent 'x': retry.base is longer than retry.cap; "
		  "raise retry.cap" },
		{ "x: {shell: y, retry: {cap: 10ms}}",
		  "f:2:29: agent 'x': retry.base is longer than retry.cap; "
		  "raise retry.cap" },
		{ "x: {shell: y, signs: {permanent: [a, '']}}",
		  "f:2:39: signs.permanent: an empty text is no sign; remove "
		  "it" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct config *c = NULL;
		struct err err = { "" };
		autostr text = STR_INIT;

		str_addf(&text, "agents:\n %s\n", rows[i].agent);
		check_number(rows[i].agent, parse(str_text(&text), &c, &err),
		             -EBADMSG);
		check_text(rows[i].agent, err.text, rows[i].want);
		assert_null(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_inherits_what_it_does_not_say),
		cmocka_unit_test(a_path_is_meant_from_the_folder_of_the_file),
		cmocka_unit_test(a_path_from_the_root_has_one_slash),
		cmocka_unit_test(
			what_is_wrong_with_an_agent_is_said_with_place_and_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

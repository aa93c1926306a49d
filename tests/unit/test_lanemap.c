#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "config/config.h"
#include "tests/support/libcheck.h"

static int
parse(const char *text, struct config **out, struct err *err)
{
	return config_parse(text, strlen(text), "f.yaml", "/spool", out, err);
}

static void
agents_share_the_limits_of_their_lane(void **state)
{
	static const char text[] = "lanes:\n"
				   "  llm: {running: 3, per_minute: 20}\n"
				   "  gpu: {running: 1}\n"
				   "defaults: {shell: cat, lane: llm}\n"
				   "agents:\n"
				   "  a: {}\n"
				   "  b: {lane: gpu}\n"
				   "  c: {lane: ''}\n";
	const struct config_lane *lane;
	autoconfig *c = NULL;
	struct err err = { "" };

	(void)state;
	if (parse(text, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c->nlanes, 2);
	lane = config_lane_of(c, config_agent(c, "a"));
	assert_string_equal(lane->name, "llm");
	assert_true(lane->running == 3);
	assert_true(lane->per_minute == 20);
	lane = config_lane_of(c, config_agent(c, "b"));
	assert_string_equal(lane->name, "gpu");
	assert_true(lane->per_minute == 0);
	assert_null(config_lane_of(c, config_agent(c, "c")));
}

static void
a_file_without_lanes_has_none(void **state)
{
	autoconfig *c = NULL;

	(void)state;
	assert_int_equal(parse("lanes:\nagents: {a: {shell: cat}}\n", &c, NULL),
	                 0);
	assert_int_equal(c->nlanes, 0);
	assert_null(config_lane_of(c, config_agent(c, "a")));
}

static void
mistakes_are_told_with_their_place_and_remedy(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "lanes: {llm: {running: 1}}\n"
		  "agents: {a: {shell: cat, lane: lmm}}\n",
		  "f.yaml:2:32: lane: there is no lane 'lmm'; did you mean "
		  "'llm'?" },
		{ "lanes: {llm: {running: 1}}\n"
		  "defaults: {lane: other}\n"
		  "agents: {a: {shell: cat}}\n",
		  "f.yaml:2:18: lane: there is no lane 'other'; add it, as in "
		  "lanes: {other: {running: 3}}" },
		{ "agents: {a: {shell: cat, lane: x y}}\n",
		  "there is no lane 'x y'; add it, as in lanes: {llm: " },
		{ "lanes: {llm: {}}\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:9: lane 'llm' limits nothing; give it running or "
		  "per_minute" },
		{ "lanes: {llm: }\nagents: {a: {shell: cat}}\n",
		  "limits nothing" },
		{ "lanes: {llm: {runing: 1}}\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:15: unknown key 'runing'; did you mean "
		  "'running'?" },
		{ "lanes: {llm: {running: 1001}}\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:24: running: " },
		{ "lanes: {llm: 3}\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:14: " },
		{ "lanes: {a/b: {running: 1}}\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:9: 'a/b' cannot be the name of a lane" },
		{ "lanes: [llm]\nagents: {a: {shell: cat}}\n",
		  "f.yaml:1:8: lanes: a map from names to lanes is expected" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autoconfig *c = NULL;
		struct err err = { "" };

		check_number(rows[i].text, parse(rows[i].text, &c, &err),
		             -EBADMSG);
		check_contains(rows[i].text, err.text, rows[i].says);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agents_share_the_limits_of_their_lane),
		cmocka_unit_test(a_file_without_lanes_has_none),
		cmocka_unit_test(mistakes_are_told_with_their_place_and_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

#define AGENTS "agents: {x: {shell: y}}\n"

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

static void
an_agent_needs_nothing_but_something_to_run(void **state)
{
	autoconfig *c = parsed("agents:\n  pm: {shell: cat}\n");
	const struct config_agent *a = config_agent(c, "pm");

	(void)state;
	assert_string_equal(c->path, "f");
	assert_string_equal(c->dir, "/spool");
	assert_int_equal(c->nagents, 1);
	assert_int_equal(c->durability, CONFIG_FULL);
	assert_int_equal(c->watch, CONFIG_AUTO);
	assert_int_equal(c->settle_ms, 300);
	assert_int_equal(c->rescan_ms, 30000);
	assert_int_equal(c->poll_ms, 200);
	assert_int_equal(c->max_task_bytes, 64 << 20);
	assert_int_equal(c->restart_backoff_ms, 1000);
	assert_int_equal(c->restart_backoff_max_ms, 60000);
	assert_int_equal(c->quarantine_after, 5);
	assert_int_equal(c->quarantine_window_ms, 60000);
	assert_int_equal(a->line, 2);
	assert_null(a->command);
	assert_string_equal(a->shell, "cat");
	assert_null(a->verify);
	assert_null(a->env);
	assert_int_equal(a->timeout_ms, 0);
	assert_int_equal(a->grace_ms, 10000);
	assert_int_equal(a->retry.max, 0);
	assert_int_equal(a->retry.base_ms, 1000);
	assert_true(a->retry.factor == 2);
	assert_int_equal(a->retry.cap_ms, 300000);
	assert_true(a->retry.jitter == 0);
	assert_int_equal(a->retry.on, (1 << CONFIG_NCLASSES) - 1);
	assert_int_equal(a->retry.crashes, 3);
	assert_int_equal(a->retry.reviews, 3);
	assert_int_equal(a->retry.within_ms, 5 * 86400000LL);
	assert_null(a->signs.rate_limit);
	assert_false(a->session);
	assert_int_equal(a->pause_after, 0);
	assert_int_equal(a->probe_ms, 60000);
	assert_int_equal(a->max_pending, 0);
	assert_int_equal(a->ageing_ms, 0);
}

static void
the_keys_of_the_top_are_read(void **state)
{
	autoconfig *c = parsed("durability: process\nwatch: poll\n"
	                       "settle: 0\nrescan: 1d\npoll: 10ms\n"
	                       "max_task_bytes: 1K\nrestart_backoff: 2s\n"
	                       "restart_backoff_max: 2s\n"
	                       "quarantine_after: 1\nquarantine_window: 7d\n"
	                       "agents: {a: {shell: b}}\n");

	(void)state;
	assert_int_equal(c->durability, CONFIG_PROCESS);
	assert_int_equal(c->watch, CONFIG_POLL);
	assert_int_equal(c->settle_ms, 0);
	assert_int_equal(c->rescan_ms, 86400000);
	assert_int_equal(c->poll_ms, 10);
	assert_int_equal(c->max_task_bytes, 1024);
	assert_int_equal(c->restart_backoff_ms, 2000);
	assert_int_equal(c->restart_backoff_max_ms, 2000);
	assert_int_equal(c->quarantine_after, 1);
	assert_int_equal(c->quarantine_window_ms, 7 * 86400000LL);
}

static void
agents_keep_their_order(void **state)
{
	autoconfig *c = parsed("agents:\n  b: {shell: x}\n  a: {shell: x}\n"
	                       "  c: {shell: x}\n");

	(void)state;
	assert_int_equal(c->nagents, 3);
	assert_string_equal(c->agents[0].name, "b");
	assert_string_equal(c->agents[1].name, "a");
	assert_string_equal(c->agents[2].name, "c");
	assert_int_equal(c->agents[2].line, 4);
	assert_ptr_equal(config_agent(c, "a"), &c->agents[1]);
	assert_null(config_agent(c, "d"));
	assert_null(config_agent(c, ""));
}

static void
an_agent_that_is_not_there_is_told_with_the_nearest(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "pn", "agent 'pn' is not in spoolhand.yaml; did you mean "
		        "'pm'?" },
		{ "writr", "agent 'writr' is not in spoolhand.yaml; did you "
		           "mean 'writer'?" },
		{ "tester", "agent 'tester' is not in spoolhand.yaml; it has "
		            "pm, writer" },
		{ "", "agent '' is not in spoolhand.yaml; it has pm, writer" },
		{ "a\nb", "agent 'a\\nb' is not in spoolhand.yaml; it has pm, "
		          "writer" },
	};
	static const char text[] =
		"agents: {pm: {shell: x}, writer: {shell: x}}";
	autoconfig *c = NULL;
	const struct config_agent *a = NULL;

	(void)state;
	assert_int_equal(config_parse(text, strlen(text),
	                              "/home/me/spoolhand.yaml", "/home/me", &c,
	                              NULL),
	                 0);
	for (size_t i = 0; i < countof(rows); i++) {
		struct err err = { "" };

		check_number(rows[i].name,
		             config_find(c, rows[i].name, &a, &err), -ENOENT);
		check_text(rows[i].name, err.text, rows[i].want);
		assert_null(a);
	}
	assert_int_equal(config_find(c, "pm", &a, NULL), 0);
	assert_string_equal(a->name, "pm");
}

static void
many_agents_are_not_all_listed(void **state)
{
	autostr text = STR_INIT;
	autoconfig *c = NULL;
	const struct config_agent *a = NULL;
	struct err err = { "" };

	(void)state;
	str_adds(&text, "agents:\n");
	for (int i = 0; i < 9; i++)
		str_addf(&text, "  agent%d: {shell: x}\n", i);
	c = parsed(str_text(&text));
	assert_int_equal(config_find(c, "pm", &a, &err), -ENOENT);
	assert_string_equal(err.text,
	                    "agent 'pm' is not in f; it has agent0, agent1, "
	                    "agent2, agent3, agent4, agent5, agent6, agent7 "
	                    "and more");
}

static void
what_is_wrong_is_said_with_place_and_remedy(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "f:1:1: there are no agents; add one, as in agents: "
		      "{count: {command: [wc, -w]}}" },
		{ "poll: 1s\nagents:\n", "f:2:8: there are no agents; add one, "
		                         "as in agents: {count: {command: [wc, "
		                         "-w]}}" },
		{ "agents: {}", "f:1:9: there are no agents; add one, as in "
		                "agents: {count: {command: [wc, -w]}}" },
		{ "agents: [x]", "f:1:9: agents: a map from names to agents is "
		                 "expected" },
		{ "- a", "f:1:1: a map, 'key: value', is expected, not a "
		         "list" },
		{ "a: [", "f:2:1: a list or map is not closed; add the missing "
		          "']' or '}'" },
		{ AGENTS "agnets: {}",
		  "f:2:1: unknown key 'agnets'; did you mean 'agents'?" },
		{ AGENTS "setle: 1s", "f:2:1: unknown key 'setle'; did you "
		                      "mean 'settle'?" },
		{ AGENTS "timeout: 1s", "f:2:1: unknown key 'timeout'; the "
		                        "keys here are durability, watch, "
		                        "containment, settle, rescan, poll, "
		                        "max_task_bytes, "
		                        "restart_backoff, restart_backoff_max, "
		                        "quarantine_after, quarantine_window, "
		                        "defaults, agents, lanes" },
		{ AGENTS "durability: ful",
		  "f:2:13: durability: 'ful' is not one of full, process; did "
		  "you mean 'full'?" },
		{ AGENTS "rescan: 30", "f:2:9: rescan: '30' has no unit; write "
		                       "30s for seconds, or ms, m, h, d" },
		{ AGENTS "rescan: 0", "f:2:9: rescan: '0' is too small; the "
		                      "least is 1s" },
		{ AGENTS "max_task_bytes: 64MB",
		  "f:2:17: max_task_bytes: '64MB' is not a size; write bytes, "
		  "or as in 64K, 16M, 1G" },
		{ AGENTS "restart_backoff: 5m",
		  "f:2:18: restart_backoff is longer than "
		  "restart_backoff_max; raise restart_backoff_max" },
		{ AGENTS "restart_backoff_max: 10ms",
		  "f:2:22: restart_backoff is longer than "
		  "restart_backoff_max; raise restart_backoff_max" },
		{ AGENTS "defaults: {tmeout: 1s}",
		  "f:2:12: unknown key 'tmeout'; did you mean 'timeout'?" },
		{ AGENTS "defaults: [a]",
		  "f:2:11: a map, 'key: value', is expected, not a list" },
		{ AGENTS "defaults: {command: [a], shell: b}",
		  "f:2:33: there is a command and a shell; remove one of "
		  "them" },
		{ AGENTS "defaults: {command: a b}",
		  "f:2:21: command: 'a b' holds a blank; write a list, "
		  "[program, argument], or use shell:" },
		{ AGENTS "defaults: {env: {TASK_ID: 1}}",
		  "f:2:18: env: 'TASK_ID' is set by spoolhand itself; choose "
		  "another name" },
		{ "defaults: {retry: {base: 10m}}\n" AGENTS,
		  "f:1:26: agent 'x': retry.base is longer than retry.cap; "
		  "raise retry.cap" },
		{ AGENTS "defaults: {retries: 2}",
		  "f:2:12: unknown key 'retries'; write retry: {max: 2}" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct config *c = NULL;
		struct err err = { "" };

		check_number(rows[i].text, parse(rows[i].text, &c, &err),
		             -EBADMSG);
		check_text(rows[i].text, err.text, rows[i].want);
		assert_null(c);
		assert_int_equal(parse(rows[i].text, &c, NULL), -EBADMSG);
	}
}

static void
there_is_an_end_to_the_agents(void **state)
{
	autostr text = STR_INIT;
	struct config *c = NULL;
	struct err err = { "" };

	(void)state;
	str_adds(&text, "defaults: {shell: x}\nagents:\n");
	for (int i = 0; i < 2000; i++)
		str_addf(&text, "  a%d:\n", i);
	assert_int_equal(parse(str_text(&text), &c, &err), 0);
	assert_int_equal(c->nagents, 2000);
	config_free(c);
	c = NULL;
	str_adds(&text, "  b:\n");
	assert_int_equal(parse(str_text(&text), &c, &err), -EBADMSG);
	assert_string_equal(err.text, "f:3:3: there are more than 2000 agents");
	config_free(NULL);
}

static void
a_file_is_loaded_from_where_it_lies(void **state)
{
	const struct scratch *s = *state;
	autofree char *path = mem_printf("%s/a/spoolhand.yaml", s->path);
	autofree char *roundabout =
		mem_printf("%s/a/../a/spoolhand.yaml", s->path);
	autofree char *dir = mem_printf("%s/a", s->path);
	autofree char *want = mem_printf("%s/a/bin/x", s->path);
	const char *const paths[] = { path, roundabout };

	scratch_mkdir(s->fd, "a");
	scratch_write(s->fd, "a/spoolhand.yaml",
	              "agents: {x: {command: bin/x}}\n");
	for (size_t i = 0; i < countof(paths); i++) {
		autoconfig *c = NULL;
		struct err err = { "" };

		check_number(paths[i], config_load(paths[i], &c, &err), 0);
		assert_string_equal(c->path, paths[i]);
		assert_string_equal(c->dir, dir);
		assert_string_equal(c->agents[0].command[0], want);
	}
}

static void
a_file_in_the_working_directory_has_an_absolute_folder(void **state)
{
	const struct scratch *s = *state;
	autofree char *before = getcwd(NULL, 0);
	autoconfig *c = NULL;

	scratch_write(s->fd, "spoolhand.yaml", AGENTS);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(config_load("spoolhand.yaml", &c, NULL), 0);
	assert_int_equal(chdir(before), 0);
	assert_string_equal(c->dir, s->path);
	assert_string_equal(c->path, "spoolhand.yaml");
}

static void
a_link_to_a_file_is_followed(void **state)
{
	const struct scratch *s = *state;
	autofree char *path = mem_printf("%s/spoolhand.yaml", s->path);
	autoconfig *c = NULL;

	scratch_mkdir(s->fd, "dotfiles");
	scratch_write(s->fd, "dotfiles/x.yaml", AGENTS);
	scratch_symlink(s->fd, "dotfiles/x.yaml", "spoolhand.yaml");
	assert_int_equal(config_load(path, &c, NULL), 0);
	assert_string_equal(c->dir, s->path);
}

/* Load `name` in the scratch folder; the message begins with its path. */
static void
check_load(const struct scratch *s, const char *name, int want,
           const char *message)
{
	autofree char *path = mem_printf("%s/%s", s->path, name);
	autofree char *text = mem_printf("%s%s", path, message);
	struct config *c = NULL;
	struct err err = { "" };

	check_number(name, config_load(path, &c, &err), want);
	check_text(name, err.text, text);
	assert_null(c);
	check_number(name, config_load(path, &c, NULL), want);
}

static void
a_file_that_cannot_be_loaded_is_told_by_its_path(void **state)
{
	const struct scratch *s = *state;
	autostr large = STR_INIT;

	for (int i = 0; i <= 1 << 16; i++)
		str_adds(&large, "# 3456789012345\n");
	scratch_write(s->fd, "large", str_text(&large));
	scratch_write(s->fd, "bad", "agents: {x: {shell: y}}\nb: 1\nb: 2\n");
	scratch_write_bytes(s->fd, "nul", "agents:\0", 8);
	scratch_mkdir(s->fd, "folder");
	scratch_fifo(s->fd, "pipe");
	scratch_symlink(s->fd, "loop", "loop");
	check_load(s, "none", -ENOENT,
	           ": there is no such file; 'spoolhand init' makes one");
	check_load(s, "none/none", -ENOENT,
	           ": there is no such file; 'spoolhand init' makes one");
	check_load(s, "large", -EBADMSG, ": the text is larger than 1 MiB");
	check_load(s, "folder", -EBADMSG, ": this is not a plain file");
	check_load(s, "pipe", -EBADMSG, ": this is not a plain file");
	check_load(s, "loop", -ELOOP, ": Too many levels of symbolic links");
	check_load(s, "bad/x", -ENOTDIR, ": Not a directory");
	check_load(s, "bad", -EBADMSG,
	           ":3:1: the key 'b' stands twice in this map, first in line "
	           "2; remove one of them");
	check_load(s, "nul", -EBADMSG,
	           ":1:8: a control byte, 0x00, may not stand here; remove it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_needs_nothing_but_something_to_run),
		cmocka_unit_test(the_keys_of_the_top_are_read),
		cmocka_unit_test(agents_keep_their_order),
		cmocka_unit_test(
			an_agent_that_is_not_there_is_told_with_the_nearest),
		cmocka_unit_test(many_agents_are_not_all_listed),
		cmocka_unit_test(what_is_wrong_is_said_with_place_and_remedy),
		cmocka_unit_test(there_is_an_end_to_the_agents),
		cmocka_unit_test_setup_teardown(
			a_file_is_loaded_from_where_it_lies, scratch_setup,
			scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_file_in_the_working_directory_has_an_absolute_folder,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_link_to_a_file_is_followed,
		                                scratch_setup,
		                                scratch_teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_be_loaded_is_told_by_its_path,
			scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A running agent whose disk misbehaves while it saves: what is wrong is
 * never released, and what cannot be saved is not lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/watch.h"
#include "spool/result.h"
#include "tests/support/libfixture.h"

#define DEADLINE_MS 20000

static const char yaml[] = "agents:\n"
			   "  pm:\n"
			   "    shell: echo good >$TASK_OUT/x\n"
			   "    retry: {base: 10ms}\n";

/* Where the hook finds the staged result; set before the agent is forked. */
static const char *staged_file;
static int failures_left;

/* The moment after the manifest was made: one byte of what it tells of. */
static int
flip_a_byte(enum sys_op op, const char *name)
{
	int fd;

	if (op != SYS_REPLACE || strcmp(name, RESULT_FILE) != 0 ||
	    failures_left-- <= 0)
		return 0;
	fd = open(staged_file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, "b", 1, 0) != 1)
		abort();
	(void)close(fd);
	return 0;
}

static bool
is_saving(void)
{
	return access(staged_file, F_OK) == 0;
}

/* Every sync of the staged result fails while failures are left. */
static int
fail_syncs(enum sys_op op, const char *name)
{
	(void)name;
	if (op != SYS_FSYNC || !is_saving() || failures_left <= 0)
		return 0;
	failures_left--;
	return -EIO;
}

static int
fill_the_disk(enum sys_op op, const char *name)
{
	(void)name;
	if ((op != SYS_CREATE && op != SYS_WRITE) || !is_saving() ||
	    failures_left <= 0)
		return 0;
	failures_left--;
	return -ENOSPC;
}

static pid_t
run_agent(struct fixture *f, int (*hook)(enum sys_op, const char *))
{
	pid_t pid = fork();

	if (pid == 0) {
		autoconfig *config = NULL;
		struct err err = { "" };
		int r = config_parse(yaml, strlen(yaml), "test.yaml",
		                     f->scratch->path, &config, &err);

		log_open("test", LOG_ERROR, 0);
		sys_fault = hook;
		if (r == 0)
			r = agent_run(f->spool, config, &config->agents[0],
			              &err);
		if (r < 0)
			(void)fprintf(stderr, "%s\n", err.text);
		_exit(r < 0);
	}
	assert_true(pid > 0);
	return pid;
}

static void
ignore_event(void *arg, enum watch_event event, int token, const char *name)
{
	(void)arg;
	(void)event;
	(void)token;
	(void)name;
}

/* Wait until the task has a result in one of the two places. */
static enum place
await_end(struct fixture *f, const char *id)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };
	struct watch *w = NULL;
	int64_t end = clock_wall_ms() + DEADLINE_MS;

	assert_int_equal(watch_new(&w), 0);
	for (size_t i = 0; i < countof(ends); i++)
		assert_int_equal(watch_dir(w, f->desk->at[ends[i]], 1), 0);
	for (;;) {
		struct pollfd pfd = { watch_fd(w), POLLIN, 0 };
		int64_t left = end - clock_wall_ms();

		for (size_t i = 0; i < countof(ends); i++) {
			if (!fixture_has(f, ends[i], id))
				continue;
			watch_free(w);
			return ends[i];
		}
		assert_true(left > 0);
		(void)poll(&pfd, 1, (int)left);
		assert_int_equal(watch_read(w, ignore_event, NULL), 0);
	}
}

/* Run the task `t` under an agent with this hook; where it ended. */
static enum place
run_task(struct fixture *f, int (*hook)(enum sys_op, const char *),
         int failures)
{
	autofree char *path = mem_printf("%s/work/t/result/out/x", "agents/pm");
	autofree char *full = mem_printf("%s/%s", f->spool->root, path);
	enum place place;
	int status;
	pid_t pid;

	f->spool->durable = true;
	staged_file = full;
	failures_left = failures;
	fixture_put(f, PLACE_INBOX, "t.md", "a task\n");
	pid = run_agent(f, hook);
	place = await_end(f, "t");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return place;
}

static struct json *
result_of(struct fixture *f, enum place p)
{
	struct json *result = NULL;

	assert_int_equal(result_read(f->desk, p, "t", &result, NULL), 0);
	return result;
}

static void
a_byte_that_flips_before_the_read_back_fails_the_task(void **state)
{
	struct fixture *f = *state;
	autojson *result = NULL;

	assert_int_equal(run_task(f, flip_a_byte, 1), PLACE_FAILED);
	result = result_of(f, PLACE_FAILED);
	assert_string_equal(json_str(json_get(result, "reason"), ""),
	                    "verify_failed");
	assert_non_null(
		strstr(json_str(json_get(result, "message"), ""), "out/x"));
	/* Nothing of what was wrong is released. */
	assert_false(fixture_has(f, PLACE_FAILED, "t/out/x"));
	assert_false(fixture_has(f, PLACE_OUTBOX, "t"));
	assert_int_equal(result_check(f->desk, PLACE_FAILED, "t", NULL), 0);
}

static void
a_failed_sync_is_never_success_and_the_task_runs_again(void **state)
{
	struct fixture *f = *state;
	autofree char *journal = NULL;
	autojson *result = NULL;

	assert_int_equal(run_task(f, fail_syncs, 1), PLACE_OUTBOX);
	result = result_of(f, PLACE_OUTBOX);
	assert_int_equal(json_int(json_get(result, "attempts"), 0), 2);
	journal = fixture_journal(f);
	assert_non_null(strstr(journal, "RUNNING>BLOCKED retry"));
	assert_int_equal(result_check(f->desk, PLACE_OUTBOX, "t", NULL), 0);
}

static void
a_disk_that_is_full_for_a_while_only_delays_the_result(void **state)
{
	struct fixture *f = *state;
	autojson *result = NULL;

	assert_int_equal(run_task(f, fill_the_disk, 3), PLACE_OUTBOX);
	result = result_of(f, PLACE_OUTBOX);
	assert_int_equal(json_int(json_get(result, "attempts"), 0), 1);
	assert_int_equal(result_check(f->desk, PLACE_OUTBOX, "t", NULL), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_byte_that_flips_before_the_read_back_fails_the_task,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_failed_sync_is_never_success_and_the_task_runs_again,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_disk_that_is_full_for_a_while_only_delays_the_result,
			fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

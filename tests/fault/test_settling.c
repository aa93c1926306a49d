/*
 * An agent that dies before the Nth change while it decides about a PENDING
 * task: what the next one finds is never wrong, and it comes to the same end.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/watch.h"
#include "spool/record.h"
#include "spool/result.h"
#include "tests/support/libfixture.h"

#define DEADLINE_MS 20000
#define DIED        77
#define CHANGES_MAX 1000

static const char yaml[] = "durability: process\n"
			   "containment: session\n"
			   "agents:\n"
			   "  pm: {shell: cat}\n";

static const char older[] = "5.000000000001.0.older";
static const char other[] = "9.000000000002.0.other";
static const char newer[] = "1.000000000003.0.newer";

struct scene {
	void (*prepare)(struct fixture *f);
	/* What may never be seen, also after a death. */
	void (*check)(const struct fixture *f);
	/* It has come to its end. */
	bool (*ended)(const struct fixture *f);
};

/* Of the agent, which is forked. */
static int changes_left;
static bool started;

/* What it does before its first line in the journal is the same each time. */
static int
die(enum sys_op op, const char *name)
{
	if (started && changes_left-- == 0)
		_exit(DIED);
	started |= op == SYS_WRITE && strcmp(name, DESK_JOURNAL) == 0;
	return 0;
}

/* The agent starts nothing: what is READY stays to be seen. */
static void
run_paused(struct fixture *f, int changes)
{
	autoconfig *config = NULL;
	struct err err = { "" };
	int r = config_parse(yaml, strlen(yaml), "test.yaml", f->scratch->path,
	                     &config, &err);

	log_open("test", LOG_ERROR, 0);
	changes_left = changes;
	sys_fault = changes >= 0 ? die : NULL;
	if (r == 0)
		r = agent_run(f->spool, config, &config->agents[0], &err);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", err.text);
	_exit(r < 0);
}

static void
ignore_event(void *arg, enum watch_event event, int token, const char *name)
{
	(void)arg;
	(void)event;
	(void)token;
	(void)name;
}

/* True: it came to its end and was stopped; false: it died before that. */
static bool
run_agent(struct fixture *f, const struct scene *scene, int changes)
{
	static const enum place places[] = { PLACE_READY, PLACE_PENDING,
		                             PLACE_FAILED, PLACE_QUESTIONS };
	int64_t end = clock_wall_ms() + DEADLINE_MS;
	struct watch *w = NULL;
	int status, pidfd;
	pid_t pid;

	assert_int_equal(watch_new(&w), 0);
	for (size_t i = 0; i < countof(places); i++)
		assert_int_equal(watch_dir_leave(w, f->desk->at[places[i]], 1),
		                 0);
	pid = fork();
	if (pid == 0)
		run_paused(f, changes);
	assert_true(pid > 0);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(pidfd >= 0);
	while (!scene->ended(f)) {
		struct pollfd fds[] = { { watch_fd(w), POLLIN, 0 },
			                { pidfd, POLLIN, 0 } };
		int64_t left = end - clock_wall_ms();

		assert_true(left > 0);
		(void)poll(fds, countof(fds), (int)left);
		if (fds[1].revents)
			break;
		assert_int_equal(watch_read(w, ignore_event, NULL), 0);
	}
	(void)kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(pidfd);
	watch_free(w);
	if (WIFEXITED(status) && WEXITSTATUS(status) == DIED)
		return false;
	/* It may be stopped before it has begun: all was well already. */
	assert_true(status == 0 ||
	            (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM));
	return true;
}

/* Die before every change, and look at what is there and what becomes of it. */
static void
play(const struct scene *scene)
{
	bool whole = false;

	for (int n = 0; !whole && n < CHANGES_MAX; n++) {
		struct fixture *f = fixture_new();

		fixture_put(f, PLACE_REQUESTS, "pause", "");
		scene->prepare(f);
		whole = run_agent(f, scene, n);
		scene->check(f);
		assert_true(run_agent(f, scene, -1));
		scene->check(f);
		fixture_free(f);
	}
	assert_true(whole);
}

static bool
has(const struct fixture *f, enum place p, const char *name)
{
	return fixture_has(f, p, name);
}

/* --- a newer task in the place of older ones ------------------------------- */

static void
prepare_newer(struct fixture *f)
{
	fixture_put(f, PLACE_READY, older, "one\n");
	fixture_put(f, PLACE_PENDING, other, "---\nafter: pm/x\n---\n");
	fixture_put(f, PLACE_PENDING, newer,
	            "---\nsupersedes: [older, other]\n---\n");
}

/* Once the newer one may run, the older ones may not. */
static void
check_newer(const struct fixture *f)
{
	if (!has(f, PLACE_READY, newer)) {
		assert_true(has(f, PLACE_PENDING, newer));
		return;
	}
	assert_true(has(f, PLACE_FAILED, "older"));
	assert_true(has(f, PLACE_FAILED, "other"));
	assert_false(has(f, PLACE_READY, older));
	assert_false(has(f, PLACE_PENDING, other));
}

static bool
newer_ended(const struct fixture *f)
{
	return has(f, PLACE_READY, newer) && has(f, PLACE_FAILED, "older") &&
	       has(f, PLACE_FAILED, "other");
}

static void
a_newer_task_takes_the_place_of_older_ones(void **state)
{
	static const struct scene scene = { prepare_newer, check_newer,
		                            newer_ended };

	(void)state;
	play(&scene);
}

/* --- one that runs without what failed --------------------------------------- */

static void
prepare_without(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_FAILED], "x");
	fixture_put(f, PLACE_PENDING, newer,
	            "---\nafter: pm/x\non_dependency_failure: fallback\n---\n");
}

/* It is never READY without a word about that. */
static void
check_without(const struct fixture *f)
{
	struct record rec;

	record_read(f->desk, "newer", &rec);
	if (has(f, PLACE_READY, newer))
		assert_true(rec.without_inputs);
	else
		assert_true(has(f, PLACE_PENDING, newer));
}

static bool
without_ended(const struct fixture *f)
{
	return has(f, PLACE_READY, newer);
}

static void
one_that_runs_without_its_inputs_knows_it(void **state)
{
	static const struct scene scene = { prepare_without, check_without,
		                            without_ended };

	(void)state;
	play(&scene);
}

/* --- one that is asked about -------------------------------------------------- */

static void
prepare_ask(struct fixture *f)
{
	scratch_mkdir(f->desk->at[PLACE_FAILED], "x");
	fixture_put(f, PLACE_PENDING, newer,
	            "---\nafter: pm/x\non_dependency_failure: ask\n---\n");
}

static void
check_ask(const struct fixture *f)
{
	assert_true(has(f, PLACE_PENDING, newer));
}

static bool
ask_ended(const struct fixture *f)
{
	return has(f, PLACE_QUESTIONS, "newer");
}

static void
a_question_about_a_task_is_put(void **state)
{
	static const struct scene scene = { prepare_ask, check_ask, ask_ended };

	(void)state;
	play(&scene);
}

/* --- one whose time is over ---------------------------------------------------- */

static void
prepare_late(struct fixture *f)
{
	fixture_put(f, PLACE_PENDING, newer,
	            "---\nafter: pm/x\ninput_timeout: 1ms\n---\n");
}

static void
check_late(const struct fixture *f)
{
	autojson *result = NULL;

	if (!has(f, PLACE_FAILED, "newer")) {
		assert_true(has(f, PLACE_PENDING, newer));
		return;
	}
	assert_int_equal(
		result_read(f->desk, PLACE_FAILED, "newer", &result, NULL), 0);
	assert_string_equal(json_str(json_get(result, "reason"), ""),
	                    "input_timeout");
}

static bool
late_ended(const struct fixture *f)
{
	return has(f, PLACE_FAILED, "newer") && !has(f, PLACE_PENDING, newer);
}

static void
one_whose_time_is_over_is_withdrawn_once(void **state)
{
	static const struct scene scene = { prepare_late, check_late,
		                            late_ended };

	(void)state;
	play(&scene);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_task_takes_the_place_of_older_ones),
		cmocka_unit_test(one_that_runs_without_its_inputs_knows_it),
		cmocka_unit_test(a_question_about_a_task_is_put),
		cmocka_unit_test(one_whose_time_is_over_is_withdrawn_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

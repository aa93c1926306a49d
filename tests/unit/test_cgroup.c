#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cgroup.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"

#define LONG_NS     (20 * CLOCK_NS_PER_S)
#define EXIT_SKIP   77
#define GENERATIONS 2000 /* of a process that forks and ends */

#define HYBRID                                                                 \
	"25 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"                       \
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"           \
	"35 31 0:32 / /sys/fs/cgroup/memory rw shared:3 - cgroup cgroup "      \
	"rw,memory\n"                                                          \
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - " \
	"cgroup2 cgroup2 rw\n"
#define ONLY_V2                                 \
	"25 1 8:1 / / rw - ext4 /dev/sda1 rw\n" \
	"31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
#define PART "31 23 0:28 /docker/f00 /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
#define TWO                                                 \
	"31 23 0:28 /other /mnt/a rw - cgroup2 cgroup rw\n" \
	"32 23 0:28 / /mnt/b\\040c\\134d rw - cgroup2 cgroup rw\n"
#define ONLY_V1                                 \
	"25 1 8:1 / / rw - ext4 /dev/sda1 rw\n" \
	"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

static void
the_cgroup_is_found_in_what_is_mounted(void **state)
{
	static const struct {
		const char *mounts, *self, *dir;
	} rows[] = {
		{ HYBRID, "9:name=systemd:/x\n8:pids:/y\n0::/\n",
		  "/sys/fs/cgroup/unified" },
		{ HYBRID, "0::/user.slice/a b\n",
		  "/sys/fs/cgroup/unified/user.slice/a b" },
		{ ONLY_V2, "0::/app.slice/x.scope\n",
		  "/sys/fs/cgroup/app.slice/x.scope" },
		{ ONLY_V2, "0::/", "/sys/fs/cgroup" },
		{ PART, "0::/docker/f00\n", "/sys/fs/cgroup" },
		{ PART, "0::/docker/f00/in\n", "/sys/fs/cgroup/in" },
		{ TWO, "0::/some\n", "/mnt/b c\\d/some" },
		{ TWO, "0::/other/x\n", "/mnt/a/x" },
		/* The name of a controller of v1 may look like that. */
		{ HYBRID, "3:name=0::/no:/no\n0::/yes\n",
		  "/sys/fs/cgroup/unified/yes" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		autofree char *dir = NULL;

		check_number(rows[i].self,
		             cgroup_parse(rows[i].mounts, rows[i].self, &dir),
		             0);
		check_text(rows[i].self, dir, rows[i].dir);
	}
}

static void
what_is_not_to_be_seen_is_not_guessed(void **state)
{
	static const struct {
		const char *mounts, *self;
		int code;
	} rows[] = {
		{ ONLY_V1, "0::/\n", -EOPNOTSUPP },
		{ ONLY_V1, "4:memory:/\n", -EOPNOTSUPP },
		{ HYBRID, "4:memory:/\n", -EOPNOTSUPP },
		{ HYBRID, "", -EOPNOTSUPP },
		{ HYBRID, "0::", -EOPNOTSUPP },
		{ HYBRID, "0::relative\n", -EOPNOTSUPP },
		{ "", "0::/\n", -EOPNOTSUPP },
		{ " - cgroup2 ", "0::/\n", -EXDEV },
		{ "31 23 0:28 /", "0::/\n", -EOPNOTSUPP },
		{ PART, "0::/\n", -EXDEV },
		{ PART, "0::/docker/f000\n", -EXDEV },
		{ ONLY_V2, "0::/../outside\n", -EXDEV },
		{ ONLY_V2, "0::/gone (deleted)\n", -EXDEV },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char *dir = NULL;

		check_number(rows[i].self,
		             cgroup_parse(rows[i].mounts, rows[i].self, &dir),
		             rows[i].code);
		assert_null(dir);
	}
}

/* --- in the kernel --------------------------------------------------------- */

static char *
scratch_name(void)
{
	return mem_printf("spoolhand-test-%d", (int)getpid());
}

/*
 * Run in a process of its own, for it is that which moves; skip the test
 * where the machine does not let us.
 */
static void
apart(int (*fn)(const char *name, const char *dir))
{
	autofree char *name = scratch_name();
	autofree char *path = NULL;
	char *dir = NULL;
	struct err err = { "" };
	struct cgroup *c = NULL;
	int status;
	pid_t pid;

	if (cgroup_outside(name, &dir, &err) < 0) {
		print_message("skipped: %s\n", err.text);
		skip();
	}
	path = mem_printf("%s/%s", dir, name);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (cgroup_enter(dir, name, &c, &err) < 0) {
			print_message("skipped: %s\n", err.text);
			_exit(EXIT_SKIP);
		}
		if (cgroup_leave(c, clock_boot_ns() + LONG_NS) < 0)
			_exit(99);
		_exit(fn(name, dir));
	}
	status = check_exit(pid);
	free(dir);
	if (status == EXIT_SKIP)
		skip();
	assert_int_equal(status, 0);
	assert_int_equal(sys_exists(AT_FDCWD, path), 0);
}

/* Deaf, in a session of its own, and always under another number. */
static void
run_away(int generations)
{
	for (int i = 0; i < generations; i++)
		if (fork() != 0)
			_exit(0);
	for (;;)
		(void)pause();
}

/* A tree of three kinds of processes that nobody can end by asking. */
static void
start_tree(void)
{
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		(void)signal(SIGTERM, SIG_IGN);
		(void)setsid();
		if (i == 1)
			run_away(GENERATIONS);
		if (i == 2)
			(void)raise(SIGSTOP);
		for (;;)
			(void)pause();
	}
}

static int
reap_all(void)
{
	while (wait(NULL) > 0)
		;
	return errno == ECHILD ? 0 : 1;
}

static int
kill_tree(const char *name, const char *dir)
{
	struct cgroup *c = NULL;

	(void)alarm(60);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ||
	    cgroup_enter(dir, name, &c, NULL) < 0)
		return 1;
	for (int round = 0; round < 3; round++) {
		start_tree();
		if (cgroup_kill(c) < 0)
			return 2;
		/* Had one got away, this would not end. */
		if (reap_all() != 0)
			return 3;
	}
	start_tree();
	if (cgroup_leave(c, clock_boot_ns() + LONG_NS) < 0)
		return 4;
	return reap_all();
}

static void
all_that_is_in_it_dies_but_us(void **state)
{
	(void)state;
	apart(kill_tree);
}

/* A process in the cgroup outlives the one that made it. */
static int
leave_one_behind(const char *name, const char *dir)
{
	struct cgroup *c = NULL;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (cgroup_enter(dir, name, &c, NULL) < 0)
			_exit(1);
		start_tree();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

static int
bury_others(const char *name, const char *dir)
{
	autofree char *path = mem_printf("%s/%s", dir, name);
	autofree char *inner = mem_printf("%s/inner", path);
	struct cgroup *c = NULL;
	pid_t left = 0;
	int64_t deadline = clock_boot_ns() + LONG_NS;

	(void)alarm(60);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 1;
	if (cgroup_bury(path, deadline, &left) != 0)
		return 2; /* nothing there is nothing left */
	if (leave_one_behind(name, dir) != 0)
		return 3;
	/* What is alive in it is not ours to live with. */
	if (cgroup_enter(dir, name, &c, NULL) != -EBUSY)
		return 4;
	if (sys_mkdir(AT_FDCWD, inner, 0755) < 0)
		return 5;
	if (cgroup_bury(path, deadline, &left) != 0 ||
	    sys_exists(AT_FDCWD, path) != 0)
		return 6;
	return reap_all();
}

static void
what_a_dead_one_left_is_ended_and_removed(void **state)
{
	(void)state;
	apart(bury_others);
}

/* Left empty by a process that died: gone into as if it were new. */
static int
go_into_an_old_one(const char *name, const char *dir)
{
	autofree char *path = mem_printf("%s/%s", dir, name);
	autofree char *inner = mem_printf("%s/inner", path);
	autofree char *found = NULL;
	struct cgroup *c = NULL;

	if (sys_mkdir(AT_FDCWD, path, 0755) < 0 ||
	    sys_mkdir(AT_FDCWD, inner, 0755) < 0)
		return 1;
	if (cgroup_enter(dir, name, &c, NULL) < 0)
		return 2;
	if (sys_exists(AT_FDCWD, inner) != 0)
		return 3;
	/* Whoever is born in it goes out of it, not deeper. */
	if (cgroup_outside(name, &found, NULL) < 0 || strcmp(found, dir) != 0)
		return 4;
	return cgroup_leave(c, clock_boot_ns() + LONG_NS) == 0 ? 0 : 5;
}

static void
an_empty_one_is_used_again_and_never_nested(void **state)
{
	(void)state;
	apart(go_into_an_old_one);
}

static void
only_a_cgroup_is_killed(void **state)
{
	pid_t left = 0;

	(void)state;
	assert_int_equal(cgroup_bury("/tmp", 0, &left), -ENOTDIR);
	assert_int_equal(cgroup_bury("/nowhere/at/all", 0, &left), 0);
	assert_int_equal(cgroup_enter("/tmp", "x", NULL, NULL), -ENOTDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cgroup_is_found_in_what_is_mounted),
		cmocka_unit_test(what_is_not_to_be_seen_is_not_guessed),
		cmocka_unit_test(all_that_is_in_it_dies_but_us),
		cmocka_unit_test(what_a_dead_one_left_is_ended_and_removed),
		cmocka_unit_test(an_empty_one_is_used_again_and_never_nested),
		cmocka_unit_test(only_a_cgroup_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "tests/support/libcheck.h"
#include "tests/support/libscratch.h"

static const char *const usual_env[] = { "PATH=/usr/bin:/bin", "A=b", NULL };

/* Start a program with its output in a pipe, whose end is returned. */
static int
start(const char *const *argv, struct child_spec *spec, struct child *c)
{
	struct err err = { "" };
	int out[2], r;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	spec->argv = argv;
	spec->envp = usual_env;
	spec->fds[0] = -1;
	spec->fds[1] = out[1];
	if (!spec->nfds)
		spec->nfds = 2;
	r = child_start(spec, c, &err);
	spec->argv = NULL; /* its time is over with the caller's */
	(void)close(out[1]);
	if (r < 0)
		fail_msg("%s did not start: %s", argv[0], err.text);
	return out[0];
}

/* Wait for its end and reap it: its status, or 256 + its signal. */
static int
end_of(struct child *c)
{
	struct child_end end = { 0 };

	check_readable(c->pidfd);
	assert_int_equal(child_reap(&end), 1);
	assert_int_equal(end.pid, c->pid);
	assert_true(end.user_ms >= 0 && end.system_ms >= 0);
	assert_true(end.max_rss_kib > 0);
	(void)close(c->pidfd);
	if (end.exit >= 0)
		assert_int_equal(end.signal, 0);
	return end.exit >= 0 ? end.exit : 256 + end.signal;
}

/* All it prints until its end, which must be a good one. */
static char *
output_of(const char *const *argv, struct child_spec *spec)
{
	autostr text = STR_INIT;
	struct child c;
	autoclose int fd = start(argv, spec, &c);

	assert_int_equal(sys_read_all(fd, 1 << 20, &text), 0);
	assert_int_equal(end_of(&c), 0);
	return str_take(&text);
}

static char *
output_of_shell(const char *script, struct child_spec *spec)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return output_of(argv, spec);
}

static void
a_child_gets_its_arguments_and_environment_alone(void **state)
{
	static const char *const show_args[] = { "printf",    "<%s>", "",
		                                 "two words", "$A",   NULL };
	static const char *const show_env[] = { "env", NULL };
	struct child_spec spec = { .dirfd = -1 };
	autofree char *args = output_of(show_args, &spec);
	autofree char *env = output_of(show_env, &spec);

	(void)state;
	assert_string_equal(args, "<><two words><$A>");
	assert_string_equal(env, "PATH=/usr/bin:/bin\nA=b\n");
}

static void
its_end_is_told_as_status_or_signal(void **state)
{
	static const struct {
		const char *script;
		int status;
	} rows[] = {
		{ "exit 0", 0 },
		{ "exit 75", 75 },
		{ "exit 255", 255 },
		{ "kill -9 $$", 256 + SIGKILL },
		{ "kill -15 $$", 256 + SIGTERM },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const char *const argv[] = { "sh", "-c", rows[i].script, NULL };
		struct child_spec spec = { .dirfd = -1 };
		struct child c;
		autoclose int fd = start(argv, &spec, &c);

		assert_true(fd >= 0);
		check_number(rows[i].script, end_of(&c), rows[i].status);
	}
}

static void
a_living_child_is_not_reaped(void **state)
{
	const char *const argv[] = { "cat", NULL };
	struct child_spec spec = {
		.argv = argv, .envp = usual_env, .dirfd = -1, .nfds = 2
	};
	struct child_end end = { 0 };
	struct child c;
	autoclose int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int in[2];

	(void)state;
	assert_int_equal(child_reap(&end), -ECHILD);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	spec.fds[0] = in[0];
	spec.fds[1] = null;
	assert_int_equal(child_start(&spec, &c, NULL), 0);
	(void)close(in[0]);
	assert_int_equal(child_reap(&end), 0);
	assert_false(check_is_readable(c.pidfd));
	(void)close(in[1]); /* the end of its input is its own end */
	assert_int_equal(end_of(&c), 0);
	assert_int_equal(child_reap(&end), -ECHILD);
}

static void
an_exec_that_fails_is_told_at_once_and_leaves_no_child(void **state)
{
	struct scratch *s = *state;
	autofree char *not_ours = mem_printf("%s/plain", s->path);
	autofree char *no_interpreter = mem_printf("%s/script", s->path);
	const struct {
		const char *program;
		int error;
		const char *text;
	} rows[] = {
		{ "no-such-program", -ENOENT, "no program 'no-such-program'" },
		{ "/no/such/program", -ENOENT, "cannot run" },
		{ not_ours, -EACCES, "cannot run" },
		{ no_interpreter, -ENOENT, "cannot run" },
		{ "/", -EACCES, "cannot run '/'" },
		{ "a\033b", -ENOENT, "'a\\x1bb'" },
	};

	scratch_write(s->fd, "plain", "text");
	scratch_write(s->fd, "script", "#!/no/such/interpreter\n");
	assert_int_equal(fchmodat(s->fd, "script", 0755, 0), 0);
	for (size_t i = 0; i < countof(rows); i++) {
		const char *const argv[] = { rows[i].program, NULL };
		struct child_spec spec = { .argv = argv,
			                   .envp = usual_env,
			                   .dirfd = -1 };
		struct child c = { -1, -1 };
		struct child_end end;
		struct err err = { "" };

		check_number(rows[i].program, child_start(&spec, &c, &err),
		             rows[i].error);
		check_contains(rows[i].program, err.text, rows[i].text);
		assert_int_equal(c.pidfd, -1);
		assert_int_equal(child_reap(&end), -ECHILD);
	}
}

static void
a_program_is_found_as_a_shell_would(void **state)
{
	struct scratch *s = *state;
	autofree char *path =
		mem_printf("/nowhere:%s/a:%s/b", s->path, s->path);
	autofree char *found = NULL;
	autofree char *want = mem_printf("%s/b/tool", s->path);
	char *none = NULL;

	scratch_mkdir(s->fd, "a");
	scratch_mkdir(s->fd, "a/tool"); /* a directory is no program */
	scratch_mkdir(s->fd, "b");
	scratch_write(s->fd, "b/tool", "");
	assert_int_equal(child_find_program("tool", path, &none), -ENOENT);
	assert_int_equal(fchmodat(s->fd, "b/tool", 0755, 0), 0);
	assert_int_equal(child_find_program("tool", path, &found), 0);
	assert_string_equal(found, want);
	assert_int_equal(child_find_program("tool", NULL, &none), -ENOENT);
	assert_int_equal(child_find_program("tool", "", &none), -ENOENT);
	assert_int_equal(child_find_program("./x", NULL, &none), 0);
	assert_string_equal(none, "./x");
	free(none);
}

static void
its_descriptors_are_exactly_those_given(void **state)
{
	struct scratch *s = *state;
	autoclose int stray = open("/dev/null", O_RDONLY); /* no cloexec */
	autoclose int high = fcntl(stray, F_DUPFD, 500);
	autoclose int three = sys_create(s->fd, "three", 0600);
	autoclose int five = sys_create(s->fd, "five", 0600);
	struct child_spec spec = { .dirfd = -1, .nfds = 6 };
	autofree char *listing = NULL;
	autofree char *text3 = NULL;
	autofree char *text5 = NULL;

	assert_true(stray >= 0 && high >= 500 && three >= 0);
	spec.fds[2] = -1;
	spec.fds[3] = three;
	spec.fds[4] = -1;
	spec.fds[5] = five;
	/* A glob opens the directory itself, so it is the shell that looks. */
	listing = output_of_shell(
		"echo three >&3; echo five >&5\n"
		"for i in 0 1 2 3 4 5 6 7 8 9 10 11 63 64 500; do\n"
		"  [ -e /proc/$$/fd/$i ] && echo $i\n"
		"done; exit 0",
		&spec);
	assert_string_equal(listing, "1\n3\n5\n");
	text3 = scratch_read(s->fd, "three");
	assert_string_equal(text3, "three\n");
	text5 = scratch_read(s->fd, "five");
	assert_string_equal(text5, "five\n");
}

static void
descriptors_may_change_places(void **state)
{
	struct scratch *s = *state;
	int a = sys_create(s->fd, "a", 0600);
	int b = sys_create(s->fd, "b", 0600);
	struct child_spec spec = { .dirfd = -1, .nfds = 8 };
	autofree char *out = NULL;
	autofree char *text_a = NULL;
	autofree char *text_b = NULL;

	/* The two lie where they are to lie, but the other way round. */
	for (int i = 2; i < spec.nfds; i++)
		spec.fds[i] = -1;
	assert_int_equal(dup3(a, 200, O_CLOEXEC), 200);
	assert_int_equal(dup3(b, 201, O_CLOEXEC), 201);
	(void)close(a);
	(void)close(b);
	assert_true(dup3(200, 7, O_CLOEXEC) == 7 &&
	            dup3(201, 6, O_CLOEXEC) == 6);
	spec.fds[6] = 7;
	spec.fds[7] = 6;
	out = output_of_shell("echo six >&6; echo seven >&7", &spec);
	assert_string_equal(out, "");
	for (int fd = 6; fd < 8; fd++)
		(void)close(fd);
	(void)close(200);
	(void)close(201);
	text_a = scratch_read(s->fd, "a");
	text_b = scratch_read(s->fd, "b");
	assert_string_equal(text_a, "six\n");
	assert_string_equal(text_b, "seven\n");
}

static void
it_starts_in_its_directory(void **state)
{
	struct scratch *s = *state;
	struct child_spec spec = { .dirfd = s->fd };
	autofree char *out = output_of_shell("pwd -P", &spec);
	autofree char *real = realpath(s->path, NULL);

	out[strcspn(out, "\n")] = '\0';
	assert_string_equal(out, real);
}

static void
it_begins_with_default_and_unblocked_signals(void **state)
{
	static const char *const show[] = { "cat", "/proc/self/status", NULL };
	struct child_spec spec = { .dirfd = -1 };
	autofree char *out = NULL;
	sigset_t some, old, now;

	(void)state;
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaddset(&some, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &some, &old), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_true(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	out = output_of(show, &spec);
	check_contains("blocked", out, "SigBlk:\t0000000000000000\n");
	check_contains("ignored", out, "SigIgn:\t0000000000000000\n");
	check_contains("caught", out, "SigCgt:\t0000000000000000\n");
	/* The caller's own mask is as it was. */
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, &now), 0);
	assert_true(sigismember(&now, SIGTERM));
	assert_false(sigismember(&now, SIGINT));
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
}

static void
a_session_of_its_own_is_had_on_request(void **state)
{
	struct child_spec own = { .dirfd = -1, .session = true };
	struct child_spec shared = { .dirfd = -1 };
	const char *script = "cut -d' ' -f1,6 /proc/$$/stat";
	autofree char *first = output_of_shell(script, &own);
	autofree char *second = output_of_shell(script, &shared);
	int pid = 0, session = 0;

	(void)state;
	assert_int_equal(sscanf(first, "%d %d", &pid, &session), 2);
	assert_int_equal(pid, session);
	assert_int_equal(sscanf(second, "%d %d", &pid, &session), 2);
	assert_int_equal(session, getsid(0));
}

/* A parent that starts a child, passes its pid on and is then killed. */
static void
doomed_parent(int report)
{
	struct child_spec spec = { .dirfd = -1,
		                   .die_with_parent = true,
		                   .envp = usual_env,
		                   .nfds = 0 };
	const char *const argv[] = { "sleep", "1000", NULL };
	struct child c;

	spec.argv = argv;
	if (child_start(&spec, &c, NULL) < 0 ||
	    write(report, &c.pid, sizeof(c.pid)) != sizeof(c.pid))
		_exit(1);
	for (;;)
		(void)pause();
}

static void
a_child_dies_with_its_parent_on_request(void **state)
{
	int report[2];
	pid_t parent, child;

	(void)state;
	/* So that the orphan comes to us, who can wait for it. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		doomed_parent(report[1]);
	check_readable(report[0]);
	assert_int_equal(read(report[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(check_exit(parent), 256 + SIGKILL);
	assert_int_equal(check_exit(child), 256 + SIGKILL);
	(void)close(report[0]);
	(void)close(report[1]);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_child_gets_its_arguments_and_environment_alone),
		TEST(its_end_is_told_as_status_or_signal),
		TEST(a_living_child_is_not_reaped),
		TEST(an_exec_that_fails_is_told_at_once_and_leaves_no_child),
		TEST(a_program_is_found_as_a_shell_would),
		TEST(its_descriptors_are_exactly_those_given),
		TEST(descriptors_may_change_places),
		TEST(it_starts_in_its_directory),
		TEST(it_begins_with_default_and_unblocked_signals),
		TEST(a_session_of_its_own_is_had_on_request),
		TEST(a_child_dies_with_its_parent_on_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

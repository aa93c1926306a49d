#include "tests/support/libcheck.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define DEADLINE_MS 20000

void
check_text(const char *row, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: got \"%s\", not \"%s\"", row, got, want);
}

void
check_contains(const char *row, const char *got, const char *part)
{
	if (!strstr(got, part))
		fail_msg("%s: \"%s\" does not hold \"%s\"", row, got, part);
}

void
check_number(const char *row, int64_t got, int64_t want)
{
	if (got != want)
		fail_msg("%s: got %jd, not %jd", row, (intmax_t)got,
		         (intmax_t)want);
}

static bool
readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r == 1;
}

void
check_readable(int fd)
{
	if (!readable(fd, DEADLINE_MS))
		fail_msg("descriptor %d stayed unreadable", fd);
}

bool
check_is_readable(int fd)
{
	return readable(fd, 0);
}

int
check_exit(pid_t pid)
{
	autoclose int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool ended;
	int status = 0;

	assert_true(fd >= 0);
	ended = readable(fd, DEADLINE_MS);
	if (!ended)
		(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!ended)
		fail_msg("process %d did not end", (int)pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void
check_until(bool (*done)(void *arg), void *arg)
{
	int64_t end = clock_boot_ns() + DEADLINE_MS * CLOCK_NS_PER_MS;

	while (!done(arg)) {
		if (clock_boot_ns() > end)
			fail_msg("it did not happen in time");
		(void)sched_yield();
	}
}

#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"

#define CHUNK (1 << 20)

/* Somebody else made it non-blocking (a terminal or pipe is shared). */
static bool
wait_writable(int out)
{
	struct pollfd p = { .fd = out, .events = POLLOUT };

	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

int
output_bytes(int out, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(out, bytes, len);

		if (n < 0 && errno == EAGAIN && wait_writable(out))
			continue;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* `*reading` tells which side an error is of. */
static int
copy_by_hand(int in, int out, bool *reading)
{
	autofree char *buf = mem_new(1, CHUNK);

	for (;;) {
		ssize_t n = read(in, buf, CHUNK);
		int r;

		*reading = true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		*reading = false;
		r = output_bytes(out, buf, (size_t)n);
		if (r < 0)
			return r;
	}
}

/* The kernel copies where it can; read(2) has the last word. */
static int
copy(int in, int out, bool *reading)
{
	for (;;) {
		ssize_t n = sendfile(out, in, NULL, CHUNK * 64UL);

		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		return copy_by_hand(in, out, reading);
	}
}

static int
complain_copy(int code, bool reading, const char *path)
{
	if (reading)
		complain("cannot read '%s': %s", path, err_name(code));
	else if (code != -EPIPE)
		complain("cannot write the output: %s", err_name(code));
	return EXIT_IO;
}

int
output_file(int dfd, const char *path, int out)
{
	autoclose int fd = sys_open_beneath(dfd, path, O_RDONLY);
	autofree char *shown = name_show(path);
	struct err err = { "" };
	bool reading = true;
	struct stat st;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return EXIT_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = fd < 0 ? fd : -errno;
		(void)err_sys(&err, r, "cannot open '%s'", shown);
		return fail(r, &err);
	}
	if (!S_ISREG(st.st_mode))
		return EXIT_NOT_FOUND;
	if (fflush(stdout) != 0)
		return finish_output();
	r = copy(fd, out, &reading);
	return r < 0 ? complain_copy(r, reading, shown) : EXIT_FINE;
}

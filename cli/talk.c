#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/verb.h"

static void talk(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

/* One line in one write(2); no control byte of any name gets through. */
static void
talk(const char *fmt, va_list ap)
{
	autostr text = STR_INIT;
	autostr line = STR_INIT;

	str_vaddf(&text, fmt, ap);
	str_adds(&line, "spoolhand: ");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7f)
			str_addf(&line, "\\x%02x", c);
		else
			str_addc(&line, (char)c);
	}
	str_addc(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		return; /* nowhere left to say it */
}

void
say(const struct context *cx, const char *fmt, ...)
{
	va_list ap;

	if (cx->quiet)
		return;
	va_start(ap, fmt);
	talk(fmt, ap);
	va_end(ap);
}

void
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	talk(fmt, ap);
	va_end(ap);
}

/*
 * The exit status for an error: what a caller of the program can do about it
 * decides.  No room and no right to write are "cannot create" (73), because
 * what this program writes to a spool it creates; a medium that fails is 74.
 */
static int
status_of(int code)
{
	switch (abs(code)) {
	case ENOENT:
	case ESRCH:
		return EXIT_NOT_FOUND;
	case ETIMEDOUT:
		return EXIT_TIMED_OUT;
	case EBADMSG:
	case EFBIG:
	case EILSEQ:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ENOTDIR:
	case EXDEV:
		return EXIT_BAD_DATA;
	case EPROTO:
	case EINVAL:
	case EBADF:
	case EFAULT:
		return EXIT_BUG;
	case EDQUOT:
	case EEXIST:
	case EMLINK:
	case ENOSPC:
	case EROFS:
		return EXIT_CANNOT_CREATE;
	case EAGAIN:
	case EBUSY:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ESTALE:
		return EXIT_TRY_LATER;
	case EACCES:
	case EPERM:
		return EXIT_NOT_ALLOWED;
	default:
		return EXIT_IO;
	}
}

int
fail(int code, const struct err *err)
{
	if (err && err->text[0])
		complain("%s", err->text);
	else
		complain("%s", err_name(code));
	return status_of(code);
}

/* What put() failed of: stdio itself does not keep it. */
static int put_failed;

void
put(const char *text, size_t len)
{
	errno = 0;
	if (len && fwrite(text, 1, len, stdout) != len && !put_failed)
		put_failed = errno;
}

static int
lost_reason(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (put_failed)
		return put_failed;
	return poll(&p, 1, 0) == 1 && p.revents & POLLERR ? EPIPE : EIO;
}

/*
 * A reader who has gone (`… | head -1`) knows it himself: nothing is said,
 * but the status tells that not all was written.
 */
int
finish_output(void)
{
	static bool failed;
	int code;

	errno = 0;
	if (!failed && fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_FINE;
	code = errno && !put_failed ? errno : lost_reason();
	if (!failed && code != EPIPE)
		complain("cannot write to standard output: %s", err_name(code));
	failed = true;
	return EXIT_IO;
}

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err_class
err_class(int code)
{
	switch (code < 0 ? -code : 0) {
	case 0:
		return ERR_NONE;
	case EAGAIN:
	case EBUSY:
	case EINTR:
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
	case ESTALE:
	case EROFS:
	case ETIMEDOUT:
	case ETXTBSY:
		return ERR_RETRY;
	case EBADMSG:
	case EINVAL:
	case EEXIST:
	case ENOENT:
	case ELOOP:
	case EXDEV:
	case EACCES:
	case EPERM:
	case E2BIG:
	case EFBIG:
	case EISDIR:
	case ENOTDIR:
	case ENAMETOOLONG:
	case EILSEQ:
		return ERR_REJECT;
	default:
		return ERR_STOP;
	}
}

int
err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return code;
}

int
err_sys(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!err)
		return code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s",
	               err_name(code));
	return code;
}

int
err_prefix(struct err *err, int code, const char *fmt, ...)
{
	struct err old;
	va_list ap;
	size_t n;

	if (!err)
		return code;
	old = *err;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s", old.text);
	return code;
}

const char *
err_name(int code)
{
	const char *s = strerrordesc_np(abs(code));

	return s ? s : "unknown error";
}

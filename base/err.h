/*
 * err.h - what went wrong, in words for a person; and what to do about it.
 *
 * Functions return 0 or more when all is well and -errno otherwise.  Where a
 * person must be told more than a number says (which file, which line, what
 * to write instead), a last argument `struct err *err` receives one line of
 * text, without a newline, and only on failure.  It may be NULL.
 *
 * Fixed meanings in this tree:
 *   -ENOENT nothing there        -EEXIST name taken     -ESTALE lost a race
 *   -EBADMSG malformed           -ENOSPC -EDQUOT full   -EAGAIN not yet
 *   -EPROTO a peer's bug         -ECANCELED told to stop
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	char text[1024];
};

/* What to do about an error; nobody decides that but err_class(). */
enum err_class {
	ERR_NONE,   /* it was not an error */
	ERR_RETRY,  /* the world may mend: keep things where they are */
	ERR_REJECT, /* this object is bad: put it aside and say why */
	ERR_STOP,   /* this program cannot go on */
};

enum err_class err_class(int code);

/* Set the text and return `code`, so that `return err_set(…)` reads well. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with ": <what errno says>" after the text. */
int err_sys(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "prefix: " in front of a text that is already there; returns `code`. */
int err_prefix(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* strerror() for -errno or errno alike. */
const char *err_name(int code);

#endif

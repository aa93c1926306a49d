/*
 * log.h - one line a decision, on standard error, for people.
 *
 *   <level> text… key=value…        e.g.  warn: agent=pm task=brief …, retry in 30s
 *
 * Programs log, libraries return errors.  A line is written with one write(2)
 * and can hold no newline from data: every byte outside printable ASCII is
 * escaped.  A failing log never fails the program.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/*
 * Called once by main().  `program` begins each line; lines above `level` are
 * dropped.  `stamped` puts the time in front, for logs kept in a file.
 */
void log_open(const char *program, enum log_level level, int stamped);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

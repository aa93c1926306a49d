#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};
_Static_assert(countof(level_names) == LOG_DEBUG + 1, "name every level");

static const char *log_program = "spoolhand";
static enum log_level log_level = LOG_INFO;
static int log_stamped;

void
log_open(const char *program, enum log_level level, int stamped)
{
	log_program = program;
	log_level = level;
	log_stamped = stamped;
}

static void write_line(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void
write_line(enum log_level level, const char *fmt, va_list ap)
{
	autostr text = STR_INIT;
	autostr line = STR_INIT;
	char when[CLOCK_TEXT_MAX];

	if (level > log_level)
		return;
	str_vaddf(&text, fmt, ap);
	if (log_stamped)
		str_addf(&line, "%s ", clock_format(clock_wall_ms(), when));
	str_addf(&line, "%s: ", log_program);
	if (level != LOG_INFO)
		str_addf(&line, "%s: ", level_names[level]);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		/* UTF-8 passes: the text is ours, names in it are escaped. */
		if (c < 0x20 || c == 0x7f)
			str_addf(&line, "\\x%02x", c);
		else
			str_addc(&line, (char)c);
	}
	str_addc(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		return; /* nowhere left to say it */
}

#define LOG_BODY(level)             \
	va_list ap;                 \
	va_start(ap, fmt);          \
	write_line(level, fmt, ap); \
	va_end(ap)

void
log_error(const char *fmt, ...)
{
	LOG_BODY(LOG_ERROR);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_WARN);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_INFO);
}

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_DEBUG);
}

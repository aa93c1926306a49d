#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "ms", 1 },        { "s", 1000 },       { "m", 60000 },
	{ "h", 3600000LL }, { "d", 86400000LL },
};

static int64_t
read_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec;
}

int64_t
clock_boot_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t
clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

int64_t
clock_wall_ms(void)
{
	return clock_wall_ns() / CLOCK_NS_PER_MS;
}

char *
clock_format(int64_t wall_ms, char *buf)
{
	time_t secs = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	struct tm tm;
	char day[CLOCK_TEXT_MAX];

	if (ms < 0) {
		ms += 1000;
		secs--;
	}
	if (!gmtime_r(&secs, &tm) ||
	    !strftime(day, sizeof(day) - 6, "%Y-%m-%dT%H:%M:%S", &tm))
		day[0] = '\0';
	(void)snprintf(buf, CLOCK_TEXT_MAX, "%.26s.%03dZ", day, ms);
	return buf;
}

int
clock_parse_duration(const char *text, int64_t *ms)
{
	int64_t n = 0;
	const char *p = text;

	if (strcmp(text, "0") == 0) {
		*ms = 0;
		return 0;
	}
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > INT64_MAX / 86400000LL / 10 - 10)
			return -ERANGE;
		n = n * 10 + (*p - '0');
	}
	if (p == text)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(p, units[i].name) == 0) {
			*ms = n * units[i].ms;
			return 0;
		}
	}
	return -EINVAL;
}

char *
clock_format_duration(int64_t ms, char *buf)
{
	long long s = ms / 1000;

	if (ms < 1000)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lldms", (long long)ms);
	else if (ms < 10000 && ms % 1000)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lld.%llds", s,
		               (long long)(ms % 1000 / 100));
	else if (s < 60)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%llds", s);
	else if (s < 3600)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lldm%02llds", s / 60,
		               s % 60);
	else if (s < 86400)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lldh%02lldm", s / 3600,
		               s / 60 % 60);
	else
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lldd%02lldh", s / 86400,
		               s / 3600 % 24);
	return buf;
}

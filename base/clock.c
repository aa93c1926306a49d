#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What fits in nanoseconds, and no leap of a zone at the edges. */
#define YEAR_LEAST 1970
#define YEAR_MOST  2250

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

char *
clock_format_local(int64_t wall_ms, char *buf)
{
	time_t secs = (time_t)(wall_ms / 1000);
	char day[CLOCK_TEXT_MAX], zone[CLOCK_TEXT_MAX];
	struct tm tm;

	if (wall_ms < 0 || !localtime_r(&secs, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) != 19 ||
	    strftime(zone, sizeof(zone), "%z", &tm) != 5)
		return clock_format(wall_ms, buf);
	(void)snprintf(buf, CLOCK_TEXT_MAX, "%.19s.%03d%.3s:%.2s", day,
	               (int)(wall_ms % 1000), zone, zone + 3);
	return buf;
}

/* Exactly `n` digits, which must be in the range; NULL if not. */
static const char *
read_digits(const char *p, size_t n, int least, int most, int *out)
{
	int value = 0;

	for (size_t i = 0; p && i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return NULL;
		value = value * 10 + (p[i] - '0');
	}
	if (!p || value < least || value > most)
		return NULL;
	*out = value;
	return p + n;
}

static const char *
read_mark(const char *p, const char *marks)
{
	return p && *p && strchr(marks, *p) ? p + 1 : NULL;
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
		                    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* "2026-11-21T03:39", and ":18.123" if that follows. */
static const char *
read_day_and_time(const char *p, struct tm *tm, int *ms)
{
	int scale = 100;

	p = read_mark(read_digits(p, 4, 0, 9999, &tm->tm_year), "-");
	p = read_mark(read_digits(p, 2, 1, 12, &tm->tm_mon), "-");
	p = read_digits(p, 2, 1, 31, &tm->tm_mday);
	if (!p || tm->tm_mday > days_of(tm->tm_year, tm->tm_mon))
		return NULL;
	p = read_digits(read_mark(p, "Tt "), 2, 0, 23, &tm->tm_hour);
	p = read_digits(read_mark(p, ":"), 2, 0, 59, &tm->tm_min);
	if (p && *p == ':')
		p = read_digits(p + 1, 2, 0, 59, &tm->tm_sec);
	if (!p || *p != '.')
		return p;
	if (p[1] < '0' || p[1] > '9')
		return NULL;
	for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
		*ms += (*p - '0') * scale;
	return p;
}

/* "Z" or "+01:00", to the end; false if it is neither. */
static bool
read_zone(const char *p, int *minutes)
{
	int hours, rest;
	int sign = *p == '-' ? -1 : 1;

	*minutes = 0;
	if (*p == 'Z' || *p == 'z')
		return p[1] == '\0';
	p = read_digits(read_mark(p, "+-"), 2, 0, 23, &hours);
	p = read_digits(read_mark(p, ":"), 2, 0, 59, &rest);
	if (!p || *p)
		return false;
	*minutes = sign * (hours * 60 + rest);
	return true;
}

int
clock_parse_time(const char *text, int64_t *wall_ms)
{
	struct tm tm = { .tm_isdst = -1 };
	struct tm wanted;
	int ms = 0, zone = 0;
	const char *p = read_day_and_time(text, &tm, &ms);
	time_t secs;

	if (!p || (*p && !read_zone(p, &zone)))
		return -EINVAL;
	if (tm.tm_year < YEAR_LEAST || tm.tm_year > YEAR_MOST)
		return -ERANGE;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	wanted = tm;
	secs = *p ? timegm(&tm) - (time_t)zone * 60 : mktime(&tm);
	if (tm.tm_hour != wanted.tm_hour || tm.tm_min != wanted.tm_min)
		return -EINVAL;
	if (secs < 0)
		return -ERANGE;
	*wall_ms = (int64_t)secs * 1000 + ms;
	return 0;
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

/*
 * clock.h - two clocks, never mixed.
 *
 * Everything the program waits for is measured on the boot clock, which only
 * moves forward and counts time asleep.  The wall clock is for people: it is
 * written into records and shown, and nothing is ordered or decided by it
 * except a wait that has to outlive a reboot.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NS_PER_MS 1000000LL
#define CLOCK_NS_PER_S  1000000000LL
#define CLOCK_TEXT_MAX  32 /* "2026-11-21T03:39:18.123Z" and its NUL */

/* Nanoseconds since boot, sleep included (CLOCK_BOOTTIME). */
int64_t clock_boot_ns(void);

/* Milliseconds, and nanoseconds, since 1970 by the wall clock. */
int64_t clock_wall_ms(void);
int64_t clock_wall_ns(void);

/* RFC 3339 in UTC with milliseconds; `buf` holds CLOCK_TEXT_MAX bytes. */
char *clock_format(int64_t wall_ms, char *buf);

/* The same in the zone of this process: "2026-11-21T04:39:18.123+01:00". */
char *clock_format_local(int64_t wall_ms, char *buf);

/*
 * A time of day to milliseconds since 1970.  RFC 3339, with a zone, or
 * without one, which means the zone of this process; a blank may stand for
 * the T, and seconds may be left out: "2026-11-21T03:39:18.123Z", "2026-11-21
 * 03:39+01:00", "2026-11-21 03:39".  -EINVAL: it is no time, or one that is
 * left out where clocks are put forward; -ERANGE: not of 1970 to 2250.
 */
int clock_parse_time(const char *text, int64_t *wall_ms);

/*
 * "500ms", "2s", "10m", "1h", "7d", "0"; a bare number is refused, because
 * its unit would be a guess.  Gives milliseconds; -EINVAL, -ERANGE.
 */
int clock_parse_duration(const char *text, int64_t *ms);

/* For people: "1h02m", "4.2s"; `buf` holds CLOCK_TEXT_MAX bytes. */
char *clock_format_duration(int64_t ms, char *buf);

#endif

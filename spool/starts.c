#include "spool/starts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"

#define WINDOW_NS ((int64_t)LANE_WINDOW_MS * CLOCK_NS_PER_MS)
#define FILE_MAX  (1 << 20)

static void
add(struct starts *s, int64_t boot_ns)
{
	mem_room(&s->boot_ns, s->n, &s->cap, sizeof(*s->boot_ns));
	s->boot_ns[s->n++] = boot_ns;
}

/* Of another boot: as long ago as the wall clock says, from 0 to a minute. */
static int64_t
converted(int64_t wall_ms, const struct lane_now *now)
{
	int64_t ago_ms = now->wall_ms - wall_ms;

	if (ago_ms < 0)
		ago_ms = 0;
	if (ago_ms > LANE_WINDOW_MS)
		ago_ms = LANE_WINDOW_MS;
	return now->boot_ns - ago_ms * CLOCK_NS_PER_MS;
}

static int64_t
to_wall(int64_t boot_ns, const struct lane_now *now)
{
	return now->wall_ms - (now->boot_ns - boot_ns) / CLOCK_NS_PER_MS;
}

static void
take_line(struct starts *s, const char *line, bool same_boot,
          const struct lane_now *now)
{
	int64_t boot_ns, wall_ms;

	if (sscanf(line, "%" SCNd64 " %" SCNd64, &boot_ns, &wall_ms) != 2)
		return;
	if (!same_boot)
		boot_ns = converted(wall_ms, now);
	/* What is said of the future was not written by us. */
	if (boot_ns <= now->boot_ns && now->boot_ns - boot_ns < WINDOW_NS)
		add(s, boot_ns);
}

int
starts_read(int dfd, const struct lane_now *now, struct starts *out)
{
	autostr text = STR_INIT;
	bool same_boot;
	char *line, *rest = NULL;
	int r = sys_read_file(dfd, STARTS_FILE, FILE_MAX, &text);

	*out = (struct starts){ 0 };
	if (r == -ENOENT || r == -EFBIG)
		return 0;
	if (r < 0)
		return r;
	if (!text.len)
		return 0;
	line = strtok_r(text.data, "\n", &rest);
	same_boot = line && strcmp(line, now->boot) == 0;
	while (line && (line = strtok_r(NULL, "\n", &rest)))
		take_line(out, line, same_boot, now);
	return 0;
}

int64_t
starts_next(const struct starts *s, int64_t per_minute)
{
	if (per_minute == 0 || (int64_t)s->n < per_minute)
		return 0;
	return s->boot_ns[s->n - (size_t)per_minute] + WINDOW_NS;
}

int
starts_add(int dfd, const struct lane_now *now, struct starts *s)
{
	autostr text = STR_INIT;

	add(s, now->boot_ns);
	str_addf(&text, "%s\n", now->boot);
	for (size_t i = 0; i < s->n; i++)
		str_addf(&text, "%" PRId64 " %" PRId64 "\n", s->boot_ns[i],
		         to_wall(s->boot_ns[i], now));
	return sys_write_file(dfd, STARTS_FILE, text.data, text.len, true,
	                      false);
}

void
starts_done(struct starts *s)
{
	free(s->boot_ns);
	*s = (struct starts){ 0 };
}

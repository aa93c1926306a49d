#include "spool/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/sys.h"

#define HEALTH_BYTES_MAX 4096
#define TIME_MAX_MS      9000000000000 /* the year 2255 */

static int64_t
read_number(const struct json *o, const char *key)
{
	int64_t n = json_int(json_get(o, key), 0);

	return n < 0 || n > TIME_MAX_MS ? 0 : n;
}

void
health_read(const struct desk *d, struct health *h)
{
	autostr text = STR_INIT;
	autojson *o = NULL;

	*h = (struct health){ 0 };
	if (sys_read_file(d->fd, HEALTH_FILE, HEALTH_BYTES_MAX, &text) < 0)
		return;
	o = json_parse(str_text(&text), text.len, NULL);
	h->failures = read_number(o, "failures");
	h->pause_ms = read_number(o, "pause_ms");
	h->until_ms = read_number(o, "until");
	h->until_boot_ns = read_number(o, "until_boot_ms") * CLOCK_NS_PER_MS;
	(void)snprintf(h->boot, sizeof(h->boot), "%s",
	               json_str(json_get(o, "boot"), ""));
}

int
health_write(struct desk *d, const struct health *h)
{
	autojson *o = NULL;
	autostr text = STR_INIT;
	int r;

	if (!h->failures && !h->pause_ms) {
		r = sys_unlink(d->fd, HEALTH_FILE);
		return r == -ENOENT ? 0 : r;
	}
	o = json_new_object();
	json_set_int(o, "failures", h->failures);
	if (h->pause_ms) {
		json_set_int(o, "pause_ms", h->pause_ms);
		json_set_int(o, "until", h->until_ms);
		json_set_int(o, "until_boot_ms",
		             h->until_boot_ns / CLOCK_NS_PER_MS);
		json_set_str(o, "boot", h->boot);
	}
	json_pretty(o, &text);
	return sys_write_file(d->fd, HEALTH_FILE, text.data, text.len, true,
	                      false);
}

int64_t
health_wait_left(const struct health *h, const char *boot, int64_t now_boot_ns,
                 int64_t now_wall_ms)
{
	int64_t left;

	if (!h->pause_ms)
		return 0;
	left = strcmp(h->boot, boot) == 0 ?
	               h->until_boot_ns - now_boot_ns :
	               (h->until_ms - now_wall_ms) * CLOCK_NS_PER_MS;
	/* A wall clock that was set back must not make it longer. */
	if (left > h->pause_ms * CLOCK_NS_PER_MS)
		left = h->pause_ms * CLOCK_NS_PER_MS;
	return left > 0 ? left : 0;
}

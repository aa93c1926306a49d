#include "spool/progress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/sys.h"

#define PROGRESS_FILE "progress.json"
#define PROGRESS_MAX  65536

static const struct phase_info {
	const char *name;
	int low, high; /* the band of percentages it is shown in */
} phases[] = {
	[PHASE_NONE] = { "none", 0, 0 },
	[PHASE_WORKING] = { "working", 0, 90 },
	[PHASE_SAVING] = { "saving", 90, 95 },
	[PHASE_VERIFYING] = { "verifying", 95, 98 },
};
_Static_assert(countof(phases) == PHASE_VERIFYING + 1, "name every phase");

const char *
progress_phase_name(enum phase p)
{
	return phases[p].name;
}

int
progress_band(enum phase p, int own)
{
	if (own < 0)
		own = 0;
	if (own > 100)
		own = 100;
	return phases[p].low + (phases[p].high - phases[p].low) * own / 100;
}

static int
clamp(int64_t n, int low, int high)
{
	return n < low ? low : n > high ? high : (int)n;
}

int
progress_write(struct desk *d, const char *id, const struct progress *p)
{
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	autoclose int fd = sys_opendir(d->at[PLACE_WORK], id);

	if (fd < 0)
		return fd;
	json_set_str(o, "phase", phases[p->phase].name);
	json_set_int(o, "percent", p->percent);
	json_set_str(o, "stage", p->stage);
	json_set_str(o, "message", p->message);
	json_set_int(o, "updated", p->updated_ms);
	if (p->stalled_ms) {
		json_set_int(o, "stalled", p->stalled_ms);
		json_set_int(o, "quiet", p->quiet_ms);
	}
	json_print(o, &text);
	str_addc(&text, '\n');
	return sys_write_file(fd, PROGRESS_FILE, text.data, text.len, true,
	                      false);
}

int
progress_read(const struct desk *d, const char *id, struct progress *p)
{
	autofree char *path = mem_printf("%s/" PROGRESS_FILE, id);
	autostr text = STR_INIT;
	autojson *o = NULL;
	const char *phase;
	int r;

	*p = (struct progress){ 0 };
	r = sys_read_file(d->at[PLACE_WORK], path, PROGRESS_MAX, &text);
	if (r < 0)
		return r;
	o = json_parse(str_text(&text), text.len, NULL);
	phase = json_str(json_get(o, "phase"), "");
	for (size_t i = 1; i < countof(phases); i++)
		if (strcmp(phases[i].name, phase) == 0)
			p->phase = (enum phase)i;
	if (!p->phase)
		return -ENOENT;
	/* A worker can write this file, too: it does not leave the band. */
	p->percent = clamp(json_int(json_get(o, "percent"), 0),
	                   phases[p->phase].low, phases[p->phase].high);
	p->updated_ms = json_int(json_get(o, "updated"), 0);
	p->stalled_ms = json_int(json_get(o, "stalled"), 0);
	p->quiet_ms = json_int(json_get(o, "quiet"), 0);
	(void)snprintf(p->stage, sizeof(p->stage), "%s",
	               json_str(json_get(o, "stage"), ""));
	(void)snprintf(p->message, sizeof(p->message), "%s",
	               json_str(json_get(o, "message"), ""));
	return 0;
}

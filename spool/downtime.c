#include "spool/downtime.h"

#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "base/sys.h"

#define FILE_NAME "down.json"
#define PATH      DESK_WARM "/" FILE_NAME
#define FILE_MAX  16384

int
downtime_write(struct desk *d, const struct downtime *down)
{
	autojson *o = json_new_object();
	autostr text = STR_INIT;
	autoclose int folder = sys_opendir(d->fd, DESK_WARM);

	if (folder < 0)
		return folder;
	json_set_int(o, "deaths", down->deaths);
	json_set_int(o, "until", down->until_ms);
	json_set_str(o, "message", down->message);
	json_print(o, &text);
	str_addc(&text, '\n');
	return sys_write_file(folder, FILE_NAME, text.data, text.len, true,
	                      false);
}

int
downtime_read(const struct desk *d, struct downtime *down)
{
	autojson *o = NULL;
	autostr text = STR_INIT;

	if (sys_read_file(d->fd, PATH, FILE_MAX, &text) < 0)
		return 0;
	o = json_parse(str_text(&text), text.len, NULL);
	if (!json_is_object(o))
		return 0;
	down->deaths = json_int(json_get(o, "deaths"), 0);
	down->until_ms = json_int(json_get(o, "until"), 0);
	(void)snprintf(down->message, sizeof(down->message), "%s",
	               json_str(json_get(o, "message"), ""));
	return 1;
}

int
downtime_forget(struct desk *d)
{
	int r = sys_unlink(d->fd, PATH);

	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

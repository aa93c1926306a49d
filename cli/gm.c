#include "cli/gm.h"

#include <errno.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/sys.h"

#define GM_LOCK       "gm/lock"
#define GM_REQUESTS   "gm/requests"
#define GM_QUARANTINE "gm/quarantine"
#define TEXT_MAX      4096

int
gm_owner(const struct spool *s, struct proc_id *owner)
{
	autostr text = STR_INIT;
	int r = lock_held(s->fd, GM_LOCK);

	if (r <= 0)
		return r;
	r = sys_read_file(s->fd, GM_LOCK, TEXT_MAX, &text);
	if (r < 0)
		return r;
	*owner = (struct proc_id){ 0 };
	if (proc_parse(str_text(&text), owner) < 0)
		owner->pid = 0;
	return 1;
}

int
gm_quarantine(const struct spool *s, const char *agent, struct str *why)
{
	autofree char *path = mem_printf(GM_QUARANTINE "/%s", agent);
	autostr text = STR_INIT;
	int r = sys_exists(s->fd, path);

	if (r <= 0 || !why)
		return r > 0;
	if (sys_read_file(s->fd, path, TEXT_MAX, &text) == 0)
		str_add(why, str_text(&text), strcspn(str_text(&text), "\n"));
	return 1;
}

int
gm_request(const struct spool *s, const char *name, struct err *err)
{
	autoclose int fd = -1;
	int r = sys_mkdir(s->fd, GM_REQUESTS, 0755);

	fd = r < 0 && r != -EEXIST ? r : sys_opendir(s->fd, GM_REQUESTS);
	r = fd < 0 ? fd : sys_write_file(fd, name, "", 0, true, s->durable);
	if (r < 0)
		return err_sys(err, r, "cannot drop '%s/" GM_REQUESTS "/%s'",
		               s->root, name);
	return 0;
}

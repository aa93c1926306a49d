#include "orchestrator/quarantine.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/sys.h"

#define TEXT_MAX 4096

int
quarantine_put(int dfd, const char *name, const char *why, bool durable)
{
	autofree char *line = mem_printf("%s\n", why);

	return sys_write_file(dfd, name, line, strlen(line), true, durable);
}

int
quarantine_get(int dfd, const char *name, struct str *why)
{
	autostr text = STR_INIT;
	int r = sys_exists(dfd, name);

	if (r <= 0 || !why)
		return r;
	/* Being there is what counts; it may have been made with touch. */
	if (sys_read_file(dfd, name, TEXT_MAX, &text) < 0)
		str_adds(why, "for a reason that cannot be read");
	else if (text.len == 0)
		str_adds(why, "no reason given");
	else
		str_add(why, text.data, strcspn(text.data, "\n"));
	return 1;
}

int
quarantine_lift(int dfd, const char *name, bool durable)
{
	int r = sys_unlink(dfd, name);

	if (r == -ENOENT)
		return 0;
	return r == 0 && durable ? sys_fsync(dfd) : r;
}

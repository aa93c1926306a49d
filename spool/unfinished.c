#include "spool/unfinished.h"

#include <fcntl.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/settle.h"
#include "spool/taskdir.h"

static bool
is_written(int dfd, const char *name)
{
	autoclose int fd = sys_open_beneath(dfd, name, O_RDONLY);

	return fd >= 0 && settle_lease(fd) == SETTLE_WRITER;
}

static int
look(void *arg, int parent, const char *name, const char *path, int directory)
{
	char **found = arg;

	if (directory || !is_written(parent, name))
		return 0;
	*found = mem_printf("out/%s", path);
	return 1;
}

int
unfinished_find(const struct desk *d, const char *id, char **path)
{
	autofree char *out = mem_printf("%s/stdout", id);
	autofree char *dir = mem_printf("%s/out", id);
	char *found = NULL;

	if (is_written(d->at[PLACE_WORK], out))
		found = mem_dup("stdout");
	else /* what may not stand there is told of when it is gathered */
		(void)taskdir_walk(d->at[PLACE_WORK], dir, look, &found, NULL);
	if (!found)
		return 0;
	*path = found;
	return 1;
}

#include "cli/known.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/sys.h"
#include "cli/source.h"
#include "spool/find.h"

#define LOOKS_MAX 100

/* The digest of the task as it was submitted, wherever it is by now. */
static int
digest_found(const struct desk *d, const struct found *f, char *hex,
             struct err *err)
{
	bool ended = f->place == PLACE_OUTBOX || f->place == PLACE_FAILED;
	autoclose int dir = ended ? sys_open_beneath(d->at[f->place], f->name,
	                                             O_RDONLY | O_DIRECTORY) :
	                            -1;
	autotask t = TASK_INIT;
	int dfd = ended ? dir : d->at[f->place];
	const char *name = ended ? "task" : f->name;
	int r;

	if (dfd < 0)
		return dfd;
	if (f->place == PLACE_INBOX || f->place == PLACE_ADMIT)
		r = source_read_at(dfd, name, &t, err);
	else
		r = task_open(dfd, name, &t, err);
	return r < 0 ? r : task_digest(dfd, name, &t, hex);
}

int
known_check(const struct desk *d, const char *id, const char *digest,
            struct err *err)
{
	char hex[DIGEST_TEXT_MAX] = "";
	struct found f;
	int r = -ENOENT;

	/* It may move on between being found and being read. */
	for (int look = 0; look < LOOKS_MAX && r == -ENOENT; look++) {
		r = find_task(d, id, &f);
		if (r == -ENOENT)
			return 0;
		if (r == 0)
			r = digest_found(d, &f, hex, err);
	}
	/* A drop that is no task is not this one. */
	if (r < 0 && r != -EBADMSG)
		return err_sys(err, r, "cannot look at task '%s/%s'", d->name,
		               id);
	if (r == 0 && strcmp(hex, digest) == 0)
		return 1;
	return err_set(err, -EEXIST,
	               "the id '%s/%s' is taken by a task with other content; "
	               "choose another id, or look at that one: "
	               "spoolhand why %s/%s",
	               d->name, id, d->name, id);
}

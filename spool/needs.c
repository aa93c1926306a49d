#include "spool/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/inbox.h"
#include "spool/inputs.h"
#include "spool/journal.h"
#include "spool/record.h"
#include "spool/task.h"

#define LOOKS_MAX 5

/*
 * In the order in which tasks go, and once more from where they come back, so
 * that none is missed unless it makes two moves at once; if the desk was in
 * motion it is looked at again.
 */
static const enum place way[] = {
	PLACE_INBOX,   PLACE_ADMIT,   PLACE_PENDING,
	PLACE_READY,   PLACE_RUNNING, PLACE_SAVING,
	PLACE_BLOCKED, PLACE_READY,   PLACE_RUNNING,
};

/* A drop is read by its name, as admission will. */
static int
open_drop(int dfd, const char *name, const char *dropped, struct task *t)
{
	autoclose int fd = sys_open_beneath(dfd, name, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return task_open(dfd, name, t, NULL);
	return task_read_fd(take_fd(fd), taskdir_form_of(dropped), dropped, t,
	                    NULL);
}

static int
open_any(const struct desk *d, enum place p, const char *name, struct task *t)
{
	const char *dropped = name;

	if (desk_place_live(p) || (p == PLACE_ADMIT && name[0] == '='))
		return task_open(d->at[p], name, t, NULL);
	if (p == PLACE_ADMIT)
		dropped = inbox_dropped_name(name);
	if (!dropped || (p == PLACE_INBOX && name_is_private(name)))
		return -EBADMSG;
	return open_drop(d->at[p], name, dropped, t);
}

static int
add_call(void *refs, const struct call *c)
{
	if (c->child)
		(void)strset_add(refs, c->child);
	return 0;
}

static void
add_header(const struct task *t, struct strset *refs)
{
	char **list = inputs_refs(t);

	for (char **p = list; *p; p++)
		(void)strset_add(refs, *p);
	keys_free_list(list);
}

/* What cannot be read needs nothing: it will be rejected, or withdrawn. */
static int
add_task(const struct desk *d, enum place p, const char *name,
         struct strset *refs)
{
	autotask t = TASK_INIT;
	struct record rec;
	struct entry e;
	int r = open_any(d, p, name, &t);

	if (r == 0)
		add_header(&t, refs);
	if (r < 0 && r != -ENOENT && err_class(r) != ERR_REJECT &&
	    desk_place_live(p))
		return r;
	if (!desk_place_live(p) || entry_parse(name, &e) < 0)
		return 0;
	record_read(d, e.id, &rec);
	if (rec.on[0])
		(void)strset_add(refs, rec.on);
	r = calls_each(d, e.id, add_call, refs);
	return r == -ENOENT ? 0 : r;
}

static int
add_place(const struct desk *d, enum place p, struct strset *refs)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = sys_listdir(d->at[p], ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		if (de->d_name[0] != '.')
			r = add_task(d, p, de->d_name, refs);
	return r;
}

static int
add_desk(struct spool *s, const char *name, struct strset *refs,
         struct err *err)
{
	autodesk *d = NULL;
	int64_t before = -1;
	int r = desk_open(s, name, &d, err);

	if (r < 0)
		return r;
	for (int i = 0; i < LOOKS_MAX && journal_size(d) != before; i++) {
		before = journal_size(d);
		for (size_t k = 0; k < countof(way) && r == 0; k++)
			r = add_place(d, way[k], refs);
		if (r < 0)
			return err_sys(err, r,
			               "cannot look at the tasks of "
			               "'%s'",
			               name);
	}
	return 0;
}

int
needs_take(struct spool *s, struct strset *refs, struct err *err)
{
	char **names = NULL;
	int r = desk_list(s, &names);

	if (r < 0)
		return err_sys(err, r, "cannot list the agents");
	for (char **p = names; *p && r == 0; p++)
		r = add_desk(s, *p, refs, err);
	keys_free_list(names);
	return r;
}

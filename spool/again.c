/*
 * What enters pending/ otherwise than by a drop: tasks that begin again, and
 * what a crash left on the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/admit.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/record.h"
#include "spool/result.h"
#include "spool/retain.h"
#include "spool/seal.h"
#include "spool/treecopy.h"

#define AGAIN_MARK   '=' /* admit/=ENTRY: a failed task that begins again */
#define ARCHIVES_MAX 100000

/* Keep the old result: failed/ID -> work/ID/failed-N. */
static int
archive(struct desk *d, const char *id)
{
	autoclose int work = -1;
	int r = sys_mkdir(d->at[PLACE_WORK], id, 0755);

	if (r < 0 && r != -EEXIST)
		return r;
	work = sys_opendir(d->at[PLACE_WORK], id);
	if (work < 0)
		return work;
	for (int n = 1; n < ARCHIVES_MAX; n++) {
		autofree char *name = mem_printf("failed-%d", n);

		r = sys_rename(d->at[PLACE_FAILED], id, work, name);
		if (r != -EEXIST)
			break;
	}
	if (r == 0 && d->spool->durable)
		r = sys_fsync(d->at[PLACE_FAILED]);
	return r;
}

/* The last step: admit/=ENTRY -> pending/ENTRY. */
static int
enter(struct desk *d, struct journal *j, const struct entry *e, int64_t now_ms)
{
	struct journal_line line = JOURNAL_LINE;
	char name[ENTRY_NAME_MAX];
	autofree char *marked =
		mem_printf("%c%s", AGAIN_MARK, entry_format(e, name));
	int r;

	line.ev = "admit";
	line.entry = e;
	line.to = state_name(TASK_PENDING);
	line.why = "retry asked for";
	r = journal_write(j, now_ms, &line);
	if (r == 0)
		r = sys_rename(d->at[PLACE_ADMIT], marked, d->at[PLACE_PENDING],
		               name);
	if (r == 0 && d->spool->durable)
		r = sys_fsync(d->at[PLACE_PENDING]);
	return r;
}

/* A second name for failed/ID/task in admit/, with the present as its time. */
static int
prepare(struct desk *d, const char *id, const char *marked, int64_t now_ms,
        struct err *err)
{
	autofree char *task = mem_printf("%s/task", id);
	autoclose int fd = -1;
	int r = treecopy_link(d->at[PLACE_FAILED], task, d->at[PLACE_ADMIT],
	                      marked, err);

	if (r < 0)
		return r;
	fd = sys_open_beneath(d->at[PLACE_ADMIT], marked, O_RDONLY);
	r = fd < 0 ? fd : sys_set_mtime(fd, now_ms * CLOCK_NS_PER_MS);
	if (r == 0 && d->spool->durable)
		r = sys_fsync(d->at[PLACE_ADMIT]);
	return r < 0 ? err_sys(err, r, "cannot prepare '%s'", id) : 0;
}

/* Whose task it was, for the record: the entry is ours from now on. */
static int
keep_submitter(struct desk *d, const char *id, const struct json *result)
{
	struct record rec = RECORD_INIT;

	rec.uid = json_int(json_get(json_get(result, "submitter"), "uid"), -1);
	if (rec.uid < 0 || rec.uid == (int64_t)geteuid())
		return 0;
	return record_write(d, id, &rec);
}

int
admit_again(struct desk *d, struct journal *j, const char *id, uint64_t seq,
            int64_t now_ms, struct entry *out, struct err *err)
{
	autofree char *task = mem_printf("%s/task", id);
	autofree char *marked = NULL;
	char name[ENTRY_NAME_MAX];
	struct entry e = { .seq = seq };
	autotask t = TASK_INIT;
	autojson *result = NULL;
	int r = sys_exists(d->at[PLACE_FAILED], id);

	if (r <= 0)
		return err_set(err, r < 0 ? r : -ENOENT,
		               "'%s/%s' has not failed", d->name, id);
	r = task_open(d->at[PLACE_FAILED], task, &t, err);
	if (r < 0)
		return r;
	e.cls = task_class_of(&t);
	(void)snprintf(e.id, sizeof(e.id), "%s", id);
	marked = mem_printf("%c%s", AGAIN_MARK, entry_format(&e, name));
	r = prepare(d, id, marked, now_ms, err);
	if (r < 0)
		return r;
	(void)result_read(d, PLACE_FAILED, id, &result, NULL);
	r = archive(d, id);
	if (r == 0)
		r = keep_submitter(d, id, result);
	if (r == 0)
		r = enter(d, j, &e, now_ms);
	if (r < 0)
		return err_sys(err, r, "cannot begin '%s/%s' again", d->name,
		               id);
	*out = e;
	return 0;
}

static int
recover_marked(struct desk *d, struct journal *j, const char *marked,
               int64_t now_ms)
{
	struct found f;
	struct entry e;
	int r;

	if (entry_parse(marked + 1, &e) < 0)
		return 0; /* not ours; fsck will tell */
	r = find_admitted(d, e.id, &f);
	if (r == -ENOENT)
		return enter(d, j, &e, now_ms);
	/*
	 * Its result is still in failed/: it has not begun, the request
	 * stands.  Or it is somewhere else, for it has begun since, under
	 * another number.
	 */
	return r < 0 ? r : sys_remove_tree(d->at[PLACE_ADMIT], marked);
}

int
admit_recover(struct desk *d, struct journal *j, int64_t now_ms,
              char ***claimed, struct err *err)
{
	char **names = NULL;
	size_t kept = 0;
	int r = seal_recover(d, err);

	if (r < 0)
		return r;
	r = find_list(d, PLACE_ADMIT, &names);
	for (char **p = names; r == 0 && *p; p++) {
		if ((*p)[0] == AGAIN_MARK)
			r = recover_marked(d, j, *p, now_ms);
		if ((*p)[0] == RETAIN_MARK)
			r = sys_remove_tree(d->at[PLACE_ADMIT], *p);
		if (inbox_dropped_name(*p)) {
			char *name = *p;

			*p = names[kept];
			names[kept++] = name;
		}
	}
	if (r < 0) {
		keys_free_list(names);
		return err_sys(err, r, "cannot recover '%s/admit'", d->name);
	}
	for (char **p = names + kept; *p; p++)
		free(*p);
	names[kept] = NULL;
	*claimed = names;
	return 0;
}

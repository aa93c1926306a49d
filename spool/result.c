#include "spool/result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "spool/manifest.h"
#include "spool/taskdir.h"
#include "spool/treecopy.h"

#define RESULT_MAX (16 * 1024 * 1024)

/* What a worker leaves in work/ID, and what of it is published. */
static const char *const parts[] = { "stdout", "stderr", "out" };

static char *
staged_path(const char *id, const char *below)
{
	return mem_printf("%s/" RESULT_STAGED "%s%s", id, *below ? "/" : "",
	                  below);
}

int
result_staged(const struct desk *d, const char *id)
{
	autofree char *path = staged_path(id, RESULT_FILE);
	int r = sys_exists(d->at[PLACE_WORK], path);

	return r == -ENOTDIR || r == -ELOOP ? 0 : r;
}

/* Remove what a process that died while it wrote the record left. */
static int
sweep(int work, const char *dir)
{
	autodir DIR *d = NULL;
	struct dirent *de;
	int r = sys_listdir(work, dir, &d);

	while (r >= 0 && (r = sys_next(d, &de)) > 0)
		if (str_starts(de->d_name, "." RESULT_FILE "."))
			r = sys_unlink(dirfd(d), de->d_name);
	return r;
}

/* Bring the parts together; what an earlier try moved is moved already. */
static int
gather(struct desk *d, enum place from, const struct entry *e, struct err *err)
{
	int work = d->at[PLACE_WORK];
	autofree char *dir = staged_path(e->id, "");
	autofree char *task = staged_path(e->id, "task");
	char name[ENTRY_NAME_MAX];
	int r = sys_mkdir(work, e->id, 0755);

	if (r == 0 || r == -EEXIST)
		r = sys_mkdir(work, dir, 0755);
	if (r == -EEXIST)
		r = sweep(work, dir);
	for (size_t i = 0; i < countof(parts) && r == 0; i++) {
		autofree char *old = mem_printf("%s/%s", e->id, parts[i]);
		autofree char *new = staged_path(e->id, parts[i]);

		r = sys_rename(work, old, work, new);
		if (r == -ENOENT)
			r = 0;
	}
	if (r < 0)
		return err_sys(err, r, "cannot gather the result of '%s'",
		               e->id);
	return treecopy_link(d->at[from], entry_format(e, name), work, task,
	                     err);
}

static struct json *
list_json(char *const *list)
{
	struct json *a = json_new_array();

	for (; list && *list; list++)
		json_push(a, json_new_str(*list));
	return a;
}

static struct json *
labels_json(char *const *labels)
{
	struct json *o = json_new_object();

	for (; labels && *labels; labels++) {
		const char *eq = strchr(*labels, '=');
		autofree char *key = mem_dupn(*labels, (size_t)(eq - *labels));

		json_set_str(o, key, eq + 1);
	}
	return o;
}

static void
set_time(struct json *o, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_MAX];

	json_set_str(o, key, wall_ms ? clock_format(wall_ms, text) : NULL);
}

static struct json *
times_json(const struct ending *end, int64_t now_ms)
{
	struct json *o = json_new_object();

	set_time(o, "admitted", end->admitted_ms);
	set_time(o, "first_started", end->first_started_ms);
	set_time(o, "started", end->started_ms);
	set_time(o, "ended", end->ended_ms);
	set_time(o, "saved", now_ms);
	return o;
}

static struct json *
usage_json(const struct ending *end)
{
	struct json *o = json_new_object();

	json_set_int(o, "wall_ms", end->wall_ms);
	json_set_int(o, "user_ms", end->user_ms);
	json_set_int(o, "system_ms", end->system_ms);
	json_set_int(o, "max_rss_kib", end->max_rss_kib);
	return o;
}

static struct json *
submitter_json(const struct task *t, const struct ending *end)
{
	struct json *o = json_new_object();

	json_set_int(o, "uid", end->uid);
	json_set_str(o, "user", t->user);
	json_set_str(o, "device", t->device);
	return o;
}

static struct json *
children_json(const struct cascade *c)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < c->n; i++) {
		struct json *o = json_new_object();

		json_set_str(o, "ref", c->children[i].ref);
		json_set_str(o, "disposition",
		             cascade_fate_name(c->children[i].fate));
		json_push(list, o);
	}
	return list;
}

/* The record of a task, by docs/result.schema.json. */
static struct json *
describe(const struct desk *d, const struct entry *e, const struct task *t,
         const struct ending *end, int64_t now_ms)
{
	autofree char *ref = mem_printf("%s/%s", d->name, e->id);
	struct json *o = json_new_object();

	json_set_int(o, "format", 1);
	json_set_str(o, "ref", ref);
	json_set_str(o, "agent", d->name);
	json_set_str(o, "id", e->id);
	json_set_str(o, "state", state_outcome_name(end->outcome));
	json_set_str(o, "reason", end->reason);
	json_set_str(o, "failure", end->failure);
	json_set_str(o, "message", end->message);
	if (end->exit >= 0)
		json_set_int(o, "exit", end->exit);
	else
		json_set_str(o, "exit", NULL);
	if (end->signal)
		json_set_int(o, "signal", end->signal);
	else
		json_set_str(o, "signal", NULL);
	json_set_int(o, "attempts", e->attempts);
	json_set_int(o, "seq", (int64_t)e->seq);
	json_set_str(o, "priority", entry_class_name(e->cls));
	json_set_str(o, "title", t->title);
	json_set_str(o, "trace", t->trace);
	json_set_str(o, "parent", t->parent);
	if (end->children && end->children->n)
		json_set(o, "children", children_json(end->children));
	json_set(o, "labels", labels_json(t->labels));
	json_set(o, "after", list_json(t->after));
	json_set(o, "inputs", list_json(t->inputs));
	json_set(o, "submitter", submitter_json(t, end));
	json_set(o, "times", times_json(end, now_ms));
	json_set(o, "usage", usage_json(end));
	return o;
}

int
result_stage(struct desk *d, enum place from, const struct entry *e,
             const struct task *t, const struct ending *end, int64_t now_ms,
             struct err *err)
{
	autojson *o = describe(d, e, t, end, now_ms);
	autofree char *dir = staged_path(e->id, "");
	autostr text = STR_INIT;
	struct json *manifest;
	autoclose int fd = -1;
	int r = gather(d, from, e, err);

	if (r == 0)
		r = manifest_make(d->at[PLACE_WORK], dir, &manifest, err);
	if (r != 0)
		return r;
	json_set(o, "manifest", manifest);
	json_pretty(o, &text);
	fd = sys_opendir(d->at[PLACE_WORK], dir);
	if (fd >= 0)
		r = sys_write_file(fd, RESULT_FILE, text.data, text.len, true,
		                   false);
	if (fd < 0 || r < 0)
		return err_sys(err, fd < 0 ? fd : r,
		               "cannot write the result of '%s'", e->id);
	return 0;
}

int
result_refuse(struct desk *d, const char *id)
{
	autofree char *out = staged_path(id, "out");
	autofree char *refused = mem_printf("%s/refused", id);
	int r = sys_remove_tree(d->at[PLACE_WORK], refused);

	if (r == 0)
		r = sys_rename(d->at[PLACE_WORK], out, d->at[PLACE_WORK],
		               refused);
	return r == -ENOENT ? 0 : r;
}

int
result_stage_anyway(struct desk *d, enum place from, const struct entry *e,
                    const struct task *t, const struct ending *end,
                    int64_t now_ms, struct err *err)
{
	int r = result_stage(d, from, e, t, end, now_ms, err);

	if (r == 0 || err_class(r) != ERR_REJECT)
		return r;
	r = result_refuse(d, e->id);
	return r < 0 ? err_sys(err, r, "cannot put artifacts aside") :
	               result_stage(d, from, e, t, end, now_ms, err);
}

int
result_sync(struct desk *d, const char *id, struct err *err)
{
	autofree char *dir = staged_path(id, "");
	autofree char *task = staged_path(id, "task");
	struct stat st;
	int r;

	if (!d->spool->durable)
		return 0;
	/* A second name of what was made durable when it was accepted. */
	r = sys_stat(d->at[PLACE_WORK], task, &st);
	if (r == 0)
		r = treecopy_sync(d->at[PLACE_WORK], dir,
		                  st.st_nlink > 1 ? "task" : NULL);
	return r < 0 ? err_sys(err, r, "cannot sync the result of '%s'", id) :
	               0;
}

static int
read_json(int dfd, const char *dir, struct json **out, struct err *err)
{
	autofree char *path = mem_printf("%s/" RESULT_FILE, dir);
	autostr text = STR_INIT;
	int r = sys_read_file(dfd, path, RESULT_MAX, &text);

	if (r < 0)
		return err_sys(err, r, "cannot read '%s'", path);
	*out = json_parse(str_text(&text), text.len, err);
	return *out ? 0 : err_prefix(err, -EBADMSG, "%s", path);
}

static int
check(int dfd, const char *dir, struct err *err)
{
	autojson *result = NULL;
	int r = read_json(dfd, dir, &result, err);

	return r < 0 ? r :
	               manifest_check(dfd, dir, json_get(result, "manifest"),
	                              err);
}

int
result_verify(const struct desk *d, const char *id, struct err *err)
{
	autofree char *dir = staged_path(id, "");

	return check(d->at[PLACE_WORK], dir, err);
}

static int
let_go(struct desk *d, struct journal *j, enum place from,
       const struct entry *e, const struct json *result, int64_t now_ms)
{
	struct journal_line line = JOURNAL_LINE;
	char name[ENTRY_NAME_MAX];
	int r;

	line.ev = "end";
	line.entry = e;
	line.from = state_name(desk_place_state(from));
	line.to = json_str(json_get(result, "state"), "?");
	line.reason = json_str(json_get(result, "reason"), NULL);
	line.why = json_str(json_get(result, "message"),
	                    "its result is published");
	line.trace = json_str(json_get(result, "trace"), NULL);
	r = journal_write(j, now_ms, &line);
	if (r < 0)
		return r;
	return sys_remove_tree(d->at[from], entry_format(e, name));
}

bool
result_is_there(const struct desk *d, enum place p, const char *id)
{
	autojson *result = NULL;
	int r = sys_exists(d->at[p], id) == 0 ?
	                -ENOENT :
	                result_read(d, p, id, &result, NULL);

	/* What cannot be read for another reason is not taken for absent. */
	return r != -ENOENT && r != -ENOTDIR && r != -EBADMSG;
}

int
result_publish(struct desk *d, struct journal *j, enum place from,
               const struct entry *e, int64_t now_ms, struct err *err)
{
	autofree char *dir = staged_path(e->id, "");
	autojson *result = NULL;
	enum outcome outcome;
	enum place to;
	int r = read_json(d->at[PLACE_WORK], dir, &result, err);

	if (r < 0)
		return r;
	outcome =
		state_outcome_parse(json_str(json_get(result, "state"), NULL));
	to = outcome == OUT_COMPLETED ? PLACE_OUTBOX : PLACE_FAILED;
	r = sys_rename(d->at[PLACE_WORK], dir, d->at[to], e->id);
	if (r == -EEXIST && !result_is_there(d, to, e->id)) {
		/* Somebody's directory, but no result: it makes way. */
		r = inbox_reject(d, to, e->id, e->id,
		                 "this stood where a result belongs", err);
		if (r == 0)
			r = sys_rename(d->at[PLACE_WORK], dir, d->at[to],
			               e->id);
	}
	if (r == -EEXIST)
		r = 0; /* published before: that one counts */
	if (r == 0 && d->spool->durable)
		r = sys_fsync(d->at[to]);
	if (r == 0)
		r = let_go(d, j, from, e, result, now_ms);
	if (r < 0)
		return err_sys(err, r, "cannot publish '%s/%s'", d->name,
		               e->id);
	(void)result_clean(d, e->id); /* recovery does it, too */
	return 0;
}

int
result_finish(struct desk *d, struct journal *j, enum place from,
              const struct entry *e, enum place published, int64_t now_ms,
              struct err *err)
{
	autojson *result = NULL;
	int r = result_read(d, published, e->id, &result, err);

	if (r < 0)
		return r;
	/* Whoever published it may have died before it was synced. */
	if (d->spool->durable)
		r = sys_fsync(d->at[published]);
	if (r == 0)
		r = let_go(d, j, from, e, result, now_ms);
	if (r < 0)
		return err_sys(err, r, "cannot finish '%s/%s'", d->name, e->id);
	return 0;
}

/* work/ID, as a directory that we may write to. */
static int
open_work(int places, const char *id)
{
	int fd = sys_opendir(places, id);
	int r = 0;

	if (fd == -ENOTDIR || fd == -ELOOP)
		r = sys_unlink(places, id);
	else if (fd != -ENOENT)
		return fd;
	if (r == 0)
		r = sys_mkdir(places, id, 0755);
	return r < 0 ? r : sys_opendir(places, id);
}

/* Is it what it should be, or nothing?  A directory must be ours to move. */
static int
reclaim_part(int work, const char *name, mode_t type)
{
	struct stat st;
	int r = sys_stat(work, name, &st);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if ((st.st_mode & S_IFMT) != type)
		return sys_remove_tree(work, name);
	if (type != S_IFDIR || (st.st_mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fchmodat(work, name, 0755, 0) < 0 ? -errno : 0;
}

int
result_reclaim(struct desk *d, const char *id)
{
	autoclose int work = open_work(d->at[PLACE_WORK], id);
	int r;

	if (work == -EACCES &&
	    fchmodat(d->at[PLACE_WORK], id, 0755, AT_SYMLINK_NOFOLLOW) == 0)
		work = open_work(d->at[PLACE_WORK], id);
	if (work < 0)
		return work;
	r = sys_chmod(work, 0755);
	if (r == 0)
		r = sys_remove_tree(work, RESULT_STAGED);
	if (r == 0)
		r = sys_remove_tree(work, "refused");
	if (r == 0)
		r = reclaim_part(work, "stdout", S_IFREG);
	if (r == 0)
		r = reclaim_part(work, "stderr", S_IFREG);
	return r < 0 ? r : reclaim_part(work, "out", S_IFDIR);
}

int
result_clean(struct desk *d, const char *id)
{
	return sys_remove_tree(d->at[PLACE_WORK], id);
}

int
result_discard(struct desk *d, const char *id)
{
	autofree char *dir = staged_path(id, "");

	return sys_remove_tree(d->at[PLACE_WORK], dir);
}

int
result_read(const struct desk *d, enum place p, const char *id,
            struct json **out, struct err *err)
{
	return read_json(d->at[p], id, out, err);
}

int
result_check(const struct desk *d, enum place p, const char *id,
             struct err *err)
{
	return check(d->at[p], id, err);
}

void
result_describe(const struct json *result, struct str *out)
{
	const char *reason = json_str(json_get(result, "reason"), NULL);
	const char *message = json_str(json_get(result, "message"), NULL);

	str_adds(out, json_str(json_get(result, "state"), "?"));
	if (reason)
		str_addf(out, " (%s)", reason);
	if (message)
		str_addf(out, ": %s", message);
}

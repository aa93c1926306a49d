#include "cli/childtask.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/view.h"
#include "spool/find.h"
#include "spool/result.h"
#include "spool/task.h"
#include "spool/taskdir.h"

#define HASH_DIGITS 16
#define STEM_MAX    90
#define LOOKS_MAX   10

/* `id` without "-cN-HASH", so that a child's child is not called after both. */
static size_t
stem_length(const char *id)
{
	static const char hex[] = "0123456789abcdef", digits[] = "0123456789";
	size_t len = strlen(id);
	size_t at = len > HASH_DIGITS + 1 ? len - HASH_DIGITS - 1 : 0;
	size_t end = at;

	if (!at || id[at] != '-' || strspn(id + at + 1, hex) != HASH_DIGITS)
		return len;
	while (at && strchr(digits, id[at - 1]))
		at--;
	if (at == end || at < 3 || id[at - 1] != 'c' || id[at - 2] != '-')
		return len;
	return at - 2;
}

char *
childtask_id(const char *agent, const struct entry *parent, unsigned n)
{
	autofree char *seed = mem_printf("%s/%s %" PRIu64 " %u", agent,
	                                 parent->id, parent->seq, n);
	size_t stem = stem_length(parent->id);
	char hex[DIGEST_TEXT_MAX];

	digest_bytes(seed, strlen(seed), hex);
	return mem_printf("%.*s-c%u-%.*s",
	                  (int)(stem < STEM_MAX ? stem : STEM_MAX), parent->id,
	                  n, HASH_DIGITS, hex);
}

/* The header of a task wherever it is. */
static int
open_task(const struct desk *d, const char *id, struct task *t)
{
	autoclose int dir = -1;
	struct found f;
	int r = find_task(d, id, &f);

	if (r < 0)
		return r;
	if (desk_place_live(f.place))
		return task_open(d->at[f.place], f.name, t, NULL);
	if (f.place != PLACE_OUTBOX && f.place != PLACE_FAILED)
		return -ENOENT;
	dir = sys_open_beneath(d->at[f.place], f.name, O_RDONLY | O_DIRECTORY);
	return dir < 0 ? dir : task_open(dir, "task", t, NULL);
}

/* Who called `ref`?  NULL: nobody, or it is not there any more. */
static char *
parent_of(struct spool *s, const char *ref)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autodesk *d = NULL;
	autotask t = TASK_INIT;
	int r = name_split_ref(ref, &agent, &id);

	if (r == 0)
		r = desk_open(s, agent, &d, NULL);
	/* It may move on between being found and being read. */
	for (int look = 0; r == 0 && look < LOOKS_MAX; look++)
		if (open_task(d, id, &t) == 0)
			return take_ptr(t.parent);
	return NULL;
}

int
childtask_depth(struct spool *s, const char *parent)
{
	autofree char *ref = parent ? mem_dup(parent) : NULL;
	int depth = 0;

	while (ref && depth < CHILDTASK_DEEPEST) {
		char *above = parent_of(s, ref);

		free(ref);
		ref = above;
		depth++;
	}
	return depth;
}

/* How it ended, of its result; 0: it is not there any more. */
static int
look_at_result(const struct desk *d, enum place p, const char *id,
               struct childtask *out, struct err *err)
{
	autojson *result = NULL;
	int r = result_read(d, p, id, &result, err);

	if (r < 0)
		return r;
	out->state = CHILDTASK_ENDED;
	out->place = p;
	if (p == PLACE_FAILED)
		result_describe(result, &out->why);
	return 0;
}

static int
look_elsewhere(struct desk *d, const char *id, struct childtask *out)
{
	struct view_task v = { 0 };

	out->state = CHILDTASK_GONE;
	if (view_rejected(d->spool, d->name, id, &v, NULL) == 0) {
		out->state = CHILDTASK_REJECTED;
		str_adds(&out->why, v.message ? v.message : "no reason given");
	}
	view_task_done(&v);
	return 0;
}

int
childtask_look(struct desk *d, const char *id, struct childtask *out,
               struct err *err)
{
	struct found f;
	int r = -ENOENT;

	*out = (struct childtask){ .state = CHILDTASK_GONE };
	/* A person may have it begin again between two looks. */
	for (int look = 0; d && look < LOOKS_MAX && r == -ENOENT; look++) {
		r = find_task(d, id, &f);
		if (r == -ENOENT)
			return look_elsewhere(d, id, out);
		if (r < 0)
			return err_sys(err, r, "cannot look for '%s/%s'",
			               d->name, id);
		if (f.place != PLACE_OUTBOX && f.place != PLACE_FAILED) {
			out->state = CHILDTASK_LIVES;
			return 0;
		}
		r = look_at_result(d, f.place, id, out, err);
	}
	return d ? r : 0;
}

void
childtask_done(struct childtask *c)
{
	str_done(&c->why);
}

struct copying {
	int to;
	struct err *err;
};

/* "a/b" -> the directory "a" of the target, and "b". */
static int
open_parent(int to, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = NULL;

	*name = slash ? slash + 1 : path;
	if (!slash)
		return sys_opendir(to, ".");
	dir = mem_dupn(path, (size_t)(slash - path));
	return sys_open_beneath(to, dir, O_RDONLY | O_DIRECTORY);
}

static int
copy_file(int parent, const char *name, int to, const char *path)
{
	autoclose int in = sys_open_beneath(parent, name, O_RDONLY);
	autofree char *private = NULL;
	autoclose int out = -1;
	autoclose int dir = -1;
	const char *own;
	int64_t n;
	int r;

	if (in < 0)
		return in;
	dir = open_parent(to, path, &own);
	if (dir < 0)
		return dir;
	private = mem_printf(".spoolhand-%d.tmp", (int)getpid());
	(void)sys_unlink(dir, private);
	out = sys_create(dir, private, 0644);
	if (out < 0)
		return out;
	n = sys_copy(in, 0, out, INT64_MAX);
	r = n < 0 ? (int)n : sys_replace(dir, private, own);
	if (r < 0)
		(void)sys_unlink(dir, private);
	return r;
}

static int
copy_one(void *arg, int parent, const char *name, const char *path,
         int directory)
{
	struct copying *c = arg;
	autofree char *shown = name_show(path);
	int r;

	if (directory)
		r = sys_mkdir(c->to, path, 0755);
	else
		r = copy_file(parent, name, c->to, path);
	if (r == -EEXIST && directory)
		return 0;
	return r < 0 ? err_sys(c->err, r, "cannot copy '%s'", shown) : 0;
}

int
childtask_artifacts(const struct desk *d, enum place p, const char *id,
                    const char *dir, struct err *err)
{
	autofree char *from = mem_printf("%s/out", id);
	autoclose int to = -1;
	struct copying c;
	int r = sys_mkdir(AT_FDCWD, dir, 0755);

	if (r < 0 && r != -EEXIST)
		return err_sys(err, r, "cannot make '%s'", dir);
	to = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_sys(err, -errno, "cannot open '%s'", dir);
	c = (struct copying){ to, err };
	/* One that was withdrawn has none. */
	if (sys_exists(d->at[p], from) != 1)
		return 0;
	return taskdir_walk(d->at[p], from, copy_one, &c, err);
}

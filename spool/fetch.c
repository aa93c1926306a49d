/*
 * What a task needs is put into work/ID/in/ when it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/fileinput.h"
#include "spool/inputs.h"
#include "spool/taskdir.h"

/* Make every directory above the last component of `path`. */
static int
make_parents(int dfd, const char *path)
{
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		autofree char *dir = mem_dupn(path, (size_t)(p - path));
		int r = sys_mkdir(dfd, dir, 0755);

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int
copy_file(int fromfd, const char *from, int tofd, const char *to)
{
	autoclose int in = sys_open_beneath(fromfd, from, O_RDONLY);
	autoclose int out = -1;
	int64_t n;

	if (in < 0)
		return in;
	out = sys_create(tofd, to, 0644);
	if (out < 0)
		return out;
	n = sys_copy(in, 0, out, INT64_MAX);
	return n < 0 ? (int)n : 0;
}

struct fetch {
	int in_fd; /* work/ID/in */
	const struct task *task;
};

static int
fetch_attachment(void *arg, int parent, const char *name, const char *path,
                 int directory)
{
	const struct fetch *f = arg;
	int r;

	if (strcmp(path, f->task->file) == 0)
		return 0;
	r = directory ? sys_mkdir(f->in_fd, path, 0755) :
	                copy_file(parent, name, f->in_fd, path);
	return r == -EEXIST && directory ? 0 : r;
}

/* An artifact is a file, or a whole directory of them. */
struct fetch_dir {
	int in_fd;
	const char *as;
};

static int
fetch_below(void *arg, int parent, const char *name, const char *path,
            int directory)
{
	const struct fetch_dir *f = arg;
	autofree char *to = mem_printf("%s/%s", f->as, path);
	int r = directory ? sys_mkdir(f->in_fd, to, 0755) :
	                    copy_file(parent, name, f->in_fd, to);

	return r == -EEXIST && directory ? 0 : r;
}

static int
fetch_artifact(const struct spool *s, const char *input, int in_fd,
               struct err *err)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autofree char *artifact = NULL;
	autofree char *path = NULL;
	struct stat st;
	int r = task_split_input(input, &agent, &id, &artifact);

	if (r < 0)
		return r;
	path = mem_printf("%s/outbox/%s/out/%s", agent, id, artifact);
	r = sys_stat(s->agents_fd, path, &st);
	if (r == 0)
		r = make_parents(in_fd, artifact);
	if (r == 0 && S_ISDIR(st.st_mode)) {
		struct fetch_dir f = { in_fd, artifact };

		r = sys_mkdir(in_fd, artifact, 0755);
		if (r == 0 || r == -EEXIST)
			r = taskdir_walk(s->agents_fd, path, fetch_below, &f,
			                 err);
	} else if (r == 0) {
		r = copy_file(s->agents_fd, path, in_fd, artifact);
	}
	if (r == -EEXIST)
		return err_set(err, -EBADMSG,
		               "two inputs would be at in/%s; rename one",
		               artifact);
	return r < 0 ? err_sys(err, r, "cannot fetch input '%s'", input) : 0;
}

/* Is this task, one to wait for, not COMPLETED? */
static int
is_missing(const struct spool *s, const char *ref)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autofree char *done = NULL;
	int r = name_split_ref(ref, &agent, &id);

	if (r < 0)
		return r;
	done = mem_printf("%s/outbox/%s", agent, id);
	r = sys_exists(s->agents_fd, done);
	return r < 0 ? r : r == 0;
}

static int
fetch_inputs(const struct spool *s, const struct task *t, int in_fd,
             struct str *missing, struct err *err)
{
	int r = 0;

	for (char **p = t->after; missing && r >= 0 && p && *p; p++) {
		r = is_missing(s, *p);
		if (r > 0)
			str_addf(missing, "%s\n", *p);
		if (r < 0)
			return err_sys(err, r, "cannot look for '%s'", *p);
	}
	for (char **p = t->inputs; p && *p; p++) {
		r = fileinput_is(*p) ? fileinput_copy(*p, in_fd, err) :
		                       fetch_artifact(s, *p, in_fd, err);
		if (missing && (r == -ENOENT || r == -ENOTDIR))
			str_addf(missing, "%s\n", *p);
		else if (r < 0)
			return r == -EEXIST ? -EBADMSG : r;
	}
	return 0;
}

int
inputs_fetch(const struct spool *s, struct desk *d, const char *id,
             int entry_dirfd, const struct task *t, struct str *missing,
             struct err *err)
{
	autofree char *path = mem_printf("%s/in", id);
	autoclose int in_fd = -1;
	struct fetch f = { .task = t };
	int r = 0;

	in_fd = sys_open_beneath(d->at[PLACE_WORK], path,
	                         O_RDONLY | O_DIRECTORY);
	if (in_fd < 0)
		return err_sys(err, in_fd, "cannot open 'work/%s'", path);
	f.in_fd = in_fd;
	if (entry_dirfd >= 0)
		r = taskdir_walk(entry_dirfd, ".", fetch_attachment, &f, err);
	return r < 0 ? r : fetch_inputs(s, t, in_fd, missing, err);
}

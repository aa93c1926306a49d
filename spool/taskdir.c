#include "spool/taskdir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "base/utf8.h"

enum taskdir_form
taskdir_form_of(const char *file_name)
{
	if (str_ends(file_name, ".task.json"))
		return TASKDIR_JSON;
	if (str_ends(file_name, ".md") || str_ends(file_name, ".markdown"))
		return TASKDIR_MARKDOWN;
	return TASKDIR_PLAIN;
}

const char *
taskdir_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFDIR:
		return "a directory";
	default:
		return "a device";
	}
}

/* Open a regular file without ever touching anything else. */
static int
open_regular(int dfd, const char *name, int *fd, struct err *err)
{
	autoclose int path = sys_open_beneath(dfd, name, O_PATH);
	autofree char *shown = name_show(name);
	struct stat st;

	if (path < 0)
		return err_sys(err, path, "cannot open '%s'", shown);
	if (fstat(path, &st) < 0)
		return err_sys(err, -errno, "cannot look at '%s'", shown);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EBADMSG,
		               "'%s' is %s; drop a regular file or a directory",
		               shown, taskdir_kind(st.st_mode));
	*fd = sys_reopen(path, O_RDONLY);
	if (*fd < 0)
		return err_sys(err, *fd, "cannot read '%s'", shown);
	return 0;
}

struct choice {
	char *task_md, *json, *md, *any; /* the first of each kind */
	int njson, nmd, nany;            /* how many there are */
};

static void
count_one(char **first, int *n, const char *name)
{
	if ((*n)++ == 0)
		*first = mem_dup(name);
}

static void
choice_done(struct choice *c)
{
	free(c->task_md);
	free(c->json);
	free(c->md);
	free(c->any);
}

static int
survey(int dfd, struct choice *c)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(dfd, ".", &dir);

	if (r < 0)
		return r;
	while ((r = sys_next(dir, &de)) > 0) {
		struct stat st;

		if (sys_stat(dfd, de->d_name, &st) < 0 || S_ISDIR(st.st_mode))
			continue;
		if (strcmp(de->d_name, "task.md") == 0)
			c->task_md = mem_dup(de->d_name);
		if (taskdir_form_of(de->d_name) == TASKDIR_JSON)
			count_one(&c->json, &c->njson, de->d_name);
		if (taskdir_form_of(de->d_name) == TASKDIR_MARKDOWN)
			count_one(&c->md, &c->nmd, de->d_name);
		count_one(&c->any, &c->nany, de->d_name);
	}
	return r;
}

static int
choose(int dfd, char **out, struct err *err)
{
	scoped(choice_done) struct choice c = { 0 };
	int r = survey(dfd, &c);

	if (r < 0)
		return err_sys(err, r, "cannot read the directory");
	if (c.task_md)
		*out = take_ptr(c.task_md);
	else if (c.njson == 1)
		*out = take_ptr(c.json);
	else if (c.nmd == 1 && c.njson == 0)
		*out = take_ptr(c.md);
	else if (c.nany == 1)
		*out = take_ptr(c.any);
	else
		return err_set(err, -EBADMSG,
		               "the directory has %d files and none of them is "
		               "'task.md': name the task so",
		               c.nany);
	return 0;
}

int
taskdir_open(int dfd, const char *name, int *fd, char **file,
             enum taskdir_form *form, struct err *err)
{
	autofree char *shown = name_show(name);
	autofree char *chosen = NULL;
	autoclose int dir = -1;
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (r < 0)
		return err_sys(err, r, "cannot look at '%s'", shown);
	if (!S_ISDIR(st.st_mode)) {
		*form = TASKDIR_MARKDOWN;
		return open_regular(dfd, name, fd, err);
	}
	dir = sys_open_beneath(dfd, name, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return err_sys(err, dir, "cannot open '%s'", shown);
	r = choose(dir, &chosen, err);
	if (r < 0)
		return err_prefix(err, r, "%s", shown);
	r = open_regular(dir, chosen, fd, err);
	if (r < 0)
		return r;
	*form = taskdir_form_of(chosen);
	*file = take_ptr(chosen);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, NULL-ended. */
static int
sorted_names(int dfd, char ***out)
{
	autodir DIR *dir = NULL;
	char **list = mem_new(1, sizeof(*list));
	size_t n = 0, cap = 1;
	struct dirent *de;
	int r = sys_listdir(dfd, ".", &dir);

	/* One more than may be there, for the walk to complain of. */
	while (r >= 0 && n <= TASKDIR_FILES_MAX &&
	       (r = sys_next(dir, &de)) > 0) {
		mem_room(&list, n + 1, &cap, sizeof(*list));
		list[n++] = mem_dup(de->d_name);
		list[n] = NULL;
	}
	if (r < 0) {
		keys_free_list(list);
		return r;
	}
	qsort(list, n, sizeof(*list), by_name);
	*out = list;
	return 0;
}

struct walk {
	taskdir_fn *fn;
	void *arg;
	struct err *err;
	int files;
};

static int walk_dir(struct walk *w, int dfd, const char *prefix, int depth);

static int
walk_one(struct walk *w, int dfd, const char *name, const char *prefix,
         int depth)
{
	autofree char *path =
		mem_printf("%s%s%s", prefix, *prefix ? "/" : "", name);
	autofree char *shown = name_show(path);
	autoclose int sub = -1;
	struct stat st;
	int r = sys_stat(dfd, name, &st);

	if (r < 0)
		return err_sys(w->err, r, "cannot look at '%s'", shown);
	/* It will stand in manifests and messages, and on other machines. */
	if (!name_path_ok(path) || !utf8_valid(path, strlen(path)))
		return err_set(w->err, -EBADMSG,
		               "'%s' cannot be the name of a file; use text "
		               "without control characters, at most 1024 bytes",
		               shown);
	if (++w->files > TASKDIR_FILES_MAX)
		return err_set(w->err, -EBADMSG, "more than %d files",
		               TASKDIR_FILES_MAX);
	if (S_ISREG(st.st_mode))
		return w->fn(w->arg, dfd, name, path, 0);
	if (!S_ISDIR(st.st_mode))
		return err_set(w->err, -EBADMSG,
		               "'%s' is %s; only files and directories are "
		               "taken",
		               shown, taskdir_kind(st.st_mode));
	if (depth >= TASKDIR_DEPTH_MAX)
		return err_set(w->err, -EBADMSG,
		               "'%s' is more than %d levels deep", shown,
		               TASKDIR_DEPTH_MAX);
	r = w->fn(w->arg, dfd, name, path, 1);
	if (r)
		return r;
	sub = sys_open_beneath(dfd, name, O_RDONLY | O_DIRECTORY);
	if (sub < 0)
		return err_sys(w->err, sub, "cannot open '%s'", shown);
	return walk_dir(w, sub, path, depth + 1);
}

static int
walk_dir(struct walk *w, int dfd, const char *prefix, int depth)
{
	char **names = NULL;
	int r = sorted_names(dfd, &names);

	if (r < 0)
		return err_sys(w->err, r, "cannot read '%s'", prefix);
	for (char **p = names; *p && r == 0; p++)
		r = walk_one(w, dfd, *p, prefix, depth);
	keys_free_list(names);
	return r;
}

int
taskdir_walk(int dfd, const char *name, taskdir_fn *fn, void *arg,
             struct err *err)
{
	autoclose int dir = sys_open_beneath(dfd, name, O_RDONLY | O_DIRECTORY);
	struct walk w = { .fn = fn, .arg = arg, .err = err };

	if (dir < 0)
		return err_sys(err, dir, "cannot open '%s'", name);
	return walk_dir(&w, dir, "", 0);
}

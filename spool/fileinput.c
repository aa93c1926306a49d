#include "spool/fileinput.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "base/utf8.h"

#define PREFIX   "file:"
#define SPECIALS "*?[\\"

bool
fileinput_is(const char *input)
{
	return str_starts(input, PREFIX);
}

const char *
fileinput_name(const char *input)
{
	return strrchr(input, '/') + 1;
}

bool
fileinput_is_pattern(const char *input)
{
	return strpbrk(fileinput_name(input), SPECIALS) != NULL;
}

char *
fileinput_folder(const char *input)
{
	const char *path = input + strlen(PREFIX);
	size_t n = (size_t)(fileinput_name(input) - path) - 1;

	return mem_dupn(path, n ? n : 1);
}

bool
fileinput_matches(const char *input, const char *name)
{
	const char *mine = fileinput_name(input);

	if (!fileinput_is_pattern(input))
		return strcmp(mine, name) == 0;
	return !name_is_private(name) && fnmatch(mine, name, FNM_PERIOD) == 0;
}

int
fileinput_check(const char *input, struct err *err)
{
	const char *path = input + strlen(PREFIX);
	autofree char *shown = name_show(input);
	autofree char *folder = NULL;
	const char *name;

	if (*path != '/')
		return err_set(err, -EBADMSG,
		               "'%.200s' is not an absolute path; write "
		               "file:/FOLDER/NAME",
		               shown);
	name = fileinput_name(input);
	folder = fileinput_folder(input);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, -EBADMSG,
		               "'%.200s' names a folder; a file can be waited "
		               "for, or a pattern of names in a folder, as in "
		               "file:/FOLDER/*.csv",
		               shown);
	if (strlen(path) >= PATH_MAX || strlen(name) > NAME_MAX ||
	    !utf8_valid(path, strlen(path)))
		return err_set(err, -EBADMSG, "'%.200s' cannot be a path",
		               shown);
	if (strpbrk(folder, SPECIALS))
		return err_set(err, -EBADMSG,
		               "'%.200s' has a pattern for a folder; only the "
		               "last component may be one",
		               shown);
	return 0;
}

/* One regular file, opened with O_PATH.  Non-zero ends the walk. */
typedef int match_fn(void *arg, int pathfd, const struct stat *st,
                     const char *name);

/* What is no file, or is gone by now, does not count. */
static int
visit(int folder, const char *name, match_fn *fn, void *arg)
{
	autoclose int fd = openat(folder, name, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == EACCES ? -EACCES : 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return fn(arg, fd, &st, name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the folder that may be it, in order, to free. */
static int
list_matches(int folder, const char *input, char ***names)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	size_t n = 0, cap = 0;
	int r;

	*names = mem_new(1, sizeof(**names));
	if (!fileinput_is_pattern(input)) {
		keys_append(names, fileinput_name(input));
		return 0;
	}
	r = sys_listdir(folder, ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		if (!fileinput_matches(input, de->d_name))
			continue;
		mem_room(names, n + 1, &cap, sizeof(**names));
		(*names)[n++] = mem_dup(de->d_name);
		(*names)[n] = NULL;
	}
	qsort(*names, n, sizeof(**names), by_name);
	return r;
}

/* 0 at the end, or what `fn` returned, or -errno. */
static int
each_match(const char *input, match_fn *fn, void *arg)
{
	autofree char *path = fileinput_folder(input);
	autoclose int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char **names = NULL;
	int r;

	if (folder < 0)
		return -errno;
	r = list_matches(folder, input, &names);
	for (char **p = names; r == 0 && *p; p++)
		r = visit(folder, *p, fn, arg);
	keys_free_list(names);
	return r;
}

/* What a look finds, of which nothing has to be whole. */
struct found {
	size_t files, writers, refused;
	uint64_t print;
};

static int
look_at(void *arg, int pathfd, const struct stat *st, const char *name)
{
	struct found *f = arg;
	autoclose int fd = sys_reopen(pathfd, O_RDONLY);

	(void)name;
	f->files++;
	if (fd == -EACCES) {
		f->refused++;
		return 0;
	}
	switch (fd < 0 ? SETTLE_WRITER : settle_lease(fd)) {
	case SETTLE_WRITER:
		f->writers++;
		return 0;
	case SETTLE_FREE:
		if (st->st_size > 0)
			return 1;
		break;
	case SETTLE_UNKNOWN:
		break;
	}
	f->print = settle_print(f->print, st);
	return 0;
}

/* Why it is not there, in words. */
static void
say_missing(const char *input, int code, const struct found *f, struct str *why)
{
	autofree char *folder = fileinput_folder(input);
	const char *path = input + strlen(PREFIX);

	if (code == -ENOENT || code == -ENOTDIR)
		str_addf(why, "%s: there is no folder %s", path, folder);
	else if (code < 0)
		str_addf(why, "%s cannot be looked at: %s", path,
		         err_name(code));
	else if (f->files == 0 && fileinput_is_pattern(input))
		str_addf(why, "%s: no file matches", path);
	else if (f->files == 0)
		str_addf(why, "%s: there is no such file", path);
	else if (f->refused == f->files)
		str_addf(why, "%s: the agent may not read it", path);
	else
		str_addf(why, "%s is being written to", path);
}

int
fileinput_look(const char *input, struct settle *s, int64_t now_ns,
               int64_t settle_ns, struct str *why)
{
	struct found f = { .print = 1 };
	int r = each_match(input, look_at, &f);

	s->recheck_ns = 0;
	if (r > 0)
		return 1;
	if (r == 0 && f.files > f.writers + f.refused) {
		if (settle_quiet(s, f.print, now_ns, settle_ns))
			return 1;
	} else if (r == 0 && f.writers) {
		settle_later(s, now_ns);
	}
	say_missing(input, r, &f, why);
	return 0;
}

struct copying {
	int tofd;
	bool all; /* what is being written to as well */
	size_t done;
	struct err *err;
};

static int
copy_one(void *arg, int pathfd, const struct stat *st, const char *name)
{
	struct copying *c = arg;
	autofree char *shown = name_show(name);
	autoclose int in = sys_reopen(pathfd, O_RDONLY);
	autoclose int out = -1;
	int64_t n;

	(void)st;
	if (in < 0)
		return err_sys(c->err, in, "cannot open '%s'", shown);
	if (!c->all && settle_lease(in) == SETTLE_WRITER)
		return 0;
	out = sys_create(c->tofd, name, 0644);
	if (out == -EEXIST)
		return err_set(c->err, out,
		               "two inputs would be at in/%s; rename one",
		               shown);
	n = out < 0 ? out : sys_copy(in, 0, out, INT64_MAX);
	if (n < 0)
		return err_sys(c->err, (int)n, "cannot copy '%s'", shown);
	c->done++;
	return 0;
}

int
fileinput_copy(const char *input, int tofd, struct err *err)
{
	struct copying c = { .tofd = tofd };
	struct err said = { "" };
	autofree char *shown = name_show(input);
	int r;

	c.err = &said;
	r = each_match(input, copy_one, &c);
	/* It was whole when the task became READY: somebody began anew. */
	if (r == 0 && c.done == 0) {
		c.all = true;
		r = each_match(input, copy_one, &c);
	}
	if (r == 0 && c.done == 0)
		r = -ENOENT;
	if (r == 0)
		return 0;
	if (said.text[0])
		return err_set(err, r, "%s", said.text);
	return err_sys(err, r, "cannot fetch input '%s'", shown);
}

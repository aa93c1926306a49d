#include "cli/example.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/program.h"
#include "config/config.h"
#include "spool/spool.h"

#define DEPTH_MAX 8

/* Where the folder of examples may be, seen from that of the program. */
static const char *const beside[] = {
	"../share/spoolhand/examples",
	"../../../examples",
};

/* What a spool puts beside them when an example is run where it lies. */
static const char *const not_copied[] = {
	"agents", "gm", "pools", "state.db", SPOOL_FORMAT_FILE,
};

/* The folders that are there; keys_free_list() frees. */
static char **
places(void)
{
	const char *chosen = getenv("SPOOLHAND_EXAMPLES");
	autofree char *folder = program_folder();
	char **list = mem_new(1, sizeof(*list));

	if (chosen && *chosen)
		keys_append(&list, chosen);
	for (size_t i = 0; folder && i < countof(beside); i++) {
		autofree char *path = mem_printf("%s/%s", folder, beside[i]);

		keys_append(&list, path);
	}
	return list;
}

static bool
is_example(int dfd, const char *name)
{
	autofree char *file = mem_printf("%s/" CONFIG_FILE, name);

	return name_ok(name) && sys_exists(dfd, file) == 1;
}

/* Every example of one folder, once. */
static void
collect(const char *folder, char ***names)
{
	autodir DIR *dir = opendir(folder);
	struct dirent *de;

	while (dir && sys_next(dir, &de) > 0) {
		bool known = false;

		for (char **p = *names; *p; p++)
			known = known || strcmp(*p, de->d_name) == 0;
		if (!known && is_example(dirfd(dir), de->d_name))
			keys_append(names, de->d_name);
	}
}

static int
complain_unknown(char *const *folders, const char *name, struct err *err)
{
	char **names = mem_new(1, sizeof(*names));
	autostr list = STR_INIT;

	for (; *folders; folders++)
		collect(*folders, &names);
	for (char **p = names; *p; p++)
		str_addf(&list, "%s%s", p == names ? "" : ", ", *p);
	keys_free_list(names);
	if (!list.len)
		return err_set(err, -ENOPKG,
		               "no examples are installed; say in "
		               "$SPOOLHAND_EXAMPLES where they are");
	return err_set(err, -ENOENT, "there is no example '%s'; there is: %s",
	               name, list.data);
}

int
example_open(const char *name, struct err *err)
{
	char **folders = places();
	int fd = -ENOENT;

	for (char **p = folders; *p && fd < 0 && name_ok(name); p++) {
		autofree char *path = mem_printf("%s/%s", *p, name);
		autofree char *file = mem_printf("%s/" CONFIG_FILE, path);

		if (sys_exists(AT_FDCWD, file) == 1)
			fd = sys_opendir(AT_FDCWD, path);
	}
	if (fd == -ENOENT)
		fd = complain_unknown(folders, name, err);
	else if (fd < 0)
		fd = err_sys(err, fd, "cannot open the example '%s'", name);
	keys_free_list(folders);
	return fd;
}

static int
copy_file(int from, const char *name, int to, mode_t mode)
{
	autoclose int in = sys_open_beneath(from, name, O_RDONLY);
	autoclose int out = -1;
	int64_t n;

	if (in < 0)
		return in;
	out = sys_create(to, name, (mode & 0777) | 0600);
	if (out < 0)
		return out;
	n = sys_copy(in, 0, out, INT64_MAX);
	return n < 0 ? (int)n : sys_fsync(out);
}

static bool
is_copied(const char *name, int depth)
{
	if (name_is_private(name))
		return false;
	if (depth > 0)
		return true;
	for (size_t i = 0; i < countof(not_copied); i++)
		if (strcmp(name, not_copied[i]) == 0)
			return false;
	/* Copied when all else is there. */
	return strcmp(name, CONFIG_FILE) != 0;
}

static int copy_folder(int from, int to, const char *path, int depth,
                       struct str *kept);

static int
copy_entry(int from, int to, const char *name, const char *path, int depth,
           struct str *kept)
{
	autoclose int in = -1;
	autoclose int out = -1;
	struct stat st;
	int r = sys_stat(from, name, &st);

	if (r == 0 && S_ISREG(st.st_mode)) {
		r = copy_file(from, name, to, st.st_mode);
		if (r == -EEXIST)
			str_addf(kept, "%s%s", kept->len ? ", " : "", path);
		return r == -EEXIST ? 0 : r;
	}
	if (r < 0 || !S_ISDIR(st.st_mode) || depth == DEPTH_MAX)
		return r;
	r = sys_mkdir(to, name, 0755);
	if (r < 0 && r != -EEXIST)
		return r;
	in = sys_opendir(from, name);
	out = sys_opendir(to, name);
	if (in < 0 || out < 0)
		return in < 0 ? in : out;
	return copy_folder(in, out, path, depth + 1, kept);
}

static int
copy_folder(int from, int to, const char *path, int depth, struct str *kept)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(from, ".", &dir);

	while (r == 0 && (r = sys_next(dir, &de)) > 0) {
		autofree char *below = mem_printf("%s%s%s", path,
		                                  *path ? "/" : "", de->d_name);

		r = 0;
		if (is_copied(de->d_name, depth))
			r = copy_entry(from, to, de->d_name, below, depth,
			               kept);
	}
	return r < 0 ? r : sys_fsync(to);
}

int
example_copy(int from, int dfd, struct str *kept, struct err *err)
{
	int r = copy_folder(from, dfd, "", 0, kept);

	if (r == 0)
		r = copy_file(from, CONFIG_FILE, dfd, 0644);
	if (r < 0)
		return err_sys(err, r, "cannot copy the example");
	return 0;
}

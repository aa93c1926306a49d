#include "spool/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "spool/result.h"
#include "spool/taskdir.h"

#define PRIVATE_COPY ".spoolhand-unshared.tmp"

struct making {
	struct json *list;
	struct err *err;
};

/* Give a file with several names an inode of its own. */
static int
unshare_file(int parent, const char *name)
{
	autoclose int in = sys_open_beneath(parent, name, O_RDONLY);
	autoclose int out = -1;
	int64_t n;

	if (in < 0)
		return in;
	(void)sys_unlink(parent, PRIVATE_COPY);
	out = sys_create(parent, PRIVATE_COPY, 0644);
	if (out < 0)
		return out;
	n = sys_copy(in, 0, out, INT64_MAX);
	return n < 0 ? (int)n : sys_replace(parent, PRIVATE_COPY, name);
}

static int
hash_file(int parent, const char *name, const char *path, struct json *list)
{
	autoclose int fd = sys_open_beneath(parent, name, O_RDONLY);
	struct json *row;
	char hex[DIGEST_TEXT_MAX];
	int64_t size;
	int r;

	if (fd < 0)
		return fd;
	r = digest_fd(fd, hex, &size);
	if (r < 0)
		return r;
	row = json_new_object();
	json_set_str(row, "path", path);
	json_set_int(row, "size", size);
	json_set_str(row, "sha256", hex);
	json_push(list, row);
	return 0;
}

static int
add_file(void *arg, int parent, const char *name, const char *path,
         int directory)
{
	struct making *m = arg;
	autofree char *shown = name_show(path);
	struct stat st;
	int r;

	if (directory || strcmp(path, RESULT_FILE) == 0)
		return 0;
	if (strcmp(name, PRIVATE_COPY) == 0) /* left by a crash */
		return sys_unlink(parent, name);
	if (str_starts(path, "out/") &&
	    (!name_path_ok(path) || !utf8_valid(path, strlen(path))))
		return err_set(m->err, -EBADMSG,
		               "'%s' cannot be the name of an artifact", shown);
	r = sys_stat(parent, name, &st);
	if (r == 0 && st.st_nlink > 1 && str_starts(path, "out/"))
		r = unshare_file(parent, name);
	if (r == 0)
		r = hash_file(parent, name, path, m->list);
	return r < 0 ? err_sys(m->err, r, "cannot read '%s'", shown) : 0;
}

int
manifest_make(int dfd, const char *name, struct json **out, struct err *err)
{
	autojson *list = json_new_array();
	struct making m = { list, err };
	int r = taskdir_walk(dfd, name, add_file, &m, err);

	if (r == 0)
		*out = take_ptr(list);
	return r;
}

static int
check_row(int dir, const struct json *row, struct err *err)
{
	const char *path = json_str(json_get(row, "path"), "");
	const char *want = json_str(json_get(row, "sha256"), "");
	autofree char *shown = name_show(path);
	autoclose int fd = -1;
	char hex[DIGEST_TEXT_MAX];
	struct stat st;
	int64_t size;
	int r;

	if (!name_path_ok(path))
		return err_set(err, -EBADMSG, "the manifest names '%s'", shown);
	fd = sys_open_beneath(dir, path, O_RDONLY);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return err_set(err, -EBADMSG, "'%s' is missing", shown);
	if (fd < 0 && err_class(fd) != ERR_REJECT)
		return err_sys(err, fd, "cannot open '%s'", shown);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EBADMSG, "'%s' is no longer a file",
		               shown);
	r = digest_fd(fd, hex, &size);
	if (r < 0)
		return err_sys(err, r, "cannot read '%s'", shown);
	if (size != json_int(json_get(row, "size"), -1))
		return err_set(err, -EBADMSG,
		               "'%s' has another size than its manifest says",
		               shown);
	if (strcmp(hex, want) != 0)
		return err_set(err, -EBADMSG,
		               "'%s' has other content than its manifest says",
		               shown);
	return 0;
}

int
manifest_check(int dfd, const char *name, const struct json *manifest,
               struct err *err)
{
	autoclose int dir = sys_opendir(dfd, name);
	const struct json *row;
	int r = 0;

	if (dir < 0)
		return err_sys(err, dir, "cannot open '%s'", name);
	if (!json_is_array(manifest))
		return err_set(err, -EBADMSG, "there is no manifest");
	for (row = json_first(manifest); row && r == 0; row = json_next(row))
		r = check_row(dir, row, err);
	return r;
}

#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"

#define FORMAT_MAX 4096
#define CIFS_MAGIC 0xff534d42U
#define FUSE_MAGIC 0x65735546

static const char *const tree[] = { "agents", "gm" };

/* Make a directory durably; one that is there already is fine. */
static int
make_dir(int dfd, const char *name)
{
	int r = sys_mkdir(dfd, name, 0755);

	return r == -EEXIST ? 0 : r;
}

int
spool_make(const char *root, struct err *err)
{
	autoclose int fd = sys_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY);
	int r = 0;

	if (fd < 0)
		return err_sys(err, fd, "cannot open '%s'", root);
	for (size_t i = 0; i < countof(tree) && r == 0; i++)
		r = make_dir(fd, tree[i]);
	if (r == 0 && sys_exists(fd, SPOOL_FORMAT_FILE) == 0)
		r = sys_write_file(fd, SPOOL_FORMAT_FILE, SPOOL_FORMAT,
		                   strlen(SPOOL_FORMAT), false, true);
	if (r == -EEXIST) /* somebody else made it at the same time */
		r = 0;
	if (r == 0)
		r = sys_fsync(fd);
	if (r < 0)
		return err_sys(err, r, "cannot lay out a spool in '%s'", root);
	return 0;
}

static int
check_format(int fd, const char *root, struct err *err)
{
	autostr text = STR_INIT;
	int r = sys_read_file(fd, SPOOL_FORMAT_FILE, FORMAT_MAX, &text);

	if (r == -ENOENT)
		return err_set(err, r,
		               "'%s' is not a spool (it has no file '%s'); "
		               "make it one with: spoolhand init",
		               root, SPOOL_FORMAT_FILE);
	if (r < 0)
		return err_sys(err, r, "cannot read '%s/%s'", root,
		               SPOOL_FORMAT_FILE);
	if (strcmp(str_text(&text), SPOOL_FORMAT) == 0)
		return 0;
	return err_set(
		err, -EBADMSG,
		"'%s/%s' is not \"spoolhand 1\": the spool is of a newer "
		"spoolhand, or damaged; this program leaves it alone",
		root, SPOOL_FORMAT_FILE);
}

int
spool_open(const char *root, struct spool **out, struct err *err)
{
	autofree char *real = realpath(root, NULL);
	autospool *s = NULL;
	int r;

	if (!real)
		return err_sys(err, -errno, "cannot open '%s'", root);
	s = mem_new(1, sizeof(*s));
	s->agents_fd = -1;
	s->durable = true;
	s->fd = sys_opendir(AT_FDCWD, real);
	if (s->fd < 0)
		return err_sys(err, s->fd, "cannot open '%s'", root);
	r = check_format(s->fd, real, err);
	if (r < 0)
		return r;
	s->agents_fd = sys_opendir(s->fd, "agents");
	if (s->agents_fd < 0)
		return err_sys(err, s->agents_fd, "cannot open '%s/agents'",
		               real);
	s->root = take_ptr(real);
	*out = take_ptr(s);
	return 0;
}

/* Does it hold anything, or is it not there? */
static bool
is_empty(int dfd, const char *name)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(dfd, name, &dir);

	return r < 0 ? r == -ENOENT : sys_next(dir, &de) == 0;
}

/*
 * Is it meant to be a spool, and nobody has made it one?  Somebody may be
 * doing that at this moment, so an empty agents/ says nothing.
 */
static bool
is_bare(const char *root, const char *config)
{
	autoclose int fd = sys_opendir(AT_FDCWD, root);

	return fd >= 0 && sys_exists(fd, config) == 1 &&
	       sys_exists(fd, SPOOL_FORMAT_FILE) == 0 && is_empty(fd, "agents");
}

int
spool_open_or_make(const char *root, const char *config, struct spool **out,
                   struct err *err)
{
	int r = spool_open(root, out, err);

	if (r != -ENOENT)
		return r;
	if (!is_bare(root, config)) /* or somebody has just made it one */
		return spool_open(root, out, err);
	r = spool_make(root, err);
	return r < 0 ? r : spool_open(root, out, err);
}

void
spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->agents_fd >= 0)
		(void)close(s->agents_fd);
	free(s->root);
	free(s);
}

void
spool_closep(struct spool **s)
{
	spool_close(*s);
}

/* ext4 tells in /sys whether it has a journal; 0 if that cannot be read. */
static int
lacks_journal(int fd)
{
	struct stat st;
	char link[64], target[PATH_MAX], text[64] = "";
	autofree char *path = NULL;
	autoclose int file = -1;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return 0;
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u",
	               major(st.st_dev), minor(st.st_dev));
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return 0;
	target[n] = '\0';
	path = mem_printf("/sys/fs/ext4/%s/journal_task",
	                  strrchr(target, '/') ? strrchr(target, '/') + 1 :
	                                         target);
	file = sys_open(AT_FDCWD, path, O_RDONLY);
	if (file < 0)
		return 0;
	n = read(file, text, sizeof(text) - 1);
	return n > 0 && str_starts(text, "<none>");
}

int
spool_weakness(const struct spool *s, struct str *why)
{
	struct statfs fs;

	if (fstatfs(s->fd, &fs) < 0)
		return 0;
	switch ((unsigned long)fs.f_type) {
	case TMPFS_MAGIC:
		str_adds(why, "it lies in memory (tmpfs): nothing survives a "
		              "restart of the machine");
		return 1;
	case NFS_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB_SUPER_MAGIC:
		str_adds(why, "it lies on a network file system, which gives "
		              "no events and promises little on a crash");
		return 1;
	case EXT4_SUPER_MAGIC:
		if (!lacks_journal(s->fd))
			return 0;
		str_adds(why, "its ext4 has no journal: after a power cut no "
		              "order of syncs can keep a task from being lost");
		return 1;
	default:
		return 0;
	}
}

int
spool_needs_polling(const struct spool *s)
{
	struct statfs fs;

	if (fstatfs(s->fd, &fs) < 0)
		return 0;
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB_SUPER_MAGIC:
	case FUSE_MAGIC:
		return 1;
	default:
		return 0;
	}
}

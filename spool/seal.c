#include "spool/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/taskdir.h"
#include "spool/treecopy.h"

#define COPY_NAME ".copy"

/* Its result holds all of a task, so a task may have less than a walk sees. */
#define FILES_MAX  (TASKDIR_FILES_MAX / 2)
#define LEVELS_MAX (TASKDIR_DEPTH_MAX - 2)
#define PATH_BYTES 1000

struct survey {
	int64_t bytes, max;
	int files;
	bool shared; /* somebody else could still write to it */
	struct err *err;
};

static int
look(struct survey *s, const struct stat *st)
{
	if (st->st_uid != geteuid() ||
	    (S_ISREG(st->st_mode) && st->st_nlink > 1))
		s->shared = true;
	if (S_ISREG(st->st_mode) && st->st_size <= s->max - s->bytes)
		s->bytes += st->st_size;
	else if (S_ISREG(st->st_mode))
		return err_set(s->err, -EBADMSG,
		               "it is larger than max_task_bytes (%lld); put "
		               "large data elsewhere and name its path",
		               (long long)s->max);
	return 0;
}

static int
look_below(void *arg, int parent, const char *name, const char *path,
           int directory)
{
	struct survey *s = arg;
	struct stat st;
	int levels = 0;
	int r = sys_stat(parent, name, &st);

	for (const char *p = path; directory && *p; p++)
		levels += *p == '/';
	if (++s->files > FILES_MAX)
		return err_set(s->err, -EBADMSG,
		               "it has more than %d files; put them into an "
		               "archive",
		               FILES_MAX);
	if (levels > LEVELS_MAX || strlen(path) > PATH_BYTES)
		return err_set(s->err, -EBADMSG,
		               "its directories are too deep; put them into "
		               "an archive");
	return r < 0 ? r : look(s, &st);
}

/* Replace it by a copy of our own, whose name keeps the submitter's uid. */
static int
take_copy(struct desk *d, char *claimed, uid_t uid, int64_t max,
          struct err *err)
{
	int admit = d->at[PLACE_ADMIT];
	const char *dropped = inbox_dropped_name(claimed);
	autofree char *sealed =
		mem_printf("%.12s.%u,%s", claimed, (unsigned)uid, dropped);
	int r;

	if (strlen(sealed) >= INBOX_CLAIMED_MAX)
		return err_set(err, -EBADMSG, "the name is too long");
	(void)sys_remove_tree(admit, COPY_NAME);
	r = treecopy_copy(admit, claimed, admit, COPY_NAME, max, err);
	if (r == -EFBIG)
		return -EBADMSG;
	/* The original may have been promised to survive a power cut. */
	if (r == 0 && d->spool->durable)
		r = treecopy_sync(admit, COPY_NAME, NULL);
	if (r == 0)
		r = sys_rename(admit, COPY_NAME, admit, sealed);
	if (r == 0)
		r = sys_remove_tree(admit, claimed);
	if (r < 0)
		return r;
	(void)snprintf(claimed, INBOX_CLAIMED_MAX, "%s", sealed);
	return 0;
}

/* Would an entry of this form be read otherwise than the drop is meant? */
static int
needs_wrap(struct desk *d, const char *claimed, const char *dropped)
{
	autoclose int fd = -1;
	char head[7] = "";
	const char *p = head;
	ssize_t n;

	switch (taskdir_form_of(dropped)) {
	case TASKDIR_JSON:
		return 1;
	case TASKDIR_MARKDOWN:
		return 0;
	case TASKDIR_PLAIN:
		break;
	}
	fd = sys_open_beneath(d->at[PLACE_ADMIT], claimed, O_RDONLY);
	if (fd < 0)
		return fd;
	n = pread(fd, head, sizeof(head) - 1, 0);
	if (n < 0)
		return -errno;
	if (str_starts(p, "\xef\xbb\xbf"))
		p += 3;
	return str_starts(p, "---");
}

/* claimed -> .claimed/DROPPED -> claimed: a directory of one file. */
static int
wrap(struct desk *d, const char *claimed, const char *dropped)
{
	int admit = d->at[PLACE_ADMIT];
	autofree char *dir = mem_printf(".%s", claimed);
	autofree char *inside = mem_printf("%s/%s", dir, dropped);
	int r = sys_mkdir(admit, dir, 0755);

	if (r == 0 || r == -EEXIST)
		r = sys_rename(admit, claimed, admit, inside);
	if (r == 0)
		r = sys_rename(admit, dir, admit, claimed);
	return r;
}

int
seal_claimed(struct desk *d, char *claimed, int64_t max_bytes, struct err *err)
{
	struct survey s = { .max = max_bytes, .err = err };
	const char *dropped = inbox_dropped_name(claimed);
	struct stat st;
	int r;

	if (!dropped)
		return err_set(err, -EBADMSG, "it is not a claimed drop");
	r = sys_stat(d->at[PLACE_ADMIT], claimed, &st);
	if (r < 0)
		return err_sys(err, r, "cannot look at the drop");
	r = look(&s, &st);
	if (r == 0 && S_ISDIR(st.st_mode))
		r = taskdir_walk(d->at[PLACE_ADMIT], claimed, look_below, &s,
		                 err);
	if (r == 0 && s.shared)
		r = take_copy(d, claimed, st.st_uid, max_bytes, err);
	if (r < 0 || S_ISDIR(st.st_mode))
		return r;
	dropped = inbox_dropped_name(claimed);
	r = needs_wrap(d, claimed, dropped);
	if (r > 0)
		r = wrap(d, claimed, dropped);
	return r < 0 ? err_sys(err, r, "cannot seal the drop") : 0;
}

/* ".CLAIMED": a wrapping that was begun.  With its file in it: finish. */
static int
finish_wrap(struct desk *d, const char *dir)
{
	int admit = d->at[PLACE_ADMIT];
	int r = sys_rmdir(admit, dir);

	if (r == -ENOTEMPTY || r == -EEXIST)
		r = sys_rename(admit, dir, admit, dir + 1);
	return r;
}

/* "ORDER,NAME" beside "ORDER.UID,NAME": the copy is whole, the drop goes. */
static int
drop_original(struct desk *d, const char *sealed)
{
	autofree char *original =
		mem_printf("%.12s,%s", sealed, inbox_dropped_name(sealed));

	return sys_remove_tree(d->at[PLACE_ADMIT], original);
}

int
seal_recover(struct desk *d, struct err *err)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(d->at[PLACE_ADMIT], ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		int64_t uid = -1;

		if (strcmp(de->d_name, COPY_NAME) == 0)
			r = sys_remove_tree(d->at[PLACE_ADMIT], COPY_NAME);
		else if (de->d_name[0] == '.' &&
		         inbox_dropped_name(de->d_name + 1))
			r = finish_wrap(d, de->d_name);
		else if (inbox_parse_claimed(de->d_name, NULL, &uid) &&
		         uid >= 0)
			r = drop_original(d, de->d_name);
		else
			r = 0;
	}
	return r < 0 ? err_sys(err, r, "cannot tidy '%s/admit'", d->name) : 0;
}

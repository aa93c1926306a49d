#include "spool/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/taskdir.h"

int
answer_parse(const char *name, struct answer_name *out)
{
	const char *dot = strrchr(name, '.');
	size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;
	autofree char *id = dot ? mem_dupn(name, (size_t)(dot - name)) : NULL;

	if (!digits || dot[1 + digits] || digits > strlen("9999") ||
	    (digits > 1 && dot[1] == '0') || !name_ok(id))
		return -EBADMSG;
	(void)snprintf(out->id, sizeof(out->id), "%s", id);
	out->number = strtoll(dot + 1, NULL, 10);
	return 0;
}

static char *
claim_path(const char *id, int64_t n)
{
	return mem_printf("%s/answer.%" PRId64, id, n);
}

/*
 * Rename it away from whoever dropped it, and make sure that it is the one
 * looked at.  It is gone from answers/ for good before anything follows from
 * it: come back after a power cut, it could answer the next question.
 */
static int
claim(struct desk *d, const struct drop *drop, const char *id, int64_t n,
      const struct stat *seen)
{
	autofree char *path = claim_path(id, n);
	autoclose int work = -1;
	struct stat st;
	int r = sys_mkdir(d->at[PLACE_WORK], id, 0755);

	if (r < 0 && r != -EEXIST)
		return r;
	r = sys_rename(d->at[PLACE_ANSWERS], drop->name, d->at[PLACE_WORK],
	               path);
	if (r < 0)
		return r;
	r = sys_stat(d->at[PLACE_WORK], path, &st);
	if (r < 0 || st.st_ino != seen->st_ino || st.st_dev != seen->st_dev) {
		/* Replaced in that very moment: put it back, look again. */
		(void)sys_rename(d->at[PLACE_WORK], path, d->at[PLACE_ANSWERS],
		                 drop->name);
		return r;
	}
	if (!d->spool->durable)
		return 1;
	work = sys_opendir(d->at[PLACE_WORK], id);
	r = work < 0 ? work : sys_fsync(work);
	if (r == 0)
		r = sys_fsync(d->at[PLACE_ANSWERS]);
	return r < 0 ? r : 1;
}

/* Open what O_PATH found to be a regular file; say why it cannot be. */
static int
open_answer(int path, struct err *err)
{
	int fd = sys_reopen(path, O_RDONLY);

	if (fd == -EACCES)
		return err_set(err, -EBADMSG,
		               "the agent may not read it; drop it with mode "
		               "0644");
	/* A hostile lease, or a full table: not the answer's fault. */
	return fd == -EWOULDBLOCK || fd == -EMFILE || fd == -ENFILE ? -EAGAIN :
	                                                              fd;
}

static int
check_file(const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EBADMSG,
		               "it is %s; an answer is a file of text",
		               taskdir_kind(st->st_mode));
	if (st->st_size > CALLS_ANSWER_MAX)
		return err_set(err, -EBADMSG,
		               "it is longer than %d bytes; give the name of a "
		               "file instead",
		               CALLS_ANSWER_MAX);
	return 0;
}

int
answer_claim(struct desk *d, struct drop *drop, const char *id, int64_t n,
             int64_t now_ns, int64_t settle_ns, struct err *err)
{
	autoclose int path =
		sys_open_beneath(d->at[PLACE_ANSWERS], drop->name, O_PATH);
	autoclose int fd = -1;
	struct stat st;
	int r;

	drop->settle.recheck_ns = now_ns + SETTLE_AGAIN_NS;
	if (path == -ELOOP || path == -EXDEV)
		return err_set(err, -EBADMSG,
		               "it leads elsewhere; an answer is a file of "
		               "text");
	if (path < 0)
		return path;
	if (fstat(path, &st) < 0)
		return -errno;
	r = check_file(&st, err);
	if (r < 0)
		return r;
	fd = open_answer(path, err);
	if (fd < 0)
		return fd == -EAGAIN ? 0 : fd;
	r = settle_file(fd, &drop->settle, &st, now_ns, settle_ns);
	return r > 0 ? claim(d, drop, id, n, &st) : r;
}

int
answer_read(const struct desk *d, const char *id, int64_t n, struct str *text,
            int64_t *uid, struct err *err)
{
	autofree char *path = claim_path(id, n);
	autoclose int fd = sys_open_beneath(d->at[PLACE_WORK], path, O_RDONLY);
	struct stat st;
	int r = fd < 0 ? fd : sys_read_all(fd, CALLS_ANSWER_MAX, text);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == -EFBIG || r == -ELOOP || r == -EISDIR || r == -EACCES)
		return err_set(err, -EBADMSG, "it cannot be read as text");
	if (r != 0)
		return err_sys(err, r, "cannot read 'work/%s'", path);
	*uid = (int64_t)st.st_uid;
	return 0;
}

int
answer_reject(struct desk *d, const char *id, int64_t n, const char *as,
              const char *why, struct err *err)
{
	autofree char *path = claim_path(id, n);

	return inbox_reject(d, PLACE_WORK, path, as, why, err);
}

int
answer_done(struct desk *d, const char *id, int64_t n)
{
	autofree char *path = claim_path(id, n);

	return sys_remove_tree(d->at[PLACE_WORK], path);
}

#include "spool/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/taskdir.h"

#define PRIVATE_OLD_S 3600
#define REJECTS_MAX   100000

struct tree_print {
	uint64_t print;
	bool writer;
};

static int
add_to_print(void *arg, int parent, const char *name, const char *path,
             int directory)
{
	struct tree_print *t = arg;
	autoclose int fd = -1;
	struct stat st;

	(void)path;
	if (sys_stat(parent, name, &st) < 0)
		return 0; /* going or coming: the print will differ */
	t->print = settle_print(t->print, &st);
	if (directory)
		return 0;
	fd = sys_open_beneath(parent, name, O_RDONLY);
	if (fd == -EAGAIN || (fd >= 0 && settle_lease(fd) == SETTLE_WRITER))
		t->writer = true;
	return 0;
}

/* What stands wrongly in it is told when it is admitted, not while it fills. */
static int
directory_settled(int inbox, struct drop *drop, const struct stat *st,
                  int64_t now_ns, int64_t settle_ns)
{
	struct tree_print t = { settle_print(1, st), false };

	(void)taskdir_walk(inbox, drop->name, add_to_print, &t, NULL);
	if (t.writer)
		drop->settle.quiet_since_ns = 0;
	return settle_quiet(&drop->settle, t.print, now_ns, settle_ns);
}

/* Rename it into admit/, and make sure that it is the one looked at. */
static int
claim(struct desk *d, const struct drop *drop, const struct stat *seen,
      uint64_t order, char *claimed)
{
	struct stat st;
	int r;

	(void)snprintf(claimed, INBOX_CLAIMED_MAX, "%012" PRIu64 ",%s", order,
	               drop->name);
	r = sys_rename(d->at[PLACE_INBOX], drop->name, d->at[PLACE_ADMIT],
	               claimed);
	if (r < 0)
		return r;
	r = sys_stat(d->at[PLACE_ADMIT], claimed, &st);
	if (r == 0 && st.st_ino == seen->st_ino && st.st_dev == seen->st_dev)
		return 1;
	/* Replaced in that very moment: put it back and look again. */
	(void)sys_rename(d->at[PLACE_ADMIT], claimed, d->at[PLACE_INBOX],
	                 drop->name);
	return r;
}

/* Open what O_PATH found to be a regular file; say why it cannot be. */
static int
open_drop(int pathfd, const char *shown, struct err *err)
{
	int fd = sys_reopen(pathfd, O_RDONLY);

	if (fd == -EACCES)
		return err_set(err, -EBADMSG,
		               "the agent may not read '%s'; drop it with "
		               "mode 0644",
		               shown);
	/* A hostile lease, or a full table: not the drop's fault. */
	return fd == -EWOULDBLOCK || fd == -EMFILE || fd == -ENFILE ? -EAGAIN :
	                                                              fd;
}

int
inbox_claim(struct desk *d, struct drop *drop, int64_t now_ns,
            int64_t settle_ns, uint64_t order, char claimed[INBOX_CLAIMED_MAX],
            struct err *err)
{
	int inbox = d->at[PLACE_INBOX];
	autofree char *shown = name_show(drop->name);
	autoclose int path = sys_open_beneath(inbox, drop->name, O_PATH);
	autoclose int fd = -1;
	struct stat st;
	int r;

	drop->settle.recheck_ns = now_ns + SETTLE_AGAIN_NS;
	if (path < 0)
		return path == -EXDEV ?
		               err_set(err, -EBADMSG,
		                       "'%s' lies on another file system",
		                       shown) :
		               path;
	if (fstat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(err, -EBADMSG,
		               "'%s' is %s; drop a regular file or a directory",
		               shown, taskdir_kind(st.st_mode));
	if (strlen(drop->name) > INBOX_NAME_MAX)
		return err_set(err, -EBADMSG,
		               "the name is longer than %d bytes; drop it "
		               "under a shorter one",
		               INBOX_NAME_MAX);
	if (S_ISDIR(st.st_mode)) {
		r = directory_settled(inbox, drop, &st, now_ns, settle_ns);
	} else {
		fd = open_drop(path, shown, err);
		if (fd < 0)
			return fd == -EAGAIN ? 0 : fd;
		/* Left open, and leased where that can be had, for claim(). */
		r = settle_file(fd, &drop->settle, &st, now_ns, settle_ns);
	}
	return r > 0 ? claim(d, drop, &st, order, claimed) : r;
}

const char *
inbox_parse_claimed(const char *claimed, uint64_t *order, int64_t *uid)
{
	size_t n = strspn(claimed, "0123456789");
	const char *p = claimed + n;

	if (n != 12)
		return NULL;
	if (order)
		*order = strtoull(claimed, NULL, 10);
	if (uid)
		*uid = *p == '.' ? strtoll(p + 1, NULL, 10) : -1;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	return *p == ',' && p[1] ? p + 1 : NULL;
}

const char *
inbox_dropped_name(const char *claimed)
{
	return inbox_parse_claimed(claimed, NULL, NULL);
}

/* A name for rejected/ that is not taken there, fit to be seen and typed. */
static char *
free_name(const struct desk *d, const char *as)
{
	autofree char *shown = name_show(as);
	autofree char *plain = strcmp(shown, as) == 0 && as[0] != '.' ?
	                               mem_dupn(as, 200) :
	                               name_safe(as);

	for (int i = 1; i < REJECTS_MAX; i++) {
		/* A handful are counted; then the time is as good. */
		autofree char *try = i == 1  ? mem_dup(plain) :
		                     i < 100 ? mem_printf("%s-%d", plain, i) :
		                               mem_printf("%.180s-%" PRId64,
		                                          plain,
		                                          clock_wall_ns());

		/* "x.why" is where the reason of a drop "x" will be. */
		if (str_ends(try, ".why"))
			continue;
		if (sys_exists(d->at[PLACE_REJECTED], try) == 0)
			return take_ptr(try);
	}
	return NULL;
}

int
inbox_reject(struct desk *d, enum place from, const char *name, const char *as,
             const char *why, struct err *err)
{
	autofree char *target = free_name(d, as);
	autofree char *why_name = NULL;
	autofree char *line = mem_printf("%s\n", why);
	int r = target ? 0 : -EEXIST;

	/* The reason first: what is in rejected/ always has one. */
	if (r == 0) {
		why_name = mem_printf("%s.why", target);
		r = sys_write_file(d->at[PLACE_REJECTED], why_name, line,
		                   strlen(line), true, false);
	}
	if (r == 0) {
		r = sys_rename(d->at[from], name, d->at[PLACE_REJECTED],
		               target);
		if (r < 0)
			(void)sys_unlink(d->at[PLACE_REJECTED], why_name);
	}
	if (r < 0)
		return err_sys(err, r, "cannot move a drop to '%s/rejected'",
		               d->name);
	return 0;
}

struct arrival {
	struct timespec when;
	char *name;
};

static int
by_arrival(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->when.tv_sec != y->when.tv_sec)
		return x->when.tv_sec < y->when.tv_sec ? -1 : 1;
	if (x->when.tv_nsec != y->when.tv_nsec)
		return x->when.tv_nsec < y->when.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
inbox_list(const struct desk *d, char ***names)
{
	autodir DIR *dir = NULL;
	autofree struct arrival *all = NULL;
	size_t n = 0, cap = 0;
	struct dirent *de;
	int r = sys_listdir(d->at[PLACE_INBOX], ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		struct stat st;

		if (name_is_private(de->d_name) ||
		    sys_stat(d->at[PLACE_INBOX], de->d_name, &st) < 0)
			continue;
		mem_room(&all, n, &cap, sizeof(*all));
		all[n++] = (struct arrival){ st.st_ctim, mem_dup(de->d_name) };
	}
	if (n)
		qsort(all, n, sizeof(*all), by_arrival);
	*names = mem_new(n + 1, sizeof(**names));
	for (size_t i = 0; i < n; i++)
		(*names)[i] = all[i].name;
	if (r < 0) {
		keys_free_list(*names);
		*names = NULL;
	}
	return r;
}

/* ".NANOSECONDS.PID…" is by drop.c, ".NAME.PID.tmp" by sys_write_file(). */
bool
inbox_is_leftover(const char *name)
{
	size_t end = strlen(name), n;

	if (name[0] != '.')
		return false;
	if (strspn(name + 1, "0123456789") == 19)
		return true;
	if (!str_ends(name, ".tmp"))
		return false;
	end -= strlen(".tmp");
	for (n = end; name[n - 1] >= '0' && name[n - 1] <= '9'; n--)
		;
	return n < end && n > 1 && name[n - 1] == '.';
}

static int
sweep_place(struct desk *d, enum place p, int64_t now_ms)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(d->at[p], ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		struct stat st;

		if (!inbox_is_leftover(de->d_name) ||
		    sys_stat(d->at[p], de->d_name, &st) < 0)
			continue;
		if (S_ISREG(st.st_mode) &&
		    now_ms / 1000 - st.st_ctim.tv_sec > PRIVATE_OLD_S)
			(void)sys_unlink(d->at[p], de->d_name);
	}
	return r;
}

int
inbox_sweep(struct desk *d, int64_t now_ms)
{
	static const enum place places[] = { PLACE_INBOX, PLACE_REQUESTS,
		                             PLACE_REJECTED, PLACE_ANSWERS,
		                             PLACE_QUESTIONS };
	int r = 0;

	for (size_t i = 0; i < countof(places) && r == 0; i++)
		r = sweep_place(d, places[i], now_ms);
	return r;
}

#include "spool/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "base/watch.h"

#define LOCK_TEXT_MAX 256
#define OWNER_WAIT_NS (100 * CLOCK_NS_PER_MS)

static const struct place_info {
	const char *name;
	mode_t mode;
	enum task_state state;
	bool live;
} places[] = {
	[PLACE_NONE] = { "", 0, TASK_NONE, false },
	[PLACE_INBOX] = { "inbox", 0755, TASK_NONE, false },
	[PLACE_ADMIT] = { "admit", 0700, TASK_NONE, false },
	[PLACE_PENDING] = { "pending", 0755, TASK_PENDING, true },
	[PLACE_READY] = { "ready", 0755, TASK_READY, true },
	[PLACE_RUNNING] = { "running", 0755, TASK_RUNNING, true },
	[PLACE_SAVING] = { "saving", 0755, TASK_RUNNING, true },
	[PLACE_BLOCKED] = { "blocked", 0755, TASK_BLOCKED, true },
	[PLACE_OUTBOX] = { "outbox", 0755, TASK_COMPLETED, false },
	[PLACE_FAILED] = { "failed", 0755, TASK_FAILED, false },
	[PLACE_REJECTED] = { "rejected", 0755, TASK_NONE, false },
	[PLACE_QUESTIONS] = { "questions", 0755, TASK_NONE, false },
	[PLACE_ANSWERS] = { "answers", 0755, TASK_NONE, false },
	[PLACE_REQUESTS] = { "requests", 0755, TASK_NONE, false },
	[PLACE_WORK] = { "work", 0755, TASK_NONE, false },
};
_Static_assert(countof(places) == PLACE_N, "describe every place");

const char *
desk_place_name(enum place p)
{
	return places[p].name;
}

enum task_state
desk_place_state(enum place p)
{
	return places[p].state;
}

bool
desk_place_live(enum place p)
{
	return places[p].live;
}

/* Make and fill the desk's directory; each directory is synced in the next. */
static int
lay_out(struct spool *s, const char *name)
{
	autoclose int fd = -1;
	bool made = false;
	int r;

	fd = sys_opendir(s->agents_fd, name);
	if (fd == -ENOENT) {
		r = sys_mkdir(s->agents_fd, name, 0755);
		if (r < 0 && r != -EEXIST)
			return r;
		fd = sys_opendir(s->agents_fd, name);
		made = true;
	}
	if (fd < 0)
		return fd;
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		if (sys_exists(fd, places[p].name) == 1)
			continue;
		r = sys_mkdir(fd, places[p].name, places[p].mode);
		if (r < 0 && r != -EEXIST)
			return r;
		made = true;
	}
	if (!made || !s->durable)
		return 0;
	r = sys_fsync(fd);
	return r < 0 ? r : sys_fsync(s->agents_fd);
}

int
desk_make(struct spool *s, const char *name, struct err *err)
{
	int r;

	if (!name_ok(name))
		return err_set(err, -EINVAL, "no agent can have this name");
	r = lay_out(s, name);
	if (r < 0)
		return err_sys(err, r, "cannot make '%s/agents/%s'", s->root,
		               name);
	return 0;
}

int
desk_open(struct spool *s, const char *name, struct desk **out, struct err *err)
{
	autodesk *d = mem_new(1, sizeof(*d));

	d->spool = s;
	d->fd = -1;
	for (int p = 0; p < PLACE_N; p++)
		d->at[p] = -1;
	if (!name_ok(name))
		return err_set(err, -ENOENT, "no agent can have this name");
	d->name = mem_dup(name);
	d->fd = sys_opendir(s->agents_fd, name);
	if (d->fd == -ENOENT)
		return err_set(err, -ENOENT,
		               "agent '%s' has no desk in '%s/agents'", name,
		               s->root);
	if (d->fd < 0)
		return err_sys(err, d->fd, "cannot open '%s/agents/%s'",
		               s->root, name);
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		d->at[p] = sys_opendir(d->fd, places[p].name);
		/* admit/ is private to the agent's user: others do without. */
		if (d->at[p] == -EACCES && places[p].mode == 0700)
			d->at[p] = -1;
		else if (d->at[p] == -ENOENT || d->at[p] == -ENOTDIR)
			return err_set(err, -EBADMSG,
			               "the desk '%s/agents/%s' is not whole: "
			               "there is no directory '%s'; mend it "
			               "with: spoolhand fsck --repair",
			               s->root, name, places[p].name);
		else if (d->at[p] < 0)
			return err_sys(err, d->at[p],
			               "cannot open '%s/agents/%s/%s'", s->root,
			               name, places[p].name);
	}
	*out = take_ptr(d);
	return 0;
}

void
desk_close(struct desk *d)
{
	if (!d)
		return;
	for (int p = 0; p < PLACE_N; p++)
		if (d->at[p] >= 0)
			(void)close(d->at[p]);
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d->name);
	free(d);
}

void
desk_closep(struct desk **d)
{
	desk_close(*d);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
desk_list(const struct spool *s, char ***names)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	char **list = mem_new(1, sizeof(*list));
	int r = sys_listdir(s->agents_fd, ".", &dir);

	while (r == 0 && (r = sys_next(dir, &de)) > 0) {
		if (name_ok(de->d_name))
			keys_append(&list, de->d_name);
		r = 0;
	}
	if (r < 0) {
		keys_free_list(list);
		return r;
	}
	qsort(list, keys_count(list), sizeof(*list), by_name);
	*names = list;
	return 0;
}

static bool
is_alive(const struct proc_id *id)
{
	autoclose int fd = id->pid > 0 ? proc_open(id) : -ESRCH;

	return id->pid > 0 && fd != -ESRCH;
}

static void
ignore_event(void *arg, enum watch_event event, int token, const char *name)
{
	(void)arg;
	(void)event;
	(void)token;
	(void)name;
}

/*
 * Who has the desk.  The lock is taken a moment before its text is written:
 * wait for that, within OWNER_WAIT_NS, if it names nobody who lives.
 */
static bool
owner_lives(const struct desk *d, struct proc_id *id)
{
	autoclose int lock = sys_open(d->fd, DESK_LOCK, O_RDONLY);
	int64_t deadline = clock_boot_ns() + OWNER_WAIT_NS;
	struct watch *w = NULL;
	bool alive = false;

	if (lock >= 0 && watch_new(&w) == 0)
		(void)watch_content(w, lock, 1);
	while (desk_owner(d, id) == 1 && !(alive = is_alive(id)) && w) {
		struct pollfd pfd = { watch_fd(w), POLLIN, 0 };
		int64_t left = deadline - clock_boot_ns();

		if (left <= 0 ||
		    poll(&pfd, 1, (int)(left / CLOCK_NS_PER_MS) + 1) <= 0)
			break;
		(void)watch_read(w, ignore_event, NULL);
	}
	watch_free(w);
	return alive;
}

int
desk_own(struct desk *d, struct err *err)
{
	autoclose int fd = lock_take_over(d->fd, DESK_LOCK);
	autostr text = STR_INIT;
	struct proc_id id;
	int r;

	if (fd == -EAGAIN) {
		if (owner_lives(d, &id))
			return err_set(err, fd,
			               "agent '%s' is already run by pid %d",
			               d->name, (int)id.pid);
		return err_set(err, fd, "agent '%s' is already run", d->name);
	}
	if (fd < 0)
		return err_sys(err, fd, "cannot lock '%s/agents/%s/%s'",
		               d->spool->root, d->name, DESK_LOCK);
	r = proc_self(&id);
	proc_print(&id, &text);
	/* First write, then cut: a full disk does not leave it empty. */
	if (r == 0)
		r = sys_write_all(fd, text.data, text.len);
	if (r == 0)
		r = sys_truncate(fd, (off_t)text.len);
	/* Who, is for people: a full disk is no reason not to own it. */
	if (r < 0 && r != -ENOSPC && r != -EDQUOT)
		return err_sys(err, r, "cannot write '%s/agents/%s/%s'",
		               d->spool->root, d->name, DESK_LOCK);
	return take_fd(fd);
}

int
desk_owner(const struct desk *d, struct proc_id *owner)
{
	autostr text = STR_INIT;
	int r = lock_held(d->fd, DESK_LOCK);

	if (r <= 0)
		return r;
	*owner = (struct proc_id){ 0 };
	r = sys_read_file(d->fd, DESK_LOCK, LOCK_TEXT_MAX, &text);
	if (r == -EACCES)
		return 1; /* another user's: that it is held is all we see */
	if (r < 0)
		return r;
	/* Held but not yet written: somebody, of whom no more is known. */
	(void)proc_parse(str_text(&text), owner);
	return 1;
}

bool
desk_place_replaced(const struct desk *d, enum place p)
{
	struct stat held, named;

	if (fstat(d->at[p], &held) < 0)
		return true;
	if (sys_stat(d->fd, places[p].name, &named) < 0)
		return true;
	return held.st_dev != named.st_dev || held.st_ino != named.st_ino;
}

int
desk_reopen_place(struct desk *d, enum place p, struct err *err)
{
	int r = sys_mkdir(d->fd, places[p].name, places[p].mode);
	int fd;

	if (r < 0 && r != -EEXIST)
		return err_sys(err, r, "cannot make '%s/%s'", d->name,
		               places[p].name);
	fd = sys_opendir(d->fd, places[p].name);
	if (fd < 0)
		return err_sys(err, fd, "cannot open '%s/%s'", d->name,
		               places[p].name);
	(void)close(d->at[p]);
	d->at[p] = fd;
	return 0;
}

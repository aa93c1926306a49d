#include "spool/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keys.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/starts.h"

#define LANES     "lanes"
#define LANE_LOCK "lock"
#define TEXT_MAX  (NAME_REF_MAX + 1)
#define SLOTS_MAX (LANE_RUNNING_MAX + 1)

struct lane {
	int fd;
	char *ticket_name;
	int slot, ticket;
	int64_t number; /* of the ticket: when it was drawn */
};

static int
make_dir(int dfd, const char *name)
{
	int r = sys_mkdir(dfd, name, 0755);

	return r == -EEXIST ? 0 : r;
}

int
lane_open(struct spool *s, const char *name, const char *agent,
          struct lane **out, struct err *err)
{
	autofree char *path = mem_printf(LANES "/%s", name);
	autolane *l = mem_new(1, sizeof(*l));
	int r = make_dir(s->fd, LANES);

	l->fd = l->slot = l->ticket = -1;
	if (r == 0)
		r = make_dir(s->fd, path);
	if (r == 0)
		r = l->fd = sys_opendir(s->fd, path);
	if (r < 0)
		return err_sys(err, r, "cannot open '%s/%s'", s->root, path);
	l->ticket_name = mem_printf(LANE_TICKET_PREFIX "%s", agent);
	*out = take_ptr(l);
	return 0;
}

void
lane_close(struct lane *l)
{
	if (!l)
		return;
	/* Not unlocked: what inherited it may live longer than we. */
	if (l->slot >= 0)
		(void)close(l->slot);
	lane_leave(l);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l->ticket_name);
	free(l);
}

void
lane_closep(struct lane **l)
{
	lane_close(*l);
}

int
lane_fd(const struct lane *l)
{
	return l->fd;
}

int
lane_slot(const struct lane *l)
{
	return l->slot;
}

/* "slot.17" -> 17; -1: it is none. */
static int
slot_number(const char *name)
{
	const char *p = name + strlen(LANE_SLOT_PREFIX);
	char *end;
	long k;

	if (!str_starts(name, LANE_SLOT_PREFIX) || *p < '0' || *p > '9')
		return -1;
	k = strtol(p, &end, 10);
	return *end || k >= SLOTS_MAX ? -1 : (int)k;
}

/*
 * Which slots are held?  Asked without locking any, so that asking is no
 * event for those who wait.  `held` has SLOTS_MAX members.
 */
static int
count_held(int dfd, bool *held)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;
	int r = sys_listdir(dfd, ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		int k = slot_number(de->d_name);
		int is = k < 0 ? 0 : lock_held(dfd, de->d_name);

		if (is < 0)
			return is;
		if (is == 0)
			continue;
		held[k] = true;
		n++;
	}
	return r < 0 ? r : n;
}

/* How many wait that drew their ticket before `number`? */
static int
count_before(const struct lane *l, int64_t number)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;
	int r = sys_listdir(l->fd, ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		autostr text = STR_INIT;

		if (!str_starts(de->d_name, LANE_TICKET_PREFIX) ||
		    strcmp(de->d_name, l->ticket_name) == 0 ||
		    lock_held(l->fd, de->d_name) <= 0 ||
		    sys_read_file(l->fd, de->d_name, TEXT_MAX, &text) < 0)
			continue;
		n += strtoll(str_text(&text), NULL, 10) < number;
	}
	return r < 0 ? r : n;
}

static int
write_text(int fd, const char *text)
{
	int r = sys_truncate(fd, 0);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : sys_write_all(fd, text, strlen(text));
}

/* Stand in line; who cannot is served all the same, by luck. */
static void
draw_ticket(struct lane *l, const struct lane_now *now)
{
	autofree char *text = mem_printf("%" PRId64 "\n", now->boot_ns);

	if (l->ticket >= 0)
		return;
	l->ticket = lock_take(l->fd, l->ticket_name);
	if (l->ticket < 0)
		return;
	l->number = now->boot_ns;
	(void)write_text(l->ticket, text);
}

void
lane_leave(struct lane *l)
{
	if (l->ticket < 0)
		return;
	(void)sys_unlink(l->fd, l->ticket_name);
	lock_drop(take_fd(l->ticket));
}

void
lane_release(struct lane *l)
{
	if (l->slot >= 0)
		lock_drop(take_fd(l->slot));
}

/* 0, or -EAGAIN when somebody who does not ask first has all of them. */
static int
take_slot(struct lane *l, const bool *held, int64_t running, const char *ref)
{
	autofree char *text = mem_printf("%s\n", ref);

	for (int k = 0; k < running; k++) {
		char name[32];
		int fd;

		if (held[k])
			continue;
		(void)snprintf(name, sizeof(name), LANE_SLOT_PREFIX "%d", k);
		fd = lock_take(l->fd, name);
		if (fd == -EAGAIN)
			continue;
		if (fd < 0)
			return fd;
		/* Who, is for people: a full disk is no reason not to run. */
		(void)write_text(fd, text);
		l->slot = fd;
		return 0;
	}
	return -EAGAIN;
}

struct room {
	int held, before;
	int64_t next_ns;
	struct starts starts;
};

/* What there is room for, with the lock of the lane held. */
static enum lane_verdict
judge(const struct room *m, const struct lane_limits *limits, bool impatient)
{
	int64_t room = INT64_MAX;

	if (limits->running)
		room = limits->running - m->held;
	if (room <= 0)
		return LANE_FULL;
	if (m->next_ns)
		return LANE_RATE;
	if (limits->per_minute &&
	    limits->per_minute - (int64_t)m->starts.n < room)
		room = limits->per_minute - (int64_t)m->starts.n;
	return m->before >= room && !impatient ? LANE_TURN : LANE_TAKEN;
}

static int
begin(struct lane *l, const struct lane_limits *limits, const bool *held,
      const char *ref, const struct lane_now *now, struct room *m)
{
	int r = limits->running ? take_slot(l, held, limits->running, ref) : 0;

	if (r == -EAGAIN)
		return LANE_FULL;
	if (r == 0 && limits->per_minute)
		r = starts_add(l->fd, now, &m->starts);
	if (r < 0) {
		lane_release(l);
		return r;
	}
	lane_leave(l);
	return LANE_TAKEN;
}

static int
decide(struct lane *l, const struct lane_limits *limits, const char *ref,
       const struct lane_now *now, bool impatient, int64_t *next_ns)
{
	autofree bool *held = mem_new(SLOTS_MAX, sizeof(*held));
	struct room m = { 0 };
	int r = m.held = count_held(l->fd, held);

	if (r >= 0 && limits->per_minute)
		r = starts_read(l->fd, now, &m.starts);
	if (r >= 0)
		r = m.before =
			count_before(l, l->ticket >= 0 ? l->number : INT64_MAX);
	if (r >= 0) {
		m.next_ns = starts_next(&m.starts, limits->per_minute);
		*next_ns = m.next_ns;
		r = judge(&m, limits, impatient);
	}
	if (r == LANE_TAKEN)
		r = begin(l, limits, held, ref, now, &m);
	if (r > LANE_TAKEN)
		draw_ticket(l, now);
	starts_done(&m.starts);
	return r;
}

int
lane_take(struct lane *l, const struct lane_limits *limits, const char *ref,
          const struct lane_now *now, bool impatient, int64_t *next_ns)
{
	autoclose int lock = -1;

	/* In line already: disturb nobody while there is no room at all. */
	if (l->ticket >= 0 && limits->running) {
		autofree bool *held = mem_new(SLOTS_MAX, sizeof(*held));
		int n = count_held(l->fd, held);

		if (n < 0 || n >= limits->running)
			return n < 0 ? n : LANE_FULL;
	}
	lock = lock_take(l->fd, LANE_LOCK);
	if (lock < 0)
		return lock == -EAGAIN ? LANE_BUSY : lock;
	return decide(l, limits, ref, now, impatient, next_ns);
}

static void
add_holder(int dfd, int k, struct lane_view *out)
{
	char name[32];
	autostr text = STR_INIT;

	(void)snprintf(name, sizeof(name), LANE_SLOT_PREFIX "%d", k);
	if (sys_read_file(dfd, name, TEXT_MAX, &text) < 0 || !text.len)
		str_adds(&text, "?");
	text.data[strcspn(text.data, "\n")] = '\0';
	keys_append(&out->held, str_text(&text));
}

int
lane_look(const struct spool *s, const char *name,
          const struct lane_limits *limits, const struct lane_now *now,
          struct lane_view *out)
{
	autofree char *path = mem_printf(LANES "/%s", name);
	autoclose int fd = sys_opendir(s->fd, path);
	autofree bool *held = mem_new(SLOTS_MAX, sizeof(*held));
	autostarts starts = { 0 };
	int64_t next_ns;
	int r;

	*out = (struct lane_view){ .held = mem_new(1, sizeof(char *)) };
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = count_held(fd, held);
	for (int k = 0; r > 0 && k < SLOTS_MAX; k++)
		if (held[k])
			add_holder(fd, k, out);
	if (r >= 0)
		r = starts_read(fd, now, &starts);
	if (r < 0)
		return r;
	out->begun = (int64_t)starts.n;
	next_ns = starts_next(&starts, limits->per_minute);
	if (next_ns)
		out->next_ms =
			now->wall_ms + (next_ns - now->boot_ns) / 1000000;
	return 0;
}

void
lane_view_done(struct lane_view *v)
{
	keys_free_list(v->held);
	*v = (struct lane_view){ 0 };
}

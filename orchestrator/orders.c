#include "orchestrator/orders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#define REQUESTS "requests"
#define REJECTED "rejected"
#define RESUME   "resume."

/* Times of files lag behind the clock by up to a tick of the kernel. */
#define FILE_TIME_LAG_NS (20 * CLOCK_NS_PER_MS)

#define AS_MAX    128 /* of the name in rejected/, a number not counted */
#define TRIES_MAX 1000

int
orders_parse(const char *name, struct order *out, struct err *err)
{
	const char *agent = name + strlen(RESUME);

	if (strcmp(name, "down") == 0) {
		*out = (struct order){ .kind = ORDER_DOWN };
		return 0;
	}
	if (strcmp(name, "down-now") == 0) {
		*out = (struct order){ .kind = ORDER_DOWN_NOW };
		return 0;
	}
	if (str_starts(name, RESUME) && name_ok(agent)) {
		*out = (struct order){ .kind = ORDER_RESUME };
		(void)snprintf(out->agent, sizeof(out->agent), "%s", agent);
		return 0;
	}
	return err_set(err, -EBADMSG,
	               "not a request; name it down, down-now or resume.AGENT");
}

static int
make_and_open(int gm_fd, const char *name)
{
	int r = sys_mkdir(gm_fd, name, 0755);

	return r < 0 && r != -EEXIST ? r : sys_opendir(gm_fd, name);
}

int
orders_open(struct orders *o, int gm_fd, int64_t since_ns, bool durable,
            struct err *err)
{
	o->gm_fd = gm_fd;
	o->since_ns = since_ns - FILE_TIME_LAG_NS;
	o->durable = durable;
	o->fd = make_and_open(gm_fd, REQUESTS);
	if (o->fd < 0)
		return err_sys(err, o->fd, "cannot open 'gm/%s'", REQUESTS);
	o->rejected_fd = make_and_open(gm_fd, REJECTED);
	if (o->rejected_fd < 0)
		return err_sys(err, o->rejected_fd, "cannot open 'gm/%s'",
		               REJECTED);
	return 0;
}

void
orders_close(struct orders *o)
{
	if (o->fd >= 0)
		(void)close(take_fd(o->fd));
	if (o->rejected_fd >= 0)
		(void)close(take_fd(o->rejected_fd));
	strset_done(&o->told);
}

int
orders_watch(struct orders *o, struct watch *w, int token)
{
	int fd = make_and_open(o->gm_fd, REQUESTS);

	if (fd < 0)
		return fd;
	(void)close(o->fd);
	o->fd = fd;
	return w ? watch_dir(w, fd, token) : 0;
}

/* A trouble that stays is told of once. */
static void
tell_once(struct orders *o, const char *name, const char *what, int code)
{
	autofree char *shown = name_show(name);

	if (strset_add(&o->told, name))
		log_warn("request=%s %s: %s", shown, what, err_name(code));
}

/* A name in rejected/ that is not taken; `name` is moved there. */
static int
put_aside(struct orders *o, const char *name, char **as)
{
	autofree char *safe = name_safe(name);
	int r = -EEXIST;

	for (int i = 1; r == -EEXIST && i <= TRIES_MAX; i++) {
		autofree char *try =
			i == 1 ? mem_dup(safe) :
				 mem_printf("%.*s-%d", AS_MAX, safe, i);

		r = sys_rename(o->fd, name, o->rejected_fd, try);
		if (r == 0)
			*as = take_ptr(try);
	}
	return r;
}

static void
reject(struct orders *o, const char *name, const char *why)
{
	autofree char *shown = name_show(name);
	autofree char *line = mem_printf("%s\n", why);
	autofree char *as = NULL;
	autofree char *note = NULL;
	int r = put_aside(o, name, &as);

	if (r == -ENOENT)
		return;
	if (r < 0) {
		tell_once(o, name, "cannot be moved to gm/rejected", r);
		return;
	}
	log_warn("request=%s rejected: %s", shown, why);
	note = mem_printf("%s.why", as);
	r = sys_write_file(o->rejected_fd, note, line, strlen(line), true,
	                   o->durable);
	if (r < 0)
		log_warn("cannot write 'gm/rejected/%s': %s", note,
		         err_name(r));
}

static int
remove_request(struct orders *o, const char *name)
{
	int r = sys_unlink(o->fd, name);

	if (r == 0 && o->durable)
		r = sys_fsync(o->fd);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		tell_once(o, name, "is done with but cannot be removed", r);
	return r;
}

/*
 * Dropped for an orchestrator that is no more?  The wall clock is asked about
 * that only at the start; one that could not be removed is known again.
 */
static bool
is_stale(const struct orders *o, const struct order *order,
         const struct stat *st)
{
	int64_t changed_ns = (int64_t)st->st_ctim.tv_sec * CLOCK_NS_PER_S +
	                     st->st_ctim.tv_nsec;

	if (order->kind == ORDER_RESUME)
		return false;
	return o->begun ? st->st_ino == o->stale[order->kind] :
	                  changed_ns < o->since_ns;
}

static void
remove_stale(struct orders *o, const char *name, const struct order *order,
             ino_t ino)
{
	if (!o->begun)
		log_info("request=%s is left over from before, removed", name);
	/* Once it is gone another file may be given its number. */
	o->stale[order->kind] = remove_request(o, name) < 0 ? ino : 0;
}

/* 0: honoured; -EAGAIN: leave it; anything else, with `err`: reject it. */
static int
decide(struct orders *o, const char *name, const struct stat *st, orders_fn *fn,
       void *arg, struct err *err)
{
	struct order order = { ORDER_NONE, "" };
	int r = orders_parse(name, &order, err);

	if (r != 0)
		return r;
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EBADMSG,
		               "not a regular file; make it with: touch");
	if (is_stale(o, &order, st)) {
		remove_stale(o, name, &order, st->st_ino);
		return -EAGAIN;
	}
	return fn(arg, &order, err);
}

static void
handle(struct orders *o, const char *name, orders_fn *fn, void *arg)
{
	struct stat st;
	struct err err = { "" };
	int r = sys_stat(o->fd, name, &st);

	if (r == -ENOENT)
		return;
	if (r < 0) {
		tell_once(o, name, "cannot be looked at", r);
		return;
	}
	r = decide(o, name, &st, fn, arg, &err);
	if (r == 0)
		(void)remove_request(o, name);
	else if (r != -EAGAIN)
		reject(o, name, err.text);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The listing is taken whole first: handling changes the directory. */
static int
list(const struct orders *o, char ***names)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(o->fd, ".", &dir);

	*names = mem_new(1, sizeof(**names));
	while (r == 0 && (r = sys_next(dir, &de)) > 0) {
		if (de->d_name[0] != '.')
			keys_append(names, de->d_name);
		r = 0;
	}
	qsort(*names, keys_count(*names), sizeof(**names), by_name);
	return r;
}

void
orders_scan(struct orders *o, orders_fn *fn, void *arg)
{
	char **names;
	int r = list(o, &names);

	if (r < 0)
		tell_once(o, "", "gm/requests cannot be read", r);
	for (char **p = names; *p; p++)
		handle(o, *p, fn, arg);
	keys_free_list(names);
	o->begun = true;
}

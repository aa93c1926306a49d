#include "spool/find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "spool/journal.h"

#define LOOKS_MAX 1000

/* The way of a task through the places; it goes back only when blocked. */
#define DROP_PLACES 2 /* the first ones, where it is not admitted yet */
static const enum place on_the_way[] = {
	PLACE_INBOX, PLACE_ADMIT,   PLACE_PENDING, PLACE_BLOCKED,
	PLACE_READY, PLACE_RUNNING, PLACE_SAVING,
};

/* "NANOSECONDS.PID.N.ID.md", as drop.c names its drops: where ID begins. */
static const char *
after_stamp(const char *name)
{
	for (int dots = 0; dots < 3; dots++) {
		size_t n = strspn(name, "0123456789");

		if (n == 0 || name[n] != '.' || (dots == 0 && n != 19))
			return NULL;
		name += n + 1;
	}
	return name;
}

char *
find_drop_id(const char *drop_name)
{
	const char *id = after_stamp(drop_name);
	autofree char *stem = name_stem(id ? id : drop_name);

	return name_safe(stem);
}

/*
 * In admit/ stand claimed drops, "." before one that is being wrapped, and
 * "=" before the entry of a task that begins again.
 */
static char *
id_in_admit(const char *name, struct entry *e)
{
	const char *dropped = inbox_dropped_name(name + (name[0] == '.'));

	if (name[0] == '=' && entry_parse(name + 1, e) == 0)
		return mem_dup(e->id);
	return dropped ? find_drop_id(dropped) : NULL;
}

/* What this entry of a place is called as a task; NULL if it is none. */
static char *
id_of(enum place p, const char *name, struct entry *e)
{
	if (p == PLACE_ADMIT)
		return id_in_admit(name, e);
	if (name[0] == '.')
		return NULL;
	if (desk_place_live(p))
		return entry_parse(name, e) == 0 ? mem_dup(e->id) : NULL;
	return name_is_private(name) ? NULL : find_drop_id(name);
}

static int
look_in(const struct desk *d, enum place p, const char *id, struct found *out)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = sys_listdir(d->at[p], ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		struct entry e = { 0 };
		autofree char *its = id_of(p, de->d_name, &e);

		if (!its || strcmp(its, id) != 0)
			continue;
		out->place = p;
		out->entry = e;
		(void)snprintf(out->name, sizeof(out->name), "%s", de->d_name);
		return 1;
	}
	return r;
}

static int
look_at_results(const struct desk *d, const char *id, struct found *out)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };

	for (size_t i = 0; i < countof(ends); i++) {
		int r = sys_exists(d->at[ends[i]], id);

		if (r == 0)
			continue;
		if (r > 0) {
			out->place = ends[i];
			(void)snprintf(out->name, sizeof(out->name), "%s", id);
		}
		return r;
	}
	return 0;
}

static int
look_everywhere(const struct desk *d, const char *id, size_t first, bool ended,
                struct found *out)
{
	int r = ended ? look_at_results(d, id, out) : 0;

	for (size_t i = first; r == 0 && i < countof(on_the_way); i++)
		r = look_in(d, on_the_way[i], id, out);
	return r || !ended ? r : look_at_results(d, id, out);
}

/*
 * A line is written before its rename, so one move that the journal knows of
 * may still be under way when a look begins, and be missed.  It is done when
 * that look ends; a second one in the same silence sees it.
 */
static int
search(const struct desk *d, const char *id, size_t first, bool ended,
       struct found *out)
{
	int64_t silent_since = -1;

	if (!name_ok(id))
		return -ENOENT;
	for (int look = 0; look < LOOKS_MAX; look++) {
		int64_t before = journal_size(d);
		int r;

		*out = (struct found){ 0 };
		r = look_everywhere(d, id, first, ended, out);
		if (r)
			return r < 0 ? r : 0;
		if (silent_since == before && journal_size(d) == before)
			break;
		silent_since = before;
	}
	return -ENOENT;
}

int
find_task(const struct desk *d, const char *id, struct found *out)
{
	return search(d, id, 0, true, out);
}

int
find_admitted(const struct desk *d, const char *id, struct found *out)
{
	return search(d, id, DROP_PLACES, true, out);
}

int
find_unended(const struct desk *d, const char *id, struct found *out)
{
	return search(d, id, 0, false, out);
}

struct candidates {
	const char *prefix;
	char **ids;
};

static void
consider(struct candidates *c, const char *id)
{
	if (!str_starts(id, c->prefix))
		return;
	for (char **p = c->ids; *p; p++)
		if (strcmp(*p, id) == 0)
			return;
	keys_append(&c->ids, id);
}

static int
collect(const struct desk *d, enum place p, struct candidates *c)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = sys_listdir(d->at[p], ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		struct entry e;
		autofree char *id = NULL;

		if (p == PLACE_OUTBOX || p == PLACE_FAILED)
			id = name_ok(de->d_name) ? mem_dup(de->d_name) : NULL;
		else
			id = id_of(p, de->d_name, &e);
		if (id)
			consider(c, id);
	}
	return r;
}

static int
collect_all(const struct desk *d, struct candidates *c)
{
	int r = collect(d, PLACE_OUTBOX, c);

	if (r == 0)
		r = collect(d, PLACE_FAILED, c);
	for (size_t i = 0; r == 0 && i < countof(on_the_way); i++)
		r = collect(d, on_the_way[i], c);
	return r;
}

int
find_prefix(const struct desk *d, const char *prefix, char **id,
            struct err *err)
{
	struct candidates c = { prefix, mem_new(1, sizeof(char *)) };
	struct found exact = { 0 };
	size_t n;
	int r = find_task(d, prefix, &exact);

	if (r == 0)
		keys_append(&c.ids, prefix);
	else if (r == -ENOENT)
		r = 0;
	if (r == 0 && !exact.place)
		r = collect_all(d, &c);
	n = keys_count(c.ids);
	if (r < 0)
		(void)err_sys(err, r, "cannot look through the desk of '%s'",
		              d->name);
	else if (n == 0)
		r = err_set(err, -ENOENT, "agent '%s' has no task '%s'",
		            d->name, prefix);
	else if (n > 1)
		r = err_set(err, -EEXIST,
		            "'%s/%s' could be any of %zu tasks: %s, %s%s",
		            d->name, prefix, n, c.ids[0], c.ids[1],
		            n > 2 ? ", …" : "");
	else
		*id = mem_dup(c.ids[0]);
	keys_free_list(c.ids);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
find_list(const struct desk *d, enum place p, char ***names)
{
	autodir DIR *dir = NULL;
	char **list = NULL;
	size_t n = 0, cap = 0;
	struct dirent *de;
	int r = sys_listdir(d->at[p], ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		if (de->d_name[0] == '.')
			continue;
		mem_room(&list, n + 1, &cap, sizeof(*list));
		list[n++] = mem_dup(de->d_name);
	}
	mem_room(&list, n, &cap, sizeof(*list));
	list[n] = NULL;
	if (r < 0) {
		keys_free_list(list);
		return r;
	}
	qsort(list, n, sizeof(*list), by_name);
	*names = list;
	return 0;
}

int
find_count(const struct desk *d, enum place p)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int n = 0;
	int r;

	if (d->at[p] < 0)
		return 0;
	r = sys_listdir(d->at[p], ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		n += de->d_name[0] != '.';
	return r < 0 ? r : n;
}

static int
first_of(const struct desk *d, enum place p, struct found *out)
{
	char **names = NULL;
	int r = find_list(d, p, &names);

	if (r < 0)
		return r;
	r = -ENOENT;
	for (char **at = names; *at && r < 0; at++) {
		if (entry_parse(*at, &out->entry) < 0)
			continue;
		out->place = p;
		(void)snprintf(out->name, sizeof(out->name), "%s", *at);
		r = 0;
	}
	keys_free_list(names);
	return r;
}

int
find_running(const struct desk *d, struct found *out)
{
	int r = first_of(d, PLACE_RUNNING, out);

	return r == -ENOENT ? first_of(d, PLACE_SAVING, out) : r;
}

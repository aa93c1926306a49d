#include "spool/retain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/result.h"

static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };

int64_t
retain_ended_ms(const struct desk *d, enum place p, const char *id)
{
	autojson *result = NULL;
	struct stat st;
	int64_t ms;
	int r = sys_stat(d->at[p], id, &st);

	if (r < 0)
		return r;
	if (result_read(d, p, id, &result, NULL) == 0 &&
	    clock_parse_time(
		    json_str(json_get(json_get(result, "times"), "ended"), ""),
		    &ms) == 0)
		return ms;
	return (int64_t)st.st_mtim.tv_sec * 1000 +
	       st.st_mtim.tv_nsec / CLOCK_NS_PER_MS;
}

bool
retain_expired(int64_t ended_ms, int64_t keep_for_ms, int64_t now_ms)
{
	return keep_for_ms > 0 && now_ms - ended_ms >= keep_for_ms;
}

static int
by_age(const void *a, const void *b)
{
	const struct retained *x = a, *y = b;

	if (x->ended_ms != y->ended_ms)
		return x->ended_ms < y->ended_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int
by_id(const void *a, const void *b)
{
	const struct retained *x = a, *y = b;
	int r = strcmp(x->id, y->id);

	return r ? r : (int)x->place - (int)y->place;
}

static void
sort(struct retain_list *list, int (*compare)(const void *, const void *))
{
	if (list->n)
		qsort(list->all, list->n, sizeof(*list->all), compare);
}

static int
look_in(const struct desk *d, enum place p, struct retain_list *list)
{
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(d->at[p], ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		if (!name_ok(de->d_name))
			continue;
		mem_room(&list->all, list->n, &list->cap, sizeof(*list->all));
		list->all[list->n++] = (struct retained){ mem_dup(de->d_name),
			                                  p, de->d_ino, -1 };
	}
	return r;
}

/* What is known already is not read again; both are sorted by id. */
static void
take_known(struct retain_list *list, const struct retain_list *old)
{
	size_t k = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct retained *one = &list->all[i];

		while (k < old->n && by_id(&old->all[k], one) < 0)
			k++;
		if (k < old->n && by_id(&old->all[k], one) == 0 &&
		    old->all[k].inode == one->inode)
			one->ended_ms = old->all[k].ended_ms;
	}
}

static void
read_unknown(const struct desk *d, struct retain_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct retained *one = &list->all[i];

		if (one->ended_ms < 0)
			one->ended_ms = retain_ended_ms(d, one->place, one->id);
		if (one->ended_ms < 0)
			free(one->id); /* gone meanwhile */
		else
			list->all[kept++] = *one;
	}
	list->n = kept;
}

int
retain_update(const struct desk *d, struct retain_list *list)
{
	struct retain_list now = { 0 };
	int r = 0;

	for (size_t i = 0; i < countof(ends) && r == 0; i++)
		r = look_in(d, ends[i], &now);
	if (r < 0) {
		retain_list_done(&now);
		return r;
	}
	sort(&now, by_id);
	sort(list, by_id);
	take_known(&now, list);
	retain_list_done(list);
	read_unknown(d, &now);
	sort(&now, by_age);
	*list = now;
	return 0;
}

void
retain_list_remove(struct retain_list *list, size_t i)
{
	free(list->all[i].id);
	list->n--;
	memmove(&list->all[i], &list->all[i + 1],
	        (list->n - i) * sizeof(*list->all));
}

void
retain_list_done(struct retain_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->all[i].id);
	free(list->all);
	*list = (struct retain_list){ 0 };
}

int
retain_take_out(struct desk *d, struct journal *j, enum place p, const char *id,
                const char *why, int64_t now_ms)
{
	autofree char *name = mem_printf("%c%s", RETAIN_MARK, id);
	struct journal_line line = JOURNAL_LINE;
	int r = sys_remove_tree(d->at[PLACE_ADMIT], name);

	if (r < 0)
		return r;
	line.ev = "expire";
	line.id = id;
	line.from = state_name(desk_place_state(p));
	line.to = "GONE";
	line.why = why;
	r = journal_write(j, now_ms, &line);
	if (r < 0)
		return r;
	r = sys_rename(d->at[p], id, d->at[PLACE_ADMIT], name);
	if (r == 0 || r == -ENOENT)
		return 0;
	line.ev = "recover";
	line.to = line.from;
	line.from = NULL;
	line.why = "it could not be removed";
	(void)journal_write(j, now_ms, &line);
	return r;
}

int
retain_sweep(struct desk *d)
{
	char **names = NULL;
	int r = 0;

	/* First out of sight for good, then its parts. */
	for (size_t i = 0; i < countof(ends) && r == 0; i++)
		if (d->spool->durable)
			r = sys_fsync(d->at[ends[i]]);
	if (r == 0)
		r = find_list(d, PLACE_ADMIT, &names);
	for (char **p = names; r == 0 && *p; p++)
		if ((*p)[0] == RETAIN_MARK)
			r = sys_remove_tree(d->at[PLACE_ADMIT], *p);
	keys_free_list(names);
	return r;
}

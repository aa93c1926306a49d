#include "spool/fsck.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/strset.h"
#include "base/sys.h"
#include "spool/census.h"
#include "spool/correct.h"
#include "spool/entry.h"
#include "spool/findings.h"
#include "spool/inbox.h"
#include "spool/inspect.h"
#include "spool/inspect_asked.h"
#include "spool/journal.h"
#include "spool/result.h"

#define LOOKS_MAX 7  /* at a desk that is in motion */
#define PAUSE_MS  20 /* after the first look, twice as long after each next */

static int
report(const struct findings *f, const char *agent, fsck_fn *fn, void *arg)
{
	int left = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->all[i];
		autofree char *path = mem_printf(
			"agents/%s%s%s%s%s", agent, *one->place ? "/" : "",
			one->place, *one->name ? "/" : "", one->name);
		struct fsck_finding out = { agent, one->code, path, one->text,
			                    one->repaired };

		left += !one->repaired;
		fn(arg, &out);
	}
	return left;
}

/*
 * Look once; and if the agent runs, again as long as what looked wrong may
 * only have been in motion.  A sync in the middle of a motion can take long,
 * so the looks are spread over more than a second.
 */
static int
look(struct desk *d, int64_t now_ms, struct findings *out, struct err *err)
{
	struct proc_id owner;
	bool moving = desk_owner(d, &owner) == 1;
	int pause_ms = PAUSE_MS;
	int r = inspect_desk(d, now_ms, out, err);

	for (int i = 1; r == 0 && moving && out->n && i < LOOKS_MAX; i++) {
		autofindings again = { 0 };

		(void)poll(NULL, 0, pause_ms);
		pause_ms *= 2;
		/* Once more after it has ended, to see what it left. */
		moving = desk_owner(d, &owner) == 1;
		r = inspect_desk(d, now_ms, &again, err);
		if (r == 0)
			findings_keep_common(out, &again);
	}
	return r;
}

static enum place
place_named(const char *name)
{
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++)
		if (strcmp(desk_place_name(p), name) == 0)
			return p;
	return PLACE_NONE;
}

static int
finish(struct desk *d, struct journal *j, enum place p, const char *name,
       int64_t now_ms, struct err *err)
{
	struct entry e;
	int r = entry_parse(name, &e);

	if (r < 0)
		return r;
	r = sys_exists(d->at[PLACE_OUTBOX], e.id);
	return r < 0 ? r :
	               result_finish(d, j, p, &e,
	                             r ? PLACE_OUTBOX : PLACE_FAILED, now_ms,
	                             err);
}

static int
write_reason(struct desk *d, const char *name)
{
	static const char text[] = "the reason was lost in a crash; look at it "
				   "and drop it again\n";
	autofree char *why = mem_printf("%s.why", name);

	return sys_write_file(d->at[PLACE_REJECTED], why, text, strlen(text),
	                      true, false);
}

/* All entries stand still by now: `live` is a census of them. */
static int
repair_one(struct desk *d, struct journal *j, const struct finding *f,
           const struct strset *live, int64_t now_ms, struct err *err)
{
	enum place p = place_named(f->place);

	switch (f->repair) {
	case REPAIR_PUT_ASIDE:
		return inbox_reject(d, p, f->name, f->name, f->text, err);
	case REPAIR_FINISH:
		return finish(d, j, p, f->name, now_ms, err);
	case REPAIR_REASON:
		return write_reason(d, f->name);
	case REPAIR_REMOVE:
		return sys_remove_tree(d->at[p], f->name);
	case REPAIR_QUESTION:
		return inspect_asked_repair(d, f->name);
	case REPAIR_JOURNAL:
		return correct_line(j, now_ms, f->name,
		                    census_state(d, live, f->name));
	case REPAIR_NONE:
	case REPAIR_PLACE:
		break;
	}
	return -EOPNOTSUPP;
}

/* One round of repairs, in the order of enum finding_repair. */
static int
repair_all(struct desk *d, struct journal *j, struct findings *f,
           int64_t now_ms, struct err *err)
{
	for (enum finding_repair k = REPAIR_PUT_ASIDE; k <= REPAIR_JOURNAL;
	     k++) {
		autostrset live = STRSET_INIT;

		if (k == REPAIR_JOURNAL && census_take(d, &live) < 0)
			return err_set(err, -EIO, "cannot count the tasks");
		for (size_t i = 0; i < f->n; i++) {
			struct finding *one = &f->all[i];
			int r;

			if (one->repair != k)
				continue;
			r = repair_one(d, j, one, &live, now_ms, err);
			if (r < 0 && r != -ENOENT)
				return err_prefix(err, r, "%s/%s", one->place,
				                  one->name);
		}
	}
	return 0;
}

/*
 * Mend what can be mended; what that brings to light (a finished entry
 * leaves its scratch behind) is mended in a second round.  What is left is
 * what a last look finds.
 */
static int
repair_desk(struct desk *d, struct findings *f, int64_t now_ms, struct err *err)
{
	autoclose int lock = desk_own(d, err);
	struct journal j = { .fd = -1 };
	autofindings rest = { 0 };
	autofindings last = { 0 };
	int r = lock < 0 ? lock : journal_open(d, &j, err);

	if (r == 0)
		r = repair_all(d, &j, f, now_ms, err);
	if (r == 0)
		r = inspect_desk(d, now_ms, &rest, err);
	if (r == 0)
		r = repair_all(d, &j, &rest, now_ms, err);
	if (r == 0)
		r = inspect_desk(d, now_ms, &last, err);
	if (r == 0)
		findings_settle(f, &last);
	journal_close(&j);
	return r;
}

int
fsck_desk(struct spool *s, const char *name, bool repair, int64_t now_ms,
          fsck_fn *fn, void *arg, struct err *err)
{
	autofindings places = { 0 };
	autofindings found = { 0 };
	autodesk *d = NULL;
	int left, r = name_ok(name) ? sys_exists(s->agents_fd, name) : 0;

	if (r == 0)
		return err_set(err, -ENOENT, "there is no agent '%s'", name);
	if (r > 0)
		r = inspect_places(s, name, &places);
	if (r < 0)
		return err_sys(err, r, "cannot look at '%s/agents/%s'", s->root,
		               name);
	if (places.n && repair && desk_make(s, name, err) == 0)
		for (size_t i = 0; i < places.n; i++)
			places.all[i].repaired = places.all[i].repair ==
			                         REPAIR_PLACE;
	left = report(&places, name, fn, arg);
	if (left)
		return left; /* the rest can be seen when that is mended */
	r = desk_open(s, name, &d, err);
	if (r == 0)
		r = look(d, now_ms, &found, err);
	if (r == 0 && repair && found.n)
		r = repair_desk(d, &found, now_ms, err);
	/* What was found is told even if mending it failed. */
	left = report(&found, name, fn, arg);
	return r < 0 ? r : left;
}

/* Directories of agents/ that are no desks, or of lanes/ that are no lanes. */
static int
look_at_names(struct spool *s, const char *folder, const char *whose,
              fsck_fn *fn, void *arg)
{
	autofree char *text =
		mem_printf("no %s can have this name; move it away", whose);
	autodir DIR *dir = NULL;
	struct dirent *de;
	int found = 0;
	int r = sys_listdir(s->fd, folder, &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		autofree char *path = mem_printf("%s/%s", folder, de->d_name);
		struct fsck_finding f = { "", "bad-name", path, text, false };

		if (name_ok(de->d_name))
			continue;
		fn(arg, &f);
		found++;
	}
	return r < 0 ? r : found;
}

int
fsck_spool(struct spool *s, bool repair, fsck_fn *fn, void *arg,
           struct err *err)
{
	struct fsck_finding gm = { "", "missing-place", "gm",
		                   "the directory of the orchestrator is "
		                   "missing",
		                   repair };
	int found = 0;
	int r = sys_exists(s->fd, "gm");

	if (r == 0) {
		r = repair ? spool_make(s->root, err) : 0;
		if (r < 0)
			return r;
		fn(arg, &gm);
		found += !repair;
	}
	if (r >= 0)
		r = look_at_names(s, "agents", "agent", fn, arg);
	if (r >= 0) {
		found += r;
		r = look_at_names(s, "lanes", "lane", fn, arg);
	}
	/* There are no lanes where none was ever used. */
	if (r == -ENOENT)
		r = 0;
	return r < 0 ? err_sys(err, r, "cannot look through '%s'", s->root) :
	               found + r;
}

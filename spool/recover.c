#include "spool/recover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/census.h"
#include "spool/correct.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/move.h"
#include "spool/record.h"
#include "spool/result.h"
#include "spool/task.h"

struct recovery {
	struct desk *desk;
	struct journal *journal;
	int64_t now_ms;
	recover_policy_fn *policy;
	void *arg;
	struct recover_count *count;
	struct err *err;
};

static const enum place live_places[] = {
	PLACE_PENDING, PLACE_READY, PLACE_RUNNING, PLACE_SAVING, PLACE_BLOCKED,
};

/* Something of its name that is no result would be in its way for ever. */
static int
clear_the_way(struct recovery *rc, enum place p, const char *id)
{
	int r = sys_exists(rc->desk->at[p], id);

	if (r <= 0)
		return r;
	return inbox_reject(rc->desk, p, id, id,
	                    "this stood where a result belongs", rc->err);
}

static int
finish_if_published(struct recovery *rc, enum place p, const struct entry *e)
{
	static const enum place ends[] = { PLACE_OUTBOX, PLACE_FAILED };

	for (size_t i = 0; i < countof(ends); i++) {
		int r;

		if (!result_is_there(rc->desk, ends[i], e->id)) {
			r = clear_the_way(rc, ends[i], e->id);
			if (r < 0)
				return r;
			continue;
		}
		r = result_finish(rc->desk, rc->journal, p, e, ends[i],
		                  rc->now_ms, rc->err);
		if (r < 0)
			return r;
		rc->count->finished++;
		return 1;
	}
	return 0;
}

/* 1 if the staged result was good and is published. */
static int
publish_if_staged(struct recovery *rc, const struct entry *e)
{
	int r = result_staged(rc->desk, e->id);

	if (r <= 0)
		return r;
	/* A power cut may have torn what was not synced: read it back. */
	r = result_verify(rc->desk, e->id, NULL);
	if (r < 0 && err_class(r) == ERR_REJECT)
		return 0;
	if (r == 0)
		r = result_sync(rc->desk, e->id, rc->err);
	if (r == 0)
		r = result_publish(rc->desk, rc->journal, PLACE_SAVING, e,
		                   rc->now_ms, rc->err);
	if (r < 0)
		return r;
	rc->count->published++;
	return 1;
}

/* It crashed once too often: FAILED(crashed), with what it left behind. */
static int
give_up(struct recovery *rc, const struct entry *e, const struct record *rec)
{
	struct ending end = { .outcome = OUT_FAILED,
		              .reason = "crashed",
		              .failure = "crashed",
		              .message = rec->message,
		              .exit = -1,
		              .first_started_ms = rec->first_started_ms,
		              .ended_ms = rc->now_ms };
	autotask t = TASK_INIT;
	char name[ENTRY_NAME_MAX];
	int r = record_origin(rc->desk, PLACE_SAVING, e, rec, &end.uid,
	                      &end.admitted_ms);

	/* Unreadable is no obstacle: it goes as it is. */
	if (r == 0 && task_open(rc->desk->at[PLACE_SAVING],
	                        entry_format(e, name), &t, NULL) < 0)
		task_default(&t);
	if (r == 0)
		r = result_stage_anyway(rc->desk, PLACE_SAVING, e, &t, &end,
		                        rc->now_ms, rc->err);
	if (r == 0)
		r = result_sync(rc->desk, e->id, rc->err);
	if (r == 0)
		r = result_publish(rc->desk, rc->journal, PLACE_SAVING, e,
		                   rc->now_ms, rc->err);
	return r;
}

static int
block(struct recovery *rc, const struct entry *e, const struct record *rec)
{
	struct move m = { .from = PLACE_SAVING,
		          .to = PLACE_BLOCKED,
		          .reason = state_reason_name(BLOCK_CRASHED),
		          .why = rec->message,
		          .until_ms = rec->until_ms };
	struct entry moved = *e;
	int r = result_discard(rc->desk, e->id);

	if (r == 0)
		r = record_write(rc->desk, e->id, rec);
	return r < 0 ? r :
	               move_task(rc->desk, rc->journal, &m, &moved, rc->now_ms);
}

/*
 * Its worker is dead: what it had of work/ID is taken back before anything is
 * written there.  From saving/ on, all of that is ours.
 */
static int
to_saving(struct recovery *rc, const struct entry *e)
{
	struct move m = { .from = PLACE_RUNNING,
		          .to = PLACE_SAVING,
		          .reason = "recovery",
		          .why = "its worker is gone" };
	struct entry moved = *e;
	int r = result_reclaim(rc->desk, e->id);

	return r < 0 ? r :
	               move_task(rc->desk, rc->journal, &m, &moved, rc->now_ms);
}

static int
block_crashed(struct recovery *rc, enum place p, const struct entry *e)
{
	struct record rec;
	int r = p == PLACE_RUNNING ? to_saving(rc, e) : 0;

	if (r == 0) {
		record_read(rc->desk, e->id, &rec);
		rc->count->crashed++;
		if (rc->policy(rc->arg, e, &rec))
			return give_up(rc, e, &rec);
		r = block(rc, e, &rec);
	}
	return r < 0 ? err_sys(rc->err, r, "cannot recover '%s/%s'",
	                       rc->desk->name, e->id) :
	               0;
}

static int
recover_entry(struct recovery *rc, enum place p, const char *name)
{
	struct entry e;
	int r;

	if (entry_parse(name, &e) < 0)
		return inbox_reject(
			rc->desk, p, name, name,
			"this is not the name of a task, so nothing "
			"can be done with it here; drop tasks into "
			"inbox/",
			rc->err);
	r = finish_if_published(rc, p, &e);
	if (r == 0 && p == PLACE_SAVING)
		r = publish_if_staged(rc, &e);
	if (r == 0 && (p == PLACE_SAVING || p == PLACE_RUNNING))
		r = block_crashed(rc, p, &e);
	return r < 0 ? r : 0;
}

static int
recover_place(struct recovery *rc, enum place p)
{
	char **names = NULL;
	int r = find_list(rc->desk, p, &names);

	if (r < 0)
		return err_sys(rc->err, r, "cannot read '%s/%s'",
		               rc->desk->name, desk_place_name(p));
	for (char **at = names; *at && r == 0; at++)
		r = recover_entry(rc, p, *at);
	keys_free_list(names);
	return r;
}

/* The ids of tasks in admit/ that begin again: their scratch is needed. */
static int
note_beginning(const struct desk *d, struct strset *ids)
{
	char **names = NULL;
	int r = find_list(d, PLACE_ADMIT, &names);

	for (char **at = names; r == 0 && *at; at++) {
		struct entry e;

		if (entry_parse(*at + 1, &e) == 0)
			(void)strset_add(ids, e.id);
	}
	keys_free_list(names);
	return r;
}

/* Scratch of tasks that are in no live place and on no way into one. */
static int
clean_work(struct recovery *rc)
{
	autostrset live = STRSET_INIT;
	char **names = NULL;
	int r = census_take(rc->desk, &live);

	if (r == 0)
		r = note_beginning(rc->desk, &live);
	if (r == 0)
		r = find_list(rc->desk, PLACE_WORK, &names);
	for (char **p = names; r == 0 && *p; p++) {
		if (strset_has(&live, *p))
			continue;
		r = result_clean(rc->desk, *p);
		rc->count->cleaned++;
	}
	keys_free_list(names);
	return r < 0 ? err_sys(rc->err, r, "cannot clean '%s/work'",
	                       rc->desk->name) :
	               0;
}

int
recover_desk(struct desk *d, struct journal *j, int64_t now_ms,
             recover_policy_fn *policy, void *arg, struct recover_count *count,
             struct err *err)
{
	struct recovery rc = { d, j, now_ms, policy, arg, count, err };
	int r = 0;

	*count = (struct recover_count){ 0 };
	for (size_t i = 0; i < countof(live_places) && r == 0; i++)
		r = recover_place(&rc, live_places[i]);
	if (r == 0)
		r = correct_journal(d, j, now_ms, &count->corrected, err);
	if (r == 0)
		r = clean_work(&rc);
	return r;
}

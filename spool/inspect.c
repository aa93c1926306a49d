#include "spool/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/census.h"
#include "spool/correct.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/inspect_asked.h"
#include "spool/journal.h"
#include "spool/result.h"
#include "spool/retain.h"
#include "spool/session.h"

#define PRIVATE_OLD_S 3600

struct seen {
	struct entry entry;
	enum place place;
};

struct look {
	const struct desk *desk;
	int64_t now_ms;
	struct findings *out;
	struct seen *live; /* every well-named live entry */
	size_t nlive, live_cap;
	struct strset ids;       /* of live tasks, tagged by census_take() */
	struct strset beginning; /* of failed ones that begin again */
};

/* They need not be there. */
static int
look_at_sessions(const struct spool *s, const char *name, struct findings *out)
{
	static const char *const dirs[] = { SESSION_DIR, SESSIONS_DIR };

	for (size_t i = 0; i < countof(dirs); i++) {
		autofree char *path = mem_printf("%s/%s", name, dirs[i]);
		struct stat st;
		int r = sys_stat(s->agents_fd, path, &st);

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && !S_ISDIR(st.st_mode))
			findings_add(out, "not-a-directory", REPAIR_NONE,
			             dirs[i], "",
			             "this must be a directory; move it away");
	}
	return 0;
}

int
inspect_places(const struct spool *s, const char *name, struct findings *out)
{
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++) {
		autofree char *path =
			mem_printf("%s/%s", name, desk_place_name(p));
		struct stat st;
		int r = sys_stat(s->agents_fd, path, &st);

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT)
			findings_add(out, "missing-place", REPAIR_PLACE,
			             desk_place_name(p), "",
			             "the directory is missing");
		else if (!S_ISDIR(st.st_mode))
			findings_add(out, "not-a-directory", REPAIR_NONE,
			             desk_place_name(p), "",
			             "this must be a directory; move it away");
	}
	return look_at_sessions(s, name, out);
}

static void
look_at_entry(struct look *lk, enum place p, const char *name)
{
	const char *place = desk_place_name(p);
	struct entry e;
	struct stat st;

	if (sys_stat(lk->desk->at[p], name, &st) < 0)
		return; /* moved on meanwhile */
	if (entry_parse(name, &e) < 0) {
		findings_add(lk->out, "bad-name", REPAIR_PUT_ASIDE, place, name,
		             "this is not the name of a task; drop tasks into "
		             "inbox/");
		return;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		findings_add(
			lk->out, "bad-type", REPAIR_PUT_ASIDE, place, name,
			"a task is a file or a directory, this is neither");
		return;
	}
	mem_room(&lk->live, lk->nlive, &lk->live_cap, sizeof(*lk->live));
	lk->live[lk->nlive++] = (struct seen){ e, p };
	if (sys_exists(lk->desk->at[PLACE_OUTBOX], e.id) == 1 ||
	    sys_exists(lk->desk->at[PLACE_FAILED], e.id) == 1)
		findings_add(lk->out, "ended-but-live", REPAIR_FINISH, place,
		             name,
		             "its result is published already; the agent lets "
		             "it go at its next start");
}

/* Call `fn` for each name in a place that is not private. */
static int
each(struct look *lk, enum place p,
     void (*fn)(struct look *lk, enum place p, const char *name))
{
	char **names = NULL;
	int r = lk->desk->at[p] < 0 ? 0 : find_list(lk->desk, p, &names);

	for (char **at = names; r == 0 && at && *at; at++)
		fn(lk, p, *at);
	keys_free_list(names);
	return r;
}

/* Of several with one id the one that has come furthest is first. */
static int
by_id(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int r = strcmp(x->entry.id, y->entry.id);

	if (r == 0)
		r = (int)y->entry.attempts - (int)x->entry.attempts;
	return r ? r : (int)y->place - (int)x->place;
}

static int
by_seq(const void *a, const void *b)
{
	uint64_t x = ((const struct seen *)a)->entry.seq;
	uint64_t y = ((const struct seen *)b)->entry.seq;

	return x < y ? -1 : x > y;
}

/* Guarantees over all entries: one place an id, one entry a number, … */
static void
compare_entries(struct look *lk)
{
	char name[ENTRY_NAME_MAX];
	size_t running = 0;

	if (!lk->nlive)
		return;
	qsort(lk->live, lk->nlive, sizeof(*lk->live), by_id);
	for (size_t i = 0; i < lk->nlive; i++) {
		const struct seen *s = &lk->live[i];

		running += s->place == PLACE_RUNNING;
		if (i && strcmp(s->entry.id, s[-1].entry.id) == 0)
			findings_add(lk->out, "two-places", REPAIR_PUT_ASIDE,
			             desk_place_name(s->place),
			             entry_format(&s->entry, name),
			             "the same task is in %s/, too",
			             desk_place_name(s[-1].place));
	}
	if (running > 1)
		findings_add(lk->out, "two-running", REPAIR_NONE, "running", "",
		             "%zu tasks are in running/; there may be one",
		             running);
	qsort(lk->live, lk->nlive, sizeof(*lk->live), by_seq);
	for (size_t i = 1; i < lk->nlive; i++)
		if (lk->live[i].entry.seq == lk->live[i - 1].entry.seq &&
		    strcmp(lk->live[i].entry.id, lk->live[i - 1].entry.id) != 0)
			findings_add(lk->out, "same-sequence", REPAIR_NONE,
			             desk_place_name(lk->live[i].place),
			             entry_format(&lk->live[i].entry, name),
			             "'%s' has the same sequence number; the "
			             "order of the two is not defined",
			             lk->live[i - 1].entry.id);
}

/* Does result.json tell of this id, and belong into this place? */
static void
look_inside_result(struct look *lk, enum place p, const char *id)
{
	const char *place = desk_place_name(p);
	autojson *result = NULL;
	struct err err = { "" };
	enum outcome o;
	int r = result_read(lk->desk, p, id, &result, &err);

	if (r == -ENOENT && sys_exists(lk->desk->at[p], id) == 0)
		return; /* begun again meanwhile */
	if (r < 0) {
		/* What could not be read this time is not moved. */
		findings_add(lk->out, "bad-result",
		             err_class(r) == ERR_REJECT ? REPAIR_PUT_ASIDE :
		                                          REPAIR_NONE,
		             place, id, "%s", err.text);
		return;
	}
	o = state_outcome_parse(json_str(json_get(result, "state"), NULL));
	if (strcmp(json_str(json_get(result, "id"), ""), id) != 0)
		findings_add(lk->out, "wrong-id", REPAIR_PUT_ASIDE, place, id,
		             "its result.json tells of another task");
	else if (o == OUT_NONE || (o == OUT_COMPLETED) != (p == PLACE_OUTBOX))
		findings_add(lk->out, "wrong-place", REPAIR_PUT_ASIDE, place,
		             id,
		             "its result.json says %s, which does not "
		             "belong here",
		             o ? state_outcome_name(o) : "nothing");
	else if (result_check(lk->desk, p, id, &err) == -EBADMSG)
		findings_add(lk->out, "bad-manifest", REPAIR_PUT_ASIDE, place,
		             id, "%s", err.text);
}

static void
look_at_result(struct look *lk, enum place p, const char *name)
{
	if (!name_ok(name)) {
		findings_add(lk->out, "bad-name", REPAIR_PUT_ASIDE,
		             desk_place_name(p), name,
		             "this is not the name of a result");
		return;
	}
	look_inside_result(lk, p, name);
	if (p == PLACE_FAILED &&
	    sys_exists(lk->desk->at[PLACE_OUTBOX], name) == 1)
		findings_add(lk->out, "two-results", REPAIR_NONE,
		             desk_place_name(p), name,
		             "there is a COMPLETED result of the same task in "
		             "outbox/");
}

/* "=ENTRY" is a failed task that begins again: its scratch is needed. */
static void
look_at_claimed(struct look *lk, enum place p, const char *name)
{
	struct entry e;

	if (name[0] == '=' && entry_parse(name + 1, &e) == 0)
		(void)strset_add(&lk->beginning, e.id);
	else if (name[0] == RETAIN_MARK && name_ok(name + 1))
		findings_add(lk->out, "stale-result", REPAIR_REMOVE,
		             desk_place_name(p), name,
		             "a result that was being removed; the agent goes "
		             "on with that at its next start");
	else if (!inbox_dropped_name(name))
		findings_add(lk->out, "unknown", REPAIR_PUT_ASIDE,
		             desk_place_name(p), name,
		             "nothing of spoolhand's has such a name here");
}

static void
look_at_work(struct look *lk, enum place p, const char *name)
{
	if (!strset_has(&lk->ids, name) && !strset_has(&lk->beginning, name))
		findings_add(lk->out, "stale-work", REPAIR_REMOVE,
		             desk_place_name(p), name,
		             "scratch of a task that is not live; the agent "
		             "removes it at its next start");
}

static void
look_at_reject(struct look *lk, enum place p, const char *name)
{
	autofree char *why = mem_printf("%s.why", name);
	autofree char *what = mem_dup(name);
	struct stat st;

	if (str_ends(name, ".why") &&
	    sys_stat(lk->desk->at[p], name, &st) == 0 && S_ISREG(st.st_mode)) {
		what[strlen(what) - strlen(".why")] = '\0';
		if (sys_exists(lk->desk->at[p], what) == 0)
			findings_add(lk->out, "reason-alone", REPAIR_REMOVE,
			             desk_place_name(p), name,
			             "what it gives the reason for is gone");
	} else if (sys_exists(lk->desk->at[p], why) == 0) {
		findings_add(lk->out, "no-reason", REPAIR_REASON,
		             desk_place_name(p), name,
		             "it has no '.why' to say why it was rejected");
	}
}

/*
 * Private files of ours whose writer died.  Other dot names are left alone:
 * people build their drops under them.
 */
static int
look_at_private(struct look *lk, enum place p)
{
	int fd = lk->desk->at[p];
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = sys_listdir(fd, ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0) {
		struct stat st;

		if (!inbox_is_leftover(de->d_name) ||
		    sys_stat(fd, de->d_name, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (lk->now_ms / 1000 - st.st_ctim.tv_sec > PRIVATE_OLD_S)
			findings_add(lk->out, "stale-private", REPAIR_REMOVE,
			             desk_place_name(p), de->d_name,
			             "a private file that nobody has finished "
			             "for an hour");
	}
	return r;
}

struct numbers {
	struct look *look;
	int64_t last;
};

static int
check_number(void *arg, const struct json *line, int64_t offset)
{
	struct numbers *ns = arg;
	int64_t n = json_int(json_get(line, "n"), 0);

	if (ns->last && n != ns->last + 1)
		findings_add(ns->look->out, "journal-gap", REPAIR_NONE, "",
		             DESK_JOURNAL,
		             "line %" PRId64 " follows %" PRId64
		             " (at byte %" PRId64 "): lines are missing",
		             n, ns->last, offset);
	ns->last = n;
	return 0;
}

static int
look_at_journal(struct look *lk)
{
	struct numbers ns = { .look = lk };
	autostrset told = STRSET_INIT;
	const char *id;
	size_t at = 0;
	int r = journal_read(lk->desk, 0, check_number, &ns);

	if (r == 0)
		r = correct_memory(lk->desk, &told);
	while (r == 0 && (id = strset_next(&told, &at))) {
		enum task_state is = census_state(lk->desk, &lk->ids, id);

		if (!correct_agrees(strset_get(&told, id), is))
			findings_add(lk->out, "journal-differs", REPAIR_JOURNAL,
			             "", id,
			             "the journal does not say that the task "
			             "is %s",
			             is ? state_name(is) : "gone");
	}
	for (size_t i = 0; r == 0 && i < lk->nlive; i++)
		if (!strset_has(&told, lk->live[i].entry.id))
			findings_add(lk->out, "not-in-journal", REPAIR_JOURNAL,
			             "", lk->live[i].entry.id,
			             "the journal knows nothing of this task");
	return r;
}

static int
look_everywhere(struct look *lk)
{
	int r = census_take(lk->desk, &lk->ids);

	for (enum place p = PLACE_NONE + 1; p < PLACE_N && r == 0; p++)
		if (desk_place_live(p))
			r = each(lk, p, look_at_entry);
	compare_entries(lk);
	if (r == 0)
		r = each(lk, PLACE_OUTBOX, look_at_result);
	if (r == 0)
		r = each(lk, PLACE_FAILED, look_at_result);
	if (r == 0)
		r = each(lk, PLACE_ADMIT, look_at_claimed);
	if (r == 0)
		r = each(lk, PLACE_WORK, look_at_work);
	if (r == 0)
		r = each(lk, PLACE_REJECTED, look_at_reject);
	if (r == 0)
		r = look_at_private(lk, PLACE_INBOX);
	if (r == 0)
		r = look_at_private(lk, PLACE_REQUESTS);
	if (r == 0)
		r = look_at_private(lk, PLACE_REJECTED);
	if (r == 0)
		r = look_at_private(lk, PLACE_ANSWERS);
	if (r == 0)
		r = look_at_private(lk, PLACE_QUESTIONS);
	if (r == 0)
		r = inspect_asked(lk->desk, &lk->ids, lk->out);
	return r == 0 ? look_at_journal(lk) : r;
}

int
inspect_desk(const struct desk *d, int64_t now_ms, struct findings *out,
             struct err *err)
{
	struct look lk = { .desk = d, .now_ms = now_ms, .out = out };
	int r = look_everywhere(&lk);

	free(lk.live);
	strset_done(&lk.ids);
	strset_done(&lk.beginning);
	return r < 0 ? err_sys(err, r, "cannot look through the desk of '%s'",
	                       d->name) :
	               0;
}

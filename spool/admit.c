#include "spool/admit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/fileinput.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/inputs.h"
#include "spool/record.h"
#include "spool/seal.h"
#include "spool/treecopy.h"

#define ID_TRIES 64

static bool
taken(const struct desk *d, const struct admit_rules *rules, const char *id)
{
	return strset_has(rules->live_ids, id) ||
	       sys_exists(d->at[PLACE_OUTBOX], id) != 0 ||
	       sys_exists(d->at[PLACE_FAILED], id) != 0;
}

/* Was it dropped by drop.c, which has synced it before it had this name? */
static bool
synced_before(const char *dropped)
{
	return strspn(dropped, "0123456789") == 19 && dropped[19] == '.';
}

/* An id from the name of the drop: "-2", "-3" … if it is taken. */
static char *
derive_id(const struct desk *d, const struct admit_rules *rules,
          const char *dropped, uint64_t seq)
{
	autofree char *base = find_drop_id(dropped);

	for (int i = 1; i < ID_TRIES; i++) {
		autofree char *try = i == 1 ? mem_dup(base) :
		                              mem_printf("%.120s-%d", base, i);

		if (!taken(d, rules, try))
			return take_ptr(try);
	}
	return mem_printf("%.100s-s%" PRIu64, base, seq);
}

/* The digest of the task that has this id, wherever it is. */
static int
digest_of_taken(const struct desk *d, const char *id, char *hex,
                const char **where)
{
	autotask t = TASK_INIT;
	autofree char *path = NULL;
	struct found f;
	int r = find_admitted(d, id, &f);

	if (r < 0)
		return r;
	path = f.place == PLACE_OUTBOX || f.place == PLACE_FAILED ?
	               mem_printf("%s/task", f.name) :
	               mem_dup(f.name);
	*where = desk_place_name(f.place);
	r = task_open(d->at[f.place], path, &t, NULL);
	return r < 0 ? r : task_digest(d->at[f.place], path, &t, hex);
}

/* The same task again, or another one with its id? */
static enum admit_verdict
judge_taken(const struct desk *d, const char *claimed, struct admitted *out)
{
	char mine[DIGEST_TEXT_MAX], theirs[DIGEST_TEXT_MAX];
	const char *where = "?";
	int r = task_digest(d->at[PLACE_ADMIT], claimed, &out->task, mine);

	if (r == 0)
		r = digest_of_taken(d, out->task.id, theirs, &where);
	if (r == 0 && strcmp(mine, theirs) == 0) {
		(void)snprintf(out->why, sizeof(out->why),
		               "the same task is in %s/ already", where);
		return ADMIT_DUPLICATE;
	}
	(void)snprintf(out->why, sizeof(out->why),
	               "id '%s' is taken by other content (in %s/); give "
	               "another id, or none",
	               out->task.id, where);
	return ADMIT_REJECTED;
}

/* Refs to desks that do not exist would be waited for for ever. */
static int
check_agents(const struct desk *d, const struct task *t, struct err *err)
{
	char **refs = inputs_refs(t);
	int r = 0;

	for (char **p = refs; r == 0 && *p; p++) {
		autofree char *agent = mem_dupn(*p, strcspn(*p, "/"));

		if (sys_exists(d->spool->agents_fd, agent) == 0)
			r = err_set(err, -EBADMSG,
			            "it waits for '%s', but there is no agent "
			            "'%s'",
			            *p, agent);
	}
	keys_free_list(refs);
	return r;
}

/* The agent would read files for whoever asks, with its own rights. */
static int
check_files(const struct desk *d, const char *claimed, const struct task *t,
            struct err *err)
{
	int64_t uid = -1;
	struct stat st;
	int r;

	(void)inbox_parse_claimed(claimed, NULL, &uid);
	for (char **p = t->inputs; p && *p; p++) {
		if (!fileinput_is(*p))
			continue;
		r = sys_stat(d->at[PLACE_ADMIT], claimed, &st);
		if (r < 0)
			return err_sys(err, r, "cannot look at the drop");
		if (uid < 0)
			uid = (int64_t)st.st_uid;
		if (uid == 0 || uid == (int64_t)geteuid())
			return 0;
		return err_set(err, -EBADMSG,
		               "input '%s' is a file that the agent would read "
		               "with its own rights, and so only its own user "
		               "or root may ask for; put a copy beside the "
		               "task, as an attachment",
		               *p);
	}
	return 0;
}

/* Would it wait for itself, under the id that it has or was given? */
static bool
waits_for_itself(const struct desk *d, const struct task *t)
{
	autofree char *self = mem_printf("%s/%s", d->name, t->id);
	char **refs = inputs_refs(t);
	bool found = false;

	for (char **p = refs; *p && !found; p++)
		found = strcmp(*p, self) == 0;
	keys_free_list(refs);
	return found;
}

/* Its time of modification says from now on when it was admitted. */
static int
stamp(struct desk *d, const char *claimed, const struct task *t, int64_t now_ms)
{
	autoclose int dir = -1;

	if (t->directory) {
		dir = sys_opendir(d->at[PLACE_ADMIT], claimed);
		if (dir < 0)
			return dir;
	}
	return sys_set_mtime(t->directory ? dir : t->fd,
	                     now_ms * CLOCK_NS_PER_MS);
}

static int
enter(struct desk *d, struct journal *j, const char *claimed,
      const struct journal_line *line, const struct entry *e, bool synced,
      int64_t now_ms)
{
	char name[ENTRY_NAME_MAX];
	int r = journal_write(j, now_ms, line);

	if (r == 0)
		r = sys_rename(d->at[PLACE_ADMIT], claimed,
		               d->at[PLACE_PENDING], entry_format(e, name));
	/* A hand drop becomes a promise here. */
	if (r == 0 && !synced && d->spool->durable)
		r = sys_fsync(d->at[PLACE_PENDING]);
	return r;
}

/* It will be a task: give it its entry. */
static int
take_in(struct desk *d, struct journal *j, const char *claimed,
        const char *dropped, int64_t uid, int64_t now_ms, struct admitted *out)
{
	struct journal_line line = JOURNAL_LINE;
	struct record rec = RECORD_INIT;
	struct stat st;
	bool synced = synced_before(dropped);
	int r = sys_stat(d->at[PLACE_ADMIT], claimed, &st);

	if (r == 0 && uid >= 0) {
		rec.uid = uid;
		r = record_write(d, out->entry.id, &rec);
	}
	if (r == 0 && !synced && d->spool->durable)
		r = treecopy_sync(d->at[PLACE_ADMIT], claimed, NULL);
	if (r == 0)
		r = stamp(d, claimed, &out->task, now_ms);
	if (r < 0)
		return r;
	line.ev = "admit";
	line.entry = &out->entry;
	line.to = state_name(TASK_PENDING);
	line.why = dropped;
	line.uid = uid >= 0 ? uid : (int64_t)st.st_uid;
	line.trace = out->task.trace;
	r = enter(d, j, claimed, &line, &out->entry, synced, now_ms);
	return r < 0 ? r : ADMIT_TAKEN;
}

static int
turn_away(struct desk *d, struct journal *j, const char *claimed,
          const char *dropped, enum admit_verdict verdict, int64_t now_ms,
          struct admitted *out, struct err *err)
{
	struct journal_line line = JOURNAL_LINE;
	autofree char *id = out->task.id ? mem_dup(out->task.id) :
	                                   find_drop_id(dropped);
	int r;

	if (verdict == ADMIT_DUPLICATE)
		r = sys_remove_tree(d->at[PLACE_ADMIT], claimed);
	else
		r = inbox_reject(d, PLACE_ADMIT, claimed, dropped, out->why,
		                 err);
	if (r < 0)
		return r;
	line.ev = verdict == ADMIT_DUPLICATE ? "duplicate" : "reject";
	line.id = id;
	line.why = out->why;
	(void)journal_write(j, now_ms, &line);
	return verdict;
}

/* Everything that can be wrong with the content: -EBADMSG and the reason. */
static int
read_claimed(struct desk *d, char *claimed, const struct admit_rules *rules,
             struct admitted *out, struct err *err)
{
	int r = seal_claimed(d, claimed, rules->max_bytes, err);

	if (r == 0)
		r = task_open_as(d->at[PLACE_ADMIT], claimed,
		                 inbox_dropped_name(claimed), &out->task, err);
	if (r == 0)
		r = check_agents(d, &out->task, err);
	if (r == 0)
		r = check_files(d, claimed, &out->task, err);
	return r;
}

/* A sound task, given an id if it has none: an admit_verdict, or -errno. */
static int
judge(const struct desk *d, const char *claimed, const char *dropped,
      uint64_t seq, const struct admit_rules *rules, struct admitted *out,
      struct err *err)
{
	struct task *t = &out->task;
	struct err why = { "" };
	int r;

	if (t->id && taken(d, rules, t->id) &&
	    !(rules->forget &&
	      rules->forget(rules->arg, t->id, synced_before(dropped))))
		return judge_taken(d, claimed, out);
	if (!t->id)
		t->id = derive_id(d, rules, dropped, seq);
	if (waits_for_itself(d, t)) {
		(void)snprintf(out->why, sizeof(out->why),
		               "it waits for itself");
		return ADMIT_REJECTED;
	}
	r = rules->make_room ? rules->make_room(rules->arg, t, &why) : 0;
	if (r == -EBUSY) {
		(void)snprintf(out->why, sizeof(out->why), "%.511s", why.text);
		return ADMIT_REJECTED;
	}
	return r < 0 ? err_set(err, r, "%s", why.text) : ADMIT_TAKEN;
}

int
admit_claimed(struct desk *d, struct journal *j, const char *claimed_as,
              uint64_t seq, const struct admit_rules *rules, int64_t now_ms,
              struct admitted *out, struct err *err)
{
	enum admit_verdict verdict;
	char claimed[INBOX_CLAIMED_MAX];
	const char *dropped;
	struct err why = { "" };
	int64_t uid = -1;
	int r;

	*out = (struct admitted){ .task = TASK_INIT };
	(void)snprintf(claimed, sizeof(claimed), "%s", claimed_as);
	r = read_claimed(d, claimed, rules, out, &why);
	dropped = inbox_parse_claimed(claimed, NULL, &uid);
	/* A lease on it: its owner's doing, who shall not hold up the rest. */
	if (r == -EAGAIN)
		r = -EBADMSG;
	if (r < 0 && err_class(r) != ERR_REJECT)
		return err_set(err, r, "%s", why.text);
	if (r < 0 || !dropped) {
		(void)snprintf(out->why, sizeof(out->why), "%.511s", why.text);
		return turn_away(d, j, claimed, dropped ? dropped : claimed,
		                 ADMIT_REJECTED, now_ms, out, err);
	}
	r = judge(d, claimed, dropped, seq, rules, out, err);
	if (r < 0)
		return r;
	verdict = (enum admit_verdict)r;
	if (verdict != ADMIT_TAKEN)
		return turn_away(d, j, claimed, dropped, verdict, now_ms, out,
		                 err);
	out->entry.cls = task_class_of(&out->task);
	out->entry.seq = seq;
	(void)snprintf(out->entry.id, sizeof(out->entry.id), "%s",
	               out->task.id);
	r = take_in(d, j, claimed, dropped, uid, now_ms, out);
	if (r < 0)
		return err_sys(err, r, "cannot admit '%s'", out->entry.id);
	return r;
}

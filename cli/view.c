#include "cli/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "spool/inbox.h"
#include "spool/record.h"
#include "spool/result.h"
#include "spool/task.h"

#define WHY_MAX      65536
#define WHY_ENDING   ".why"
#define JOURNAL_TAIL (256 * 1024)
#define QUARANTINE   "gm/quarantine/%s"
#define COUNT_TRIES  5

static char *
dup_text(const char *text)
{
	return text && *text ? mem_dup(text) : NULL;
}

void
view_task_done(struct view_task *v)
{
	free(v->agent);
	free(v->id);
	free(v->title);
	free(v->reason);
	free(v->message);
	*v = (struct view_task){ 0 };
}

int64_t
view_moved_ns(const struct desk *d, enum place p, const char *name)
{
	struct stat st;

	if (sys_stat(d->at[p], name, &st) < 0)
		return 0;
	return (int64_t)st.st_ctim.tv_sec * CLOCK_NS_PER_S + st.st_ctim.tv_nsec;
}

static void
look_at_blocked(const struct desk *d, struct view_task *v)
{
	struct record rec;

	record_read(d, v->id, &rec);
	if (rec.reason)
		v->reason = mem_dup(state_reason_name(rec.reason));
	v->message = dup_text(rec.message);
	v->until_ms = rec.until_ms;
}

/* Its agent looks at this again only after a while. */
static bool
has_written_since(const struct desk *d, const char *id, int64_t wall_ms)
{
	static const char *const outputs[] = { "stdout", "stderr" };

	for (size_t i = 0; i < countof(outputs); i++) {
		autofree char *path = mem_printf("%s/%s", id, outputs[i]);
		struct stat st;

		if (sys_stat(d->at[PLACE_WORK], path, &st) == 0 &&
		    (int64_t)st.st_mtim.tv_sec * 1000 +
		                    st.st_mtim.tv_nsec / CLOCK_NS_PER_MS >
		            wall_ms)
			return true;
	}
	return false;
}

static void
look_at_running(const struct desk *d, const char *name, struct view_task *v)
{
	struct progress *p = &v->progress;

	if (v->place == PLACE_RUNNING)
		v->started_ms =
			view_moved_ns(d, v->place, name) / CLOCK_NS_PER_MS;
	/* A report from before the start is of an earlier attempt. */
	if (progress_read(d, v->id, p) < 0 ||
	    (p->updated_ms < v->started_ms && p->stalled_ms < v->started_ms))
		*p = (struct progress){ .phase = PHASE_WORKING };
	if (p->stalled_ms && has_written_since(d, v->id, p->stalled_ms))
		p->stalled_ms = p->quiet_ms = 0;
	/* The worker has ended, whatever its last report was. */
	if (v->place == PLACE_SAVING && p->phase < PHASE_SAVING) {
		p->phase = PHASE_SAVING;
		p->percent = progress_band(p->phase, 0);
	}
}

static enum task_class
class_of(const char *name)
{
	if (strcmp(name, entry_class_name(CLASS_HIGH)) == 0)
		return CLASS_HIGH;
	if (strcmp(name, entry_class_name(CLASS_LOW)) == 0)
		return CLASS_LOW;
	return CLASS_MEDIUM;
}

/* What clock_format() has written; 0 if it is no such time. */
static int64_t
time_of(const struct json *text)
{
	struct tm tm = { 0 };
	int ms = 0;

	if (sscanf(json_str(text, ""), "%d-%d-%dT%d:%d:%d.%3dZ", &tm.tm_year,
	           &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	           &ms) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

/* What result.json says; an unreadable one is for fsck to complain about. */
static void
look_at_ended(const struct desk *d, struct view_task *v)
{
	autojson *result = NULL;
	const struct json *times;
	enum outcome outcome;

	if (result_read(d, v->place, v->id, &result, NULL) < 0)
		return;
	times = json_get(result, "times");
	outcome =
		state_outcome_parse(json_str(json_get(result, "state"), NULL));
	if (outcome)
		v->state = state_outcome_name(outcome);
	v->reason = dup_text(json_str(json_get(result, "reason"), NULL));
	v->message = dup_text(json_str(json_get(result, "message"), NULL));
	v->title = dup_text(json_str(json_get(result, "title"), NULL));
	v->entry.attempts = (unsigned)json_int(json_get(result, "attempts"), 0);
	v->entry.seq = (uint64_t)json_int(json_get(result, "seq"), 0);
	v->entry.cls =
		class_of(json_str(json_get(result, "priority"), "medium"));
	v->admitted_ms = time_of(json_get(times, "admitted"));
	v->started_ms = time_of(json_get(times, "started"));
	v->ended_ms = time_of(json_get(times, "ended"));
}

static void
look_at_rejected(const struct desk *d, const char *name, struct view_task *v)
{
	autofree char *file = mem_printf("%s" WHY_ENDING, name);
	autostr text = STR_INIT;

	v->state = "REJECTED";
	(void)sys_read_file(d->at[PLACE_REJECTED], file, WHY_MAX, &text);
	if (text.len)
		text.data[strcspn(text.data, "\n")] = '\0';
	v->message = dup_text(str_text(&text));
}

char *
view_entry_id(enum place p, const char *name, struct entry *e)
{
	const char *dropped = name;

	if (name[0] == '.')
		return NULL;
	if (desk_place_live(p))
		return entry_parse(name, e) < 0 ? NULL : mem_dup(e->id);
	if (p == PLACE_OUTBOX || p == PLACE_FAILED)
		return name_ok(name) ? mem_dup(name) : NULL;
	if (p == PLACE_ADMIT)
		dropped = inbox_dropped_name(name);
	if (!dropped || (p == PLACE_INBOX && name_is_private(dropped)))
		return NULL;
	if (p == PLACE_REJECTED && str_ends(name, WHY_ENDING))
		return NULL;
	return find_drop_id(dropped);
}

int
view_entry(const struct desk *d, enum place p, const char *name,
           struct view_task *out)
{
	struct view_task v = { .place = p, .state = "DROPPED" };

	v.id = view_entry_id(p, name, &v.entry);
	if (!v.id)
		return -EBADMSG;
	v.agent = mem_dup(d->name);
	if (desk_place_state(p))
		v.state = state_name(desk_place_state(p));
	if (p == PLACE_BLOCKED)
		look_at_blocked(d, &v);
	else if (p == PLACE_RUNNING || p == PLACE_SAVING)
		look_at_running(d, name, &v);
	else if (p == PLACE_OUTBOX || p == PLACE_FAILED)
		look_at_ended(d, &v);
	else if (p == PLACE_REJECTED)
		look_at_rejected(d, name, &v);
	*out = v;
	return 0;
}

/* Live tasks and drops; with a result it has been read already. */
static void
read_title(const struct desk *d, const char *name, struct view_task *v)
{
	autotask t = TASK_INIT;

	if (v->place == PLACE_OUTBOX || v->place == PLACE_FAILED)
		return;
	if (task_open(d->at[v->place], name, &t, NULL) == 0)
		v->title = dup_text(t.title);
}

int
view_found(const struct desk *d, const struct found *f, struct view_task *out)
{
	int r = view_entry(d, f->place, f->name, out);

	if (r == 0)
		read_title(d, f->name, out);
	return r;
}

static int
note_times(void *arg, const struct json *line, int64_t offset)
{
	struct view_task *v = arg;
	int64_t t = json_int(json_get(line, "t"), 0);

	(void)offset;
	if (strcmp(json_str(json_get(line, "id"), ""), v->id) != 0)
		return 0;
	if (strcmp(json_str(json_get(line, "ev"), ""), "admit") == 0)
		v->admitted_ms = t;
	if (strcmp(json_str(json_get(line, "ev"), ""), "move") == 0 &&
	    strcmp(json_str(json_get(line, "to"), ""), "RUNNING") == 0)
		v->started_ms = t;
	return 0;
}

/* The times of a live task, as far as the end of the journal has them. */
static void
read_times(const struct desk *d, struct view_task *v)
{
	int64_t from = journal_size(d) - JOURNAL_TAIL;

	if (desk_place_live(v->place))
		(void)journal_read(d, from > 0 ? from : 0, note_times, v);
}

void
view_times(struct spool *s, struct view_task *v)
{
	autodesk *d = NULL;

	if (desk_open(s, v->agent, &d, NULL) == 0)
		read_times(d, v);
}

int
view_task(struct spool *s, const char *agent, const char *id,
          struct view_task *out, struct err *err)
{
	autodesk *d = NULL;
	struct found found;
	int r = desk_open(s, agent, &d, err);

	if (r < 0)
		return r;
	r = find_task(d, id, &found);
	if (r == 0)
		r = view_found(d, &found, out);
	if (r == -ENOENT)
		return err_set(err, r, "agent '%s' has no task '%s'", agent,
		               id);
	if (r < 0)
		return err_sys(err, r, "cannot look for '%s/%s'", agent, id);
	read_times(d, out);
	return 0;
}

int
view_rejected(struct spool *s, const char *agent, const char *id,
              struct view_task *out, struct err *err)
{
	autodesk *d = NULL;
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r = desk_open(s, agent, &d, err);

	if (r < 0)
		return r;
	r = sys_listdir(d->at[PLACE_REJECTED], ".", &dir);
	while (r == 0 && sys_next(dir, &de) > 0) {
		struct view_task v;

		if (view_entry(d, PLACE_REJECTED, de->d_name, &v) < 0)
			continue;
		if (strcmp(v.id, id) == 0) {
			*out = v;
			return 0;
		}
		view_task_done(&v);
	}
	return err_set(err, r < 0 ? r : -ENOENT,
	               "agent '%s' has rejected no '%s'", agent, id);
}

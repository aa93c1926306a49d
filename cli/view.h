/*
 * view.h - one consistent look at desks and tasks, for status, ls and why.
 *
 * Everything is read from files; nothing is asked of a running program.  A
 * view is a snapshot of one moment and owns all of its strings.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "spool/find.h"
#include "spool/health.h"
#include "spool/progress.h"
#include "spool/spool.h"

struct view_task {
	char *agent, *id;
	const char *state; /* "PENDING" … "WITHDRAWN", "DROPPED", "REJECTED" */
	enum place place;
	struct entry entry; /* live places */
	char *title;        /* may be NULL */
	char *reason;       /* BLOCKED, FAILED, WITHDRAWN; else NULL */
	char *message;      /* the sentence to it; may be NULL */
	int64_t until_ms;   /* BLOCKED: wall clock, 0 none */
	int64_t admitted_ms, started_ms, ended_ms; /* wall clock, 0 unknown */
	struct progress progress; /* RUNNING; phase NONE if not reported */
};

struct view_agent {
	char *name;
	const char *state; /* "IDLE" "BUSY" "BLOCKED"; derived */
	int up; /* 1: a process owns the desk, 0: none, <0: not to be known */
	bool paused, quarantined;
	struct health health; /* the pause that failures have led to */
	int64_t probe_ms;     /* until its end; 0: none, or it is over */
	bool configured;      /* set by the caller, who has the configuration */
	int pid;              /* 0 when not up or not known */
	const char *containment; /* "cgroup" "session"; NULL when not up */
	int counts[PLACE_N];     /* drops, entries and results in each place */
	bool has_task;
	struct view_task task; /* in running/, else in saving/ */
	char *blocked; /* first of the BLOCKED, and why; NULL: none is */
	char *worker;  /* why its stream worker does not run; NULL: it may */
};

/*
 * Counts come from reading directories alone, whatever lies in them.  With no
 * live task and no drop counted there was none at one moment, not only in
 * each place when its turn came.  -ENOENT: no such desk.
 */
int view_agent(struct spool *s, const char *name, struct view_agent *out,
               struct err *err);
void view_agent_done(struct view_agent *v);

/* Nothing to be done: no drop, and no task that could still go on. */
bool view_agent_at_rest(const struct view_agent *v);

/*
 * With its title and times, which its files have to be opened for.
 * -ENOENT: no such task.
 */
int view_task(struct spool *s, const char *agent, const char *id,
              struct view_task *out, struct err *err);
void view_task_done(struct view_task *v);

/*
 * What stands under `name` in `p`, for lists: no task file is opened.
 * -EBADMSG: nothing that is a task or a drop has such a name there.
 */
int view_entry(const struct desk *d, enum place p, const char *name,
               struct view_task *out);

/*
 * The id that a name there stands for, to free, and in live places the rest
 * of what it says; NULL if it is not the name of a task or drop.
 */
char *view_entry_id(enum place p, const char *name, struct entry *e);

/*
 * When it came into the place, by the wall clock; 0 if it is not there.  The
 * rename is the last change of its inode.
 */
int64_t view_moved_ns(const struct desk *d, enum place p, const char *name);

/* Add the times that the end of the journal has of a live task. */
void view_times(struct spool *s, struct view_task *v);

/* view_entry() with the title. */
int view_found(const struct desk *d, const struct found *f,
               struct view_task *out);

/* The drop in rejected/ that asked, by its name, for this id.  -ENOENT. */
int view_rejected(struct spool *s, const char *agent, const char *id,
                  struct view_task *out, struct err *err);

/* What cannot be known is null. */
struct json *view_agent_json(const struct view_agent *v);
struct json *view_task_json(const struct view_task *v);

/* The part of it that view_entry() finds out. */
struct json *view_entry_json(const struct view_task *v);

/*
 * One sentence: why the task is where it is and what would move it, with the
 * command to give.  Never empty.
 */
int view_why(struct spool *s, const struct view_task *v, struct str *out,
             struct err *err);

#endif

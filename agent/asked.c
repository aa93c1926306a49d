/*
 * What people ask for by file: cancel, retry, pause, resume.
 */
#include <errno.h>
#include <string.h>

#include "agent/answers.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/find.h"
#include "spool/request.h"

static void
note(struct agent *a, const char *name, const char *id, const char *what)
{
	struct journal_line line = JOURNAL_LINE;

	line.ev = "request";
	line.id = id && *id ? id : NULL;
	line.reason = name;
	line.why = what;
	(void)journal_write(&a->journal, clock_wall_ms(), &line);
	log_info("agent=%s request=%s: %s", a->desk->name, name, what);
}

static void
remove_request(struct agent *a, const char *name)
{
	int r = sys_remove_tree(a->desk->at[PLACE_REQUESTS], name);

	if (r < 0)
		log_warn("agent=%s request=%s cannot be removed: %s",
		         a->desk->name, name, err_name(r));
}

static void
refuse(struct agent *a, const char *name, const char *why)
{
	struct err err;

	if (inbox_reject(a->desk, PLACE_REQUESTS, name, name, why, &err) < 0)
		log_warn("agent=%s %s", a->desk->name, err.text);
	else
		note(a, name, NULL, why);
}

/* The one in running/: its tree is killed, then it is FAILED(cancelled). */
static bool
is_running(const struct agent *a, const char *id)
{
	return a->run.active && strcmp(a->run.entry.id, id) == 0;
}

/* 1: dealt with; 0: keep the request for later. */
static int
cancel(struct agent *a, const struct request *rq, const char *name)
{
	enum place place;
	struct entry e;
	struct found f;
	int r;

	if (is_running(a, rq->id)) {
		/* Kept until it has ended: the agent may die before that. */
		if (!a->run.cancelled) {
			note(a, name, rq->id, "its worker is being stopped");
			attempt_cancel(a);
		}
		return 0;
	}
	if (waits_find(a, rq->id, &e, &place)) {
		r = closing_withdraw(a, place, &e, "cancelled",
		                     "it was cancelled");
		if (r == 0)
			waits_forget(a, rq->id);
		return r == 0;
	}
	r = find_task(a->desk, rq->id, &f);
	if (r == -ENOENT && (a->full_disk || a->first_drop < a->ndrops))
		return 0; /* a drop may have this id in its header: later */
	if (r == -ENOENT)
		refuse(a, name, "there is no such task; see: spoolhand ls");
	else if (r == 0 && (f.place == PLACE_OUTBOX || f.place == PLACE_FAILED))
		note(a, name, rq->id, "nothing to cancel: it has ended");
	else
		return 0; /* still a drop, or the disk fails: later */
	return 1;
}

static int
retry(struct agent *a, const struct request *rq, const char *name)
{
	struct entry e;
	struct err err = { "" };
	char entry[ENTRY_NAME_MAX];
	autotask t = TASK_INIT;
	int r;

	/* What is claimed for it comes first: its work folder is cleared. */
	if (a->answers_kept)
		claims_finish(a);
	if (a->answers_kept)
		return 0;
	if (blocked_unblock(a, rq->id, "retry asked for")) {
		note(a, name, rq->id, "it does not wait any longer");
		return 1;
	}
	if (strset_has(&a->ids, rq->id)) {
		note(a, name, rq->id, "nothing to retry: it has not ended");
		return 1;
	}
	r = admit_again(a->desk, &a->journal, rq->id, a->next_seq,
	                clock_wall_ms(), &e, &err);
	if (r == -ENOENT) {
		refuse(a, name,
		       "there is no such failed task; see: spoolhand "
		       "ls --state FAILED");
		return 1;
	}
	if (r == 0)
		r = task_open(a->desk->at[PLACE_PENDING],
		              entry_format(&e, entry), &t, &err);
	if (r < 0) {
		log_warn("agent=%s request=%s: %s", a->desk->name, name,
		         err.text);
		/* It may be half way, in admit/ or pending/: see there. */
		a->full_disk = true;
		loop_arm(a->loop, &a->drops_timer,
		         clock_boot_ns() + 2 * CLOCK_NS_PER_S, intake_run, a);
		return 0;
	}
	a->next_seq++;
	(void)strset_add(&a->ids, e.id);
	note(a, name, rq->id, "it begins again");
	waits_add_pending(a, &e, &t);
	if (t.after || t.inputs)
		circles_note(a, e.id);
	return 1;
}

/* Both there: the later one counts. */
static bool
resume_is_newer(const struct agent *a)
{
	struct stat pause, resume;

	if (sys_stat(a->desk->at[PLACE_REQUESTS], "pause", &pause) < 0 ||
	    sys_stat(a->desk->at[PLACE_REQUESTS], "resume", &resume) < 0)
		return true;
	if (resume.st_ctim.tv_sec != pause.st_ctim.tv_sec)
		return resume.st_ctim.tv_sec > pause.st_ctim.tv_sec;
	return resume.st_ctim.tv_nsec >= pause.st_ctim.tv_nsec;
}

static void
honour(struct agent *a, const char *name)
{
	struct request rq;
	struct err err;
	int done = 1;

	if (request_parse(name, &rq, &err) < 0) {
		refuse(a, name, err.text);
		return;
	}
	switch (rq.verb) {
	case REQUEST_CANCEL:
		done = cancel(a, &rq, name);
		break;
	case REQUEST_RETRY:
		done = retry(a, &rq, name);
		break;
	case REQUEST_RESUME:
		if (resume_is_newer(a))
			remove_request(a, "pause");
		pausing_resume(a);
		break;
	case REQUEST_PAUSE: /* stays: it is the memory of being paused */
	case REQUEST_NONE:
	case REQUEST_N:
		return;
	}
	if (done)
		remove_request(a, name);
	else
		a->requests_kept = true;
}

void
asked_scan(struct agent *a)
{
	char **names = NULL;
	bool paused;
	int r = find_list(a->desk, PLACE_REQUESTS, &names);

	if (r < 0) {
		log_warn("agent=%s cannot read requests: %s", a->desk->name,
		         err_name(r));
		return;
	}
	a->requests_kept = false;
	for (char **p = names; *p; p++)
		if (!name_is_private(*p))
			honour(a, *p);
	keys_free_list(names);
	paused = request_paused(a->desk);
	if (paused != a->paused)
		note(a, paused ? "pause" : "resume", NULL,
		     paused ? "nothing starts until a resume" :
		              "tasks start again");
	a->paused = paused;
}

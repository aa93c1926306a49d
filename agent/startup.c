/*
 * What an agent does before its loop: own the desk, bury what a dead agent
 * left running, recover, and index the tree.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/bury.h"
#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "spool/downtime.h"
#include "spool/find.h"
#include "spool/recover.h"

#define BURY_NS (30 * CLOCK_NS_PER_S)

/* The worker of a dead agent may live on: no move before it is dead. */
static int
bury_old_worker(struct agent *a, struct err *err)
{
	char **names = NULL;
	int r = find_list(a->desk, PLACE_RUNNING, &names);

	if (r < 0)
		return err_sys(err, r, "cannot read '%s/running'",
		               a->desk->name);
	for (char **p = names; *p && r == 0; p++) {
		struct entry e;

		if (entry_parse(*p, &e) == 0)
			r = bury_attempt(a->desk, e.id,
			                 clock_boot_ns() + BURY_NS, err);
	}
	keys_free_list(names);
	if (r == 0)
		r = bury_stream(a->desk, clock_boot_ns() + BURY_NS, err);
	if (r == 0)
		(void)downtime_forget(a->desk);
	return r;
}

static int
load_entry(struct agent *a, enum place p, const char *name, struct err *err)
{
	struct entry e;
	struct record rec;
	autotask t = TASK_INIT;

	if (entry_parse(name, &e) < 0)
		return 0; /* recovery has put it aside, or fsck will */
	(void)strset_add(&a->ids, e.id);
	if (e.seq >= a->next_seq)
		a->next_seq = e.seq + 1;
	switch (p) {
	case PLACE_READY:
		queue_push(&a->ready, &e);
		return 0;
	case PLACE_BLOCKED:
		record_read(a->desk, e.id, &rec);
		blocked_add(a, &e, &rec, false);
		return 0;
	default:
		break;
	}
	if (task_open(a->desk->at[p], name, &t, err) < 0) {
		(void)closing_withdraw(a, p, &e, "unreadable", err->text);
		return 0;
	}
	waits_add_pending(a, &e, &t);
	return 0;
}

/* In order of admission: see supersede() in waits.c. */
static int
by_seq(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return strcmp(x + strcspn(x, "."), y + strcspn(y, "."));
}

/* The index of the tree. */
int
startup_load(struct agent *a, struct err *err)
{
	static const enum place places[] = { PLACE_READY, PLACE_BLOCKED,
		                             PLACE_PENDING };

	pausing_load(a);
	a->next_seq = a->journal.last_seq + 1;
	for (size_t i = 0; i < countof(places); i++) {
		char **names = NULL;
		int r = find_list(a->desk, places[i], &names);

		if (r < 0)
			return err_sys(err, r, "cannot read '%s/%s'",
			               a->desk->name,
			               desk_place_name(places[i]));
		if (places[i] == PLACE_PENDING)
			qsort(names, keys_count(names), sizeof(*names), by_seq);
		for (char **p = names; *p; p++)
			(void)load_entry(a, places[i], *p, err);
		keys_free_list(names);
	}
	return 0;
}

int
startup_adopt(struct agent *a, struct err *err)
{
	char **names = NULL;
	int r = find_list(a->desk, PLACE_PENDING, &names);

	for (char **p = names; r == 0 && *p; p++) {
		struct entry e;

		if (entry_parse(*p, &e) == 0 && !strset_has(&a->ids, e.id))
			(void)load_entry(a, PLACE_PENDING, *p, err);
	}
	keys_free_list(names);
	return r < 0 ? err_sys(err, r, "cannot read '%s/pending'",
	                       a->desk->name) :
	               0;
}

int
startup_mark(struct agent *a, const char *ev)
{
	struct journal_line line = JOURNAL_LINE;
	autofree char *why = mem_printf("pid %d", (int)getpid());

	line.ev = ev;
	line.reason = a->boot; /* correct.c looks for the boot here */
	line.why = why;
	return journal_write(&a->journal, clock_wall_ms(), &line);
}

int
startup_contain(struct agent *a, struct err *err)
{
	return containment_begin(a->desk, a->config->containment,
	                         clock_boot_ns() + BURY_NS, &a->containment,
	                         err);
}

int
startup_recover(struct agent *a, struct err *err)
{
	struct recover_count n;
	int r = bury_old_worker(a, err);

	if (r == 0)
		r = recover_desk(a->desk, &a->journal, clock_wall_ms(),
		                 closing_policy, a, &n, err);
	if (r != 0)
		return r;
	if (n.finished + n.published + n.crashed + n.corrected)
		log_info("agent=%s recovered: %d finished, %d published, %d "
		         "crashed, %d journal lines corrected",
		         a->desk->name, n.finished, n.published, n.crashed,
		         n.corrected);
	r = startup_mark(a, "start");
	return r < 0 ? err_sys(err, r, "cannot write the journal") : 0;
}

int
startup_take_desk(struct agent *a, struct err *err)
{
	struct proc_id self;
	struct child_end other;
	int r;

	/* What runs below us must be ours: all of it is killed with a task. */
	if (child_reap(&other) != -ECHILD)
		return err_set(err, -EBUSY,
		               "this process has children that are not its "
		               "own; start it as a process of its own, not by "
		               "exec from a shell with jobs");
	r = desk_make(a->spool, a->role->name, err);

	if (r == 0)
		r = desk_open(a->spool, a->role->name, &a->desk, err);
	if (r < 0)
		return r;
	a->lock_fd = desk_own(a->desk, err);
	if (a->lock_fd < 0)
		return a->lock_fd;
	r = proc_self(&self);
	if (r < 0)
		return err_sys(err, r, "cannot read /proc/self");
	(void)snprintf(a->boot, sizeof(a->boot), "%s", self.boot);
	/* Whatever a worker starts becomes our child when its parent ends. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(err, -errno, "cannot become a subreaper");
	return journal_open(a->desk, &a->journal, err);
}

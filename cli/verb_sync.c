#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "cli/absent.h"
#include "cli/agents.h"
#include "cli/deadline.h"
#include "cli/looking.h"
#include "cli/verb.h"
#include "spool/inbox.h"

#define UNOWNED_NS (2 * CLOCK_NS_PER_S) /* an agent may be restarted */

static const struct arg_option options[] = {
	{ "timeout", 0, "DURATION", false,
	  "stop waiting after this time (exit 4)" },
};

/* A drop that was there when we came. */
struct seen {
	char *name;
	ino_t inode; /* in inbox/; 0: seen in admit/ */
};

struct inbox {
	struct desk *desk; /* NULL: it has had nothing yet */
	struct seen *seen;
	size_t n, cap;
	size_t next;        /* those before it have gone */
	int64_t unowned_ns; /* boot clock: since when nothing runs; 0: does */
};

struct syncing {
	struct inbox *boxes;
	size_t n;
	struct looking *looking;
	int status;
	int broken; /* the status of the first desk that is not to be used */
};

static void
syncing_done(struct syncing *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < s->boxes[i].n; j++)
			free(s->boxes[i].seen[j].name);
		free(s->boxes[i].seen);
		desk_close(s->boxes[i].desk);
	}
	free(s->boxes);
}

/*
 * The name as it was dropped, of an entry of admit/; NULL if it is none.  One
 * that is just being wrapped in a directory has a dot before it.
 */
static const char *
dropped_name(const char *claimed)
{
	return inbox_dropped_name(claimed[0] == '.' ? claimed + 1 : claimed);
}

static void
note(struct inbox *box, const char *name, ino_t inode)
{
	mem_room(&box->seen, box->n, &box->cap, sizeof(*box->seen));
	box->seen[box->n++] = (struct seen){ mem_dup(name), inode };
}

static int
note_inbox(struct inbox *box)
{
	int fd = box->desk->at[PLACE_INBOX];
	autodir DIR *dir = NULL;
	struct dirent *de;
	struct stat st;
	int r = sys_listdir(fd, ".", &dir);

	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		if (!name_is_private(de->d_name) &&
		    sys_stat(fd, de->d_name, &st) == 0)
			note(box, de->d_name, st.st_ino);
	return r;
}

static int
note_admit(struct inbox *box)
{
	int fd = box->desk->at[PLACE_ADMIT];
	autodir DIR *dir = NULL;
	struct dirent *de;
	int r;

	/* Only the agent's own user sees what is being admitted. */
	if (fd < 0)
		return 0;
	r = sys_listdir(fd, ".", &dir);
	while (r >= 0 && (r = sys_next(dir, &de)) > 0)
		if (dropped_name(de->d_name))
			note(box, dropped_name(de->d_name), 0);
	return r;
}

/* First the inbox: what is moved on meanwhile is in admit/ then. */
static int
open_box(struct context *cx, const char *agent, struct inbox *box)
{
	int r = agents_desk(cx, agent, false, &box->desk);

	if (r != EXIT_FINE || !box->desk)
		return r;
	r = note_inbox(box);
	if (r == 0)
		r = note_admit(box);
	return r < 0 ? fail(r, NULL) : EXIT_FINE;
}

static bool
in_admit(const struct inbox *box, const char *name)
{
	int fd = box->desk->at[PLACE_ADMIT];
	autodir DIR *dir = NULL;
	struct dirent *de;

	if (fd < 0 || sys_listdir(fd, ".", &dir) < 0)
		return false;
	while (sys_next(dir, &de) > 0) {
		const char *its = dropped_name(de->d_name);

		if (its && strcmp(its, name) == 0)
			return true;
	}
	return false;
}

static bool
is_there(const struct inbox *box, const struct seen *seen)
{
	struct stat st;

	if (seen->inode &&
	    sys_stat(box->desk->at[PLACE_INBOX], seen->name, &st) == 0 &&
	    st.st_ino == seen->inode)
		return true;
	return in_admit(box, seen->name);
}

/* Are all gone?  Only the first that may not be is looked at each time. */
static bool
is_synced(struct inbox *box)
{
	while (box->next < box->n && !is_there(box, &box->seen[box->next]))
		box->next++;
	return box->next == box->n;
}

static int
complain_not_running(const struct inbox *box, const struct str *why)
{
	size_t left = box->n - box->next;

	complain("%zu drop%s in an inbox, but %s", left,
	         left == 1 ? " waits" : "s wait", why->data);
	return EXIT_NOT_RUNNING;
}

static void
look(void *arg)
{
	struct syncing *s = arg;
	int64_t now = clock_boot_ns();
	bool all = true;

	for (size_t i = 0; i < s->n && s->status == EXIT_FINE; i++) {
		struct inbox *box = &s->boxes[i];
		autostr why = STR_INIT;

		if (is_synced(box))
			continue;
		all = false;
		if (!absent_tell(box->desk, &why))
			box->unowned_ns = 0;
		else if (box->unowned_ns == 0)
			box->unowned_ns = now;
		else if (now - box->unowned_ns >= UNOWNED_NS)
			s->status = complain_not_running(box, &why);
	}
	if (all || s->status != EXIT_FINE)
		looking_stop(s->looking);
}

/* What is to be said at once, before anything is waited for. */
static int
first_look(struct syncing *s, bool *all)
{
	*all = true;
	for (size_t i = 0; i < s->n; i++) {
		struct inbox *box = &s->boxes[i];
		autostr why = STR_INIT;

		if (is_synced(box))
			continue;
		*all = false;
		if (absent_tell(box->desk, &why))
			return complain_not_running(box, &why);
	}
	return EXIT_FINE;
}

static int
wait_synced(struct context *cx, struct syncing *s, int64_t deadline_ns)
{
	autolooking *looking = NULL;
	bool all;
	int r = looking_open(cx->spool, &looking);

	if (r < 0)
		return fail(r, NULL);
	s->looking = looking;
	for (size_t i = 0; i < s->n; i++) {
		const struct desk *d = s->boxes[i].desk;

		if (!d)
			continue;
		looking_watch(looking, d->at[PLACE_INBOX], (int)i, true);
		if (d->at[PLACE_ADMIT] >= 0)
			looking_watch(looking, d->at[PLACE_ADMIT], (int)i,
			              true);
	}
	r = first_look(s, &all);
	if (r != EXIT_FINE || all)
		return r;
	r = looking_run(looking, deadline_ns, look, NULL, s);
	if (r < 0)
		return fail(r, NULL);
	if (r > 0)
		return s->status;
	complain("the time is over and not all drops have been admitted");
	return EXIT_TIMED_OUT;
}

/* One desk that is not to be used does not keep the others waiting. */
static int
open_all(struct context *cx, struct syncing *s)
{
	char **names = NULL;
	int r = context_spool(cx);

	if (r != EXIT_FINE)
		return r;
	r = desk_list(cx->spool, &names);
	if (r < 0)
		return fail(r, NULL);
	s->boxes = mem_new(keys_count(names) + 1, sizeof(*s->boxes));
	for (char **p = names; *p; p++) {
		r = open_box(cx, *p, &s->boxes[s->n++]);
		if (s->broken == EXIT_FINE)
			s->broken = r;
	}
	keys_free_list(names);
	return EXIT_FINE;
}

static int
open_boxes(struct context *cx, const struct args *a, struct syncing *s)
{
	if (a->noperands == 0)
		return open_all(cx, s);
	s->boxes = mem_new(1, sizeof(*s->boxes));
	return open_box(cx, a->operands[0], &s->boxes[s->n++]);
}

static int
run(struct context *cx, const struct args *a)
{
	scoped(syncing_done) struct syncing s = { 0 };
	int64_t deadline_ns;
	int r = deadline_option(a, "timeout", &deadline_ns);

	if (r != EXIT_FINE)
		return r;
	if (a->noperands > 1) {
		complain("give one AGENT, or none for all of them");
		return EXIT_USAGE;
	}
	r = open_boxes(cx, a, &s);
	if (r == EXIT_FINE)
		r = wait_synced(cx, &s, deadline_ns);
	return r == EXIT_FINE ? s.broken : r;
}

const struct verb verb_sync = {
	.name = "sync",
	.operands = "[AGENT]",
	.summary = "wait until all that was dropped before is admitted",
	.text = "Returns when everything that lay in the inbox of AGENT, or\n"
		"of every agent, has been admitted or rejected; what was\n"
		"submitted before is then seen by 'ls' and 'status'.  Exit 69\n"
		"if something waits at an agent that is not running.\n"
		"\n"
		"example:\n"
		"  mv brief.md agents/pm/inbox/ && spoolhand sync pm\n",
	.options = options,
	.noptions = countof(options),
	.run = run,
};

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/watch.h"
#include "cli/status.h"
#include "cli/term.h"
#include "spool/find.h"

#define TICK_NS (1000 * CLOCK_NS_PER_MS) /* for the time, and what is lost */
#define REST_NS (100 * CLOCK_NS_PER_MS)  /* the least between two pictures */

struct watching {
	struct status *st;
	struct loop *loop;
	struct watch *watch; /* NULL where there is none to be had */
	struct loop_timer timer;
	int64_t drawn_ns;
	struct str last; /* the picture that is shown */
	size_t height;   /* lines of it on the terminal */
	bool in_place, until_idle;
	int signo; /* that ended it */
	int status;
};

/* Tell what changes at a desk, and in the work of its running task. */
static void
watch_desk(struct watching *w, const char *name)
{
	autodesk *d = NULL;
	autoclose int work = -1;
	struct found found;

	if (!w->watch || desk_open(w->st->cx->spool, name, &d, NULL) < 0)
		return;
	for (enum place p = PLACE_NONE + 1; p < PLACE_N; p++)
		if (d->at[p] >= 0 && p != PLACE_WORK)
			(void)watch_dir_leave(w->watch, d->at[p], 0);
	if (find_running(d, &found) < 0)
		return;
	work = sys_opendir(d->at[PLACE_WORK], found.entry.id);
	if (work >= 0)
		(void)watch_dir(w->watch, work, 0);
}

static void
watch_all(struct watching *w)
{
	char **p = w->st->agents;

	if (!p)
		watch_desk(w, w->st->agent);
	for (; p && *p; p++)
		watch_desk(w, *p);
}

/* Only lines that were not shown at the same place before. */
static void
print_changes(const char *now, const char *before)
{
	while (*now) {
		size_t n = strcspn(now, "\n") + 1;
		size_t m = strcspn(before, "\n");

		if (n != m + 1 || strncmp(now, before, n) != 0)
			put(now, n);
		now += n;
		before += m + (before[m] == '\n');
	}
}

/* Over the last picture, cut to what fits on the screen. */
static void
print_in_place(struct watching *w, const char *text)
{
	autostr out = STR_INIT;
	size_t columns, lines, height = 0;

	(void)term_size(STDOUT_FILENO, &columns, &lines);
	if (w->height)
		str_addf(&out, "\033[%zuA\r", w->height);
	while (*text && height + 1 < lines) {
		size_t n = strcspn(text, "\n");

		str_add(&out, text, n);
		str_adds(&out, TERM_CLEAR_LINE "\n");
		text += n + (text[n] == '\n');
		height++;
	}
	str_adds(&out, TERM_CLEAR_DOWN);
	w->height = height;
	put(out.data, out.len);
}

static void
show(struct watching *w, const struct str *now)
{
	if (w->in_place)
		print_in_place(w, str_text(now));
	else if (w->st->json)
		print_changes(str_text(now), str_text(&w->last));
	else
		put(now->data, now->len);
}

/* Look, and show it if it is not what is shown already. */
static int
look(struct watching *w, bool *at_rest, bool *changed)
{
	struct str now = STR_INIT;
	size_t told = w->st->told.used;
	int r;

	watch_all(w);
	r = status_print(w->st, &now, at_rest);
	/* What has been said stands below the picture: begin another. */
	if (w->st->told.used != told)
		w->height = 0;
	*changed = strcmp(str_text(&now), str_text(&w->last)) != 0;
	if (r == EXIT_FINE && *changed)
		show(w, &now);
	str_done(&w->last);
	w->last = now;
	w->drawn_ns = clock_boot_ns();
	return r == EXIT_FINE ? finish_output() : r;
}

static void
on_time(void *arg)
{
	struct watching *w = arg;
	bool at_rest, changed;
	int r = look(w, &at_rest, &changed);

	/*
	 * One desk is looked at after the other, and a task that leads to
	 * another can be missed between them.  A second look shows a change.
	 */
	if (r == EXIT_FINE && w->until_idle && at_rest) {
		r = look(w, &at_rest, &changed);
		if (at_rest && !changed)
			loop_stop(w->loop);
	}
	if (r != EXIT_FINE) {
		w->status = r;
		loop_stop(w->loop);
	}
	loop_arm(w->loop, &w->timer, clock_boot_ns() + TICK_NS, on_time, w);
}

/* What happened is not asked: it is time to look, but not too often. */
static void
on_change(void *arg, enum watch_event event, int token, const char *name)
{
	struct watching *w = arg;

	(void)event;
	(void)token;
	(void)name;
	if (w->timer.due_ns > w->drawn_ns + REST_NS)
		loop_arm(w->loop, &w->timer, w->drawn_ns + REST_NS, on_time, w);
}

static void
on_watch(void *arg)
{
	struct watching *w = arg;

	(void)watch_read(w->watch, on_change, w);
}

static void
fit(struct watching *w)
{
	struct table_style *style = &w->st->style;
	size_t lines;

	*style = table_style_of(STDOUT_FILENO);
	(void)term_size(STDOUT_FILENO, &style->width, &lines);
}

static void
on_signal(void *arg, int signo)
{
	struct watching *w = arg;

	if (signo == SIGWINCH || signo == SIGTSTP) {
		if (signo == SIGTSTP) {
			(void)fputs(TERM_SHOW_CURSOR, stdout);
			(void)fflush(stdout);
			(void)raise(SIGSTOP);
			(void)fputs(TERM_HIDE_CURSOR, stdout);
		}
		/* What stands there now is not what was drawn. */
		(void)fputs(TERM_CLEAR_ALL, stdout);
		w->height = 0;
		fit(w);
		str_clear(&w->last);
		on_time(w);
		return;
	}
	w->signo = signo;
	loop_stop(w->loop);
}

static int
begin(struct watching *w)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH,
		                       SIGTSTP };
	int r = 0;

	w->loop = loop_new();
	if (!w->loop)
		return -errno;
	for (size_t i = 0; w->in_place && r == 0 && i < countof(signals); i++)
		r = loop_signal(w->loop, signals[i], on_signal, w);
	/* Without events it is looked at each second all the same. */
	if (r == 0 && watch_new(&w->watch) == 0)
		r = loop_add(w->loop, watch_fd(w->watch), on_watch, w);
	if (w->in_place)
		fit(w);
	if (r == 0 && w->in_place)
		(void)fputs(TERM_HIDE_CURSOR, stdout);
	loop_arm(w->loop, &w->timer, 0, on_time, w);
	return r;
}

static void
end(struct watching *w)
{
	if (w->in_place) {
		(void)fputs(TERM_SHOW_CURSOR, stdout);
		(void)fflush(stdout);
	}
	if (w->loop)
		loop_clear(w->loop, &w->timer);
	loop_free(w->loop);
	watch_free(w->watch);
	str_done(&w->last);
}

/* End by the signal after all, as who has sent it will expect. */
static void
die_by(int signo)
{
	sigset_t set;

	(void)signal(signo, SIG_DFL);
	(void)raise(signo);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int
status_watch(struct status *st, bool until_idle)
{
	struct watching w = { .st = st, .until_idle = until_idle };
	int r;

	w.in_place = st->style.people && !st->json;
	st->stream = !w.in_place;
	r = begin(&w);
	if (r == 0)
		r = loop_run(w.loop);
	end(&w);
	if (w.signo)
		die_by(w.signo);
	return r < 0 ? fail(r, NULL) : w.status;
}

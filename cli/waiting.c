#include "cli/waiting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/absent.h"
#include "cli/asking.h"
#include "cli/blocking.h"
#include "cli/looking.h"
#include "spool/find.h"
#include "spool/inbox.h"
#include "spool/question.h"
#include "spool/request.h"
#include "spool/result.h"

#define CHECKS_AT_ONCE 32 /* searches at one rescan */
#define WHY_MAX        4096

/* Tokens of watches: the desk's index, and what comes into the place. */
#define TOKEN(desk, about) ((int)(desk)*TOKEN_N + (about))

enum { TOKEN_ENDED, TOKEN_REJECTED, TOKEN_BLOCKED, TOKEN_ASKED, TOKEN_N };

void
waiting_init(struct waiting *w, struct context *cx)
{
	*w = (struct waiting){ .cx = cx };
}

void
waiting_done(struct waiting *w)
{
	for (size_t i = 0; i < w->ntasks; i++) {
		free(w->tasks[i].id);
		free(w->tasks[i].drop);
		free(w->tasks[i].blocked);
	}
	for (size_t i = 0; i < w->ndesks; i++)
		desk_close(w->desks[i]);
	free(w->tasks);
	free(w->desks);
	strset_done(&w->known);
	*w = (struct waiting){ 0 };
}

static int
find_desk(struct waiting *w, const char *agent, struct desk **out)
{
	struct err err = { "" };
	int r;

	for (size_t i = 0; i < w->ndesks; i++) {
		if (strcmp(w->desks[i]->name, agent) == 0) {
			*out = w->desks[i];
			return EXIT_FINE;
		}
	}
	w->desks = mem_resize(w->desks, w->ndesks + 1, sizeof(struct desk *));
	r = desk_open(w->cx->spool, agent, &w->desks[w->ndesks], &err);
	if (r < 0)
		return fail(r, &err);
	*out = w->desks[w->ndesks++];
	return EXIT_FINE;
}

/* Remember under which name it lies in the inbox, for if it is rejected. */
static void
note_drop(struct waiting_task *t, const struct found *f)
{
	const char *name =
		f->place == PLACE_ADMIT ? inbox_dropped_name(f->name) : f->name;

	free(take_ptr(t->drop));
	if (f->place == PLACE_INBOX || f->place == PLACE_ADMIT)
		t->drop = mem_dup(name);
}

int
waiting_add(struct waiting *w, const char *agent, const char *id)
{
	autofree char *ref = mem_printf("%s/%s", agent, id);
	struct waiting_task t = { 0 };
	struct found f;
	int r = find_desk(w, agent, &t.desk);

	if (r != EXIT_FINE)
		return r;
	r = find_task(t.desk, id, &f);
	if (r == -ENOENT) {
		complain("agent '%s' has no task '%s'", agent, id);
		return EXIT_NOT_FOUND;
	}
	if (r < 0)
		return fail(r, NULL);
	if (!strset_add(&w->known, ref))
		return EXIT_FINE;
	note_drop(&t, &f);
	t.id = mem_dup(id);
	mem_room(&w->tasks, w->ntasks, &w->cap, sizeof(*w->tasks));
	w->tasks[w->ntasks++] = t;
	w->left++;
	return EXIT_FINE;
}

static void
settle(struct waiting *w, struct waiting_task *t, enum outcome outcome)
{
	t->outcome = outcome;
	w->left--;
	/* If one is enough, no other counts. */
	if (w->any)
		w->status = EXIT_FINE;
	if (outcome != OUT_COMPLETED && w->status == EXIT_FINE)
		w->status = EXIT_TASK_FAILED;
	w->over = w->any || w->left == 0;
	w->fn(w->arg, t);
}

static enum outcome
outcome_of_failed(const struct waiting_task *t)
{
	autojson *result = NULL;
	enum outcome o = OUT_NONE;

	if (result_read(t->desk, PLACE_FAILED, t->id, &result, NULL) == 0)
		o = state_outcome_parse(
			json_str(json_get(result, "state"), ""));
	return o == OUT_NONE ? OUT_FAILED : o;
}

static bool
is_open(const struct waiting *w, const struct waiting_task *t)
{
	return !w->over && !t->gone && t->outcome == OUT_NONE;
}

/* By path, so that an outbox/ that somebody has replaced is seen, too. */
static bool
is_in(const struct waiting_task *t, enum place p)
{
	autofree char *path = mem_printf("%s/%s", desk_place_name(p), t->id);

	return sys_exists(t->desk->fd, path) == 1;
}

/*
 * A failed task that is to begin again has not ended.  The request goes only
 * when that is so, so it is looked for before the old result is.
 */
static bool
is_to_begin_again(const struct waiting_task *t)
{
	autofree char *name = mem_printf("retry.%s", t->id);

	return sys_exists(t->desk->at[PLACE_REQUESTS], name) == 1;
}

static void
look(struct waiting *w, struct waiting_task *t)
{
	if (!is_open(w, t))
		return;
	if (is_in(t, PLACE_OUTBOX))
		settle(w, t, OUT_COMPLETED);
	else if (!is_to_begin_again(t) && is_in(t, PLACE_FAILED))
		settle(w, t, outcome_of_failed(t));
}

/* The reason why its drop was rejected, added to `why`. */
static bool
is_rejected(const struct waiting_task *t, struct str *why)
{
	autofree char *path = mem_printf("%s.why", t->drop ? t->drop : "");

	if (!t->drop ||
	    sys_read_file(t->desk->at[PLACE_REJECTED], path, WHY_MAX, why) < 0)
		return false;
	if (why->len)
		why->data[strcspn(why->data, "\n")] = '\0';
	return true;
}

static void
give_up(struct waiting *w, struct waiting_task *t, int status)
{
	t->gone = true;
	w->left--;
	w->over = w->over || w->left == 0;
	w->status = status;
}

/* Not again for the same reason. */
static void
say_blocked(const struct waiting *w, struct waiting_task *t)
{
	autostr text = STR_INIT;

	if (!is_open(w, t))
		return;
	blocking_add(t->desk, t->id, &text);
	if (t->blocked && strcmp(t->blocked, text.data) == 0)
		return;
	free(t->blocked);
	t->blocked = mem_dup(text.data);
	blocking_add_next(t->desk, t->id, &text);
	say(w->cx, "%s", text.data);
}

/* One that waits for somebody, and for no answer that lies there, ends it. */
static void
look_for_question(struct waiting *w, struct waiting_task *t)
{
	autoquestion q = { 0 };
	autostr text = STR_INIT;

	if (!w->no_block || !is_open(w, t) ||
	    !question_waits(t->desk, t->id, &q))
		return;
	str_addf(&text, "%s/%s asks: ", t->desk->name, t->id);
	asking_add_text(&q, &text);
	asking_add_terms(&q, &text);
	str_adds(&text, "; answer it with: ");
	asking_add_command(t->desk->name, t->id, &q, &text);
	say(w->cx, "%s", text.data);
	w->status = EXIT_QUESTION;
	w->over = true;
}

/*
 * Is it still anywhere at all?  A task that begins again is nowhere to be
 * found for a moment: only one that is missed twice is no more.
 */
static void
check(struct waiting *w, struct waiting_task *t)
{
	autostr why = STR_INIT;
	struct found f;
	int r;

	if (!is_open(w, t))
		return;
	r = find_task(t->desk, t->id, &f);
	if (r == 0)
		note_drop(t, &f);
	if (r == 0 && f.place == PLACE_BLOCKED && !w->no_block)
		say_blocked(w, t);
	if (r != -ENOENT) {
		t->missed = false;
		return;
	}
	if (is_rejected(t, &why)) {
		complain("%s/%s was rejected: %s", t->desk->name, t->id,
		         str_text(&why));
		give_up(w, t, EXIT_BAD_DATA);
	} else if (t->missed) {
		complain("%s/%s is no more: somebody has removed it",
		         t->desk->name, t->id);
		give_up(w, t, EXIT_NOT_FOUND);
	}
	t->missed = true;
}

/* A search costs much more than a look: of thousands, a few at a time. */
static void
check_some(struct waiting *w)
{
	for (size_t i = 0; i < w->ntasks && i < CHECKS_AT_ONCE; i++) {
		check(w, &w->tasks[w->next_check % w->ntasks]);
		w->next_check++;
	}
}

static void
look_at_all(struct waiting *w)
{
	for (size_t i = 0; i < w->ntasks; i++)
		look(w, &w->tasks[i]);
	for (size_t i = 0; i < w->ntasks; i++)
		look_for_question(w, &w->tasks[i]);
}

static void
on_rescan(void *arg)
{
	struct waiting *w = arg;

	look_at_all(w);
	check_some(w);
	if (w->over)
		looking_stop(w->looking);
}

/* Something called `name` has come into a place of its desk. */
static void
look_after(struct waiting *w, struct waiting_task *t, int about,
           const char *name)
{
	struct entry e;

	if (about == TOKEN_ENDED && strcmp(name, t->id) == 0)
		look(w, t);
	if (about == TOKEN_REJECTED && t->drop && str_starts(name, t->drop))
		check(w, t);
	if (about == TOKEN_ASKED && strcmp(name, t->id) == 0)
		look_for_question(w, t);
	if (about == TOKEN_BLOCKED && !w->no_block && str_ends(name, t->id) &&
	    entry_parse(name, &e) == 0 && strcmp(e.id, t->id) == 0)
		say_blocked(w, t);
}

static void
on_event(void *arg, enum watch_event event, int token, const char *name)
{
	struct waiting *w = arg;

	(void)event;
	for (size_t i = 0; i < w->ntasks; i++)
		if (w->tasks[i].desk == w->desks[token / TOKEN_N])
			look_after(w, &w->tasks[i], token % TOKEN_N, name);
	if (w->over)
		looking_stop(w->looking);
}

/* Say so if what is waited for cannot come by itself. */
static void
say_what_hinders(const struct waiting *w)
{
	for (size_t i = 0; i < w->ndesks; i++) {
		const struct desk *d = w->desks[i];
		autostr absent = STR_INIT;
		bool open = false;

		for (size_t j = 0; j < w->ntasks; j++)
			open |= w->tasks[j].desk == d &&
			        is_open(w, &w->tasks[j]);
		if (open && absent_tell(d, &absent))
			say(w->cx, "waiting, but %s", absent.data);
		else if (open && request_paused(d))
			say(w->cx,
			    "waiting, but agent '%s' is paused: let it go on "
			    "with: spoolhand resume %s",
			    d->name, d->name);
	}
}

static void
watch_desks(struct waiting *w)
{
	static const struct {
		enum place place;
		int about;
	} watched[] = {
		{ PLACE_OUTBOX, TOKEN_ENDED },
		{ PLACE_FAILED, TOKEN_ENDED },
		{ PLACE_REJECTED, TOKEN_REJECTED },
		{ PLACE_BLOCKED, TOKEN_BLOCKED },
		{ PLACE_QUESTIONS, TOKEN_ASKED },
	};

	for (size_t i = 0; i < w->ndesks; i++) {
		const struct desk *d = w->desks[i];

		for (size_t j = 0; j < countof(watched); j++)
			looking_watch(w->looking, d->at[watched[j].place],
			              TOKEN(i, watched[j].about), false);
	}
}

static int
complain_late(const struct waiting *w)
{
	for (size_t i = 0; w->left == 1 && i < w->ntasks; i++) {
		if (!is_open(w, &w->tasks[i]))
			continue;
		complain("the time is over and %s/%s has not ended",
		         w->tasks[i].desk->name, w->tasks[i].id);
		return EXIT_TIMED_OUT;
	}
	complain("the time is over and %zu of %zu tasks have not ended",
	         w->left, w->ntasks);
	return EXIT_TIMED_OUT;
}

int
waiting_run(struct waiting *w, bool any, int64_t deadline_ns, waiting_fn *fn,
            void *arg)
{
	autolooking *looking = NULL;
	int r = looking_open(w->cx->spool, &looking);

	if (r < 0)
		return fail(r, NULL);
	w->any = any;
	w->fn = fn;
	w->arg = arg;
	w->looking = looking;
	w->over = w->left == 0;
	watch_desks(w);
	look_at_all(w);
	if (w->over)
		return w->status;
	say_what_hinders(w);
	check_some(w);
	if (w->over)
		return w->status;
	r = looking_run(looking, deadline_ns, on_rescan, on_event, w);
	if (r < 0)
		return fail(r, NULL);
	if (r > 0)
		return w->status;
	return complain_late(w);
}

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "cli/absent.h"
#include "cli/asking.h"
#include "cli/verb.h"
#include "cli/view.h"
#include "spool/calls.h"
#include "spool/desk.h"
#include "spool/question.h"

/* The task in question, and what it asks. */
struct answering {
	struct context *cx;
	char *agent, *id;
	struct desk *desk;
	struct question q;
	struct str text;
	size_t len; /* what counts of it */
};

#define autoanswering scoped(answering_done) struct answering

static void
answering_done(struct answering *w)
{
	free(w->agent);
	free(w->id);
	desk_close(w->desk);
	question_done(&w->q);
	str_done(&w->text);
}

/* It asks nothing: what is the case, and with which command more is told. */
static int
complain_not_asked(const struct answering *w)
{
	struct view_task v;
	struct err err = { "" };
	int r = view_task(w->cx->spool, w->agent, w->id, &v, &err);

	if (r < 0)
		return fail(r, &err);
	complain("%s/%s is %s%s%s%s and asks nothing; what is asked: spoolhand "
	         "questions",
	         w->agent, w->id, v.state, v.reason ? " (" : "",
	         v.reason ? v.reason : "", v.reason ? ")" : "");
	view_task_done(&v);
	return EXIT_NOT_FOUND;
}

static int
find_question(struct answering *w, const char *ref)
{
	struct err err = { "" };
	int r = context_ref(w->cx, ref, &w->agent, &w->id);

	if (r != EXIT_FINE)
		return r;
	r = desk_open(w->cx->spool, w->agent, &w->desk, &err);
	if (r < 0)
		return fail(r, &err);
	r = question_open(w->desk, w->id, &w->q);
	return r < 0 ? complain_not_asked(w) : EXIT_FINE;
}

/* A person is asked, and ends with the line. */
static int
read_line(struct answering *w)
{
	autostr shown = STR_INIT;
	autofree char *line = NULL;
	size_t size = 0;
	ssize_t n;

	asking_add_text(&w->q, &shown);
	asking_add_terms(&w->q, &shown);
	complain("%s", str_text(&shown));
	n = getline(&line, &size, stdin);
	if (n < 0) {
		complain("no answer given");
		return EXIT_USAGE;
	}
	str_add(&w->text, line, (size_t)n);
	return EXIT_FINE;
}

static int
take_text(struct answering *w, const char *text)
{
	struct err err = { "" };
	int r;

	if (text && strcmp(text, "-") != 0) {
		str_adds(&w->text, text);
		return EXIT_FINE;
	}
	if (!text && isatty(STDIN_FILENO))
		return read_line(w);
	/* One byte more than is allowed, so that it can be told. */
	r = sys_read_all(STDIN_FILENO, CALLS_ANSWER_MAX, &w->text);
	return r < 0 && r != -EFBIG ?
	               fail(err_sys(&err, r, "cannot read the answer"), &err) :
	               EXIT_FINE;
}

/* Somebody was quicker, and his answer has not been taken yet. */
static int
compare(const struct answering *w)
{
	autostr other = STR_INIT;
	size_t n = 0;

	if (question_dropped(w->desk, w->id, w->q.number, &other) &&
	    question_accepts(&w->q, str_text(&other), other.len, &n, NULL) ==
	            0 &&
	    n == w->len && memcmp(other.data, w->text.data, n) == 0) {
		say(w->cx, "%s/%s has been given this answer already", w->agent,
		    w->id);
		return EXIT_FINE;
	}
	complain("%s/%s has been given another answer, which has not been "
	         "taken yet",
	         w->agent, w->id);
	return EXIT_TRY_LATER;
}

static int
drop(const struct answering *w)
{
	autostr absent = STR_INIT;
	autostr other = STR_INIT;
	struct err err = { "" };
	int r = question_accepts(&w->q, str_text(&w->text), w->text.len, NULL,
	                         &err);

	if (r < 0)
		return fail(r, &err);
	if (question_dropped(w->desk, w->id, w->q.number, &other))
		return compare(w);
	r = question_drop_answer(w->desk, w->id, w->q.number,
	                         str_text(&w->text), w->len, &err);
	if (r == -EEXIST)
		return compare(w);
	if (r < 0)
		return fail(r, &err);
	if (absent_tell(w->desk, &absent))
		say(w->cx, "%s; the answer is taken at its next start",
		    absent.data);
	return EXIT_FINE;
}

static int
run(struct context *cx, const struct args *a)
{
	autoanswering w = { .cx = cx };
	int r;

	if (a->noperands < 1 || a->noperands > 2) {
		complain("give a REF and one answer; several words are one in "
		         "quotes; what is asked: spoolhand questions");
		return EXIT_USAGE;
	}
	r = find_question(&w, a->operands[0]);
	if (r == EXIT_FINE)
		r = take_text(&w, a->operands[1]);
	if (r != EXIT_FINE)
		return r;
	w.len = w.text.len;
	(void)question_accepts(&w.q, str_text(&w.text), w.text.len, &w.len,
	                       NULL);
	return drop(&w);
}

const struct verb verb_answer = {
	.name = "answer",
	.operands = "REF [TEXT | -]",
	.summary = "answer what a task asks",
	.text = "TEXT, or standard input, is the answer to the open question\n"
		"of the task; blanks at its end do not count.  It is on disk\n"
		"when this ends, and the task goes on when its agent has seen\n"
		"it.  Exit 3 if the task asks nothing, 65 if this is none of\n"
		"the options, which are listed, 75 if it has been given\n"
		"another answer.\n"
		"\n"
		"example:\n"
		"  spoolhand answer db/plan postgres\n",
	.run = run,
};

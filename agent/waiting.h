/*
 * waiting.h - a task that is PENDING, and what it waits for.
 *
 *   waits.c    the list of them: looked at when something has come or is due
 *   settling.c one look at one: moved, withdrawn, asked about, or it waits on
 *   missing.c  what becomes of one whose inputs are late or will never come
 *   folders.c  the folders of files that they wait for, watched
 *   circles.c  tasks that wait for each other, told once
 *
 * Each is looked at as a whole: its file is read, its inputs are looked for,
 * and then it is moved, withdrawn, asked about, or waits on.  What is kept
 * here is only what tells when to look.
 */
#ifndef AGENT_WAITING_H
#define AGENT_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/dues.h"
#include "base/loop.h"
#include "base/strset.h"
#include "base/watch.h"
#include "spool/entry.h"
#include "spool/inputs.h"
#include "spool/settle.h"
#include "spool/task.h"

struct agent;

/* A file: input, and the name to look out for in a folder. */
struct awaited {
	char *input;
	size_t folder; /* in folders.all; FOLDERS_NONE: not watched */
	char *step;    /* a folder that has to come first; NULL: the file */
};

struct waiting {
	struct due due; /* the first member: a due is a waiting */
	struct entry entry;
	size_t index; /* in agent.waiting */
	char **refs;
	struct settle *settles; /* one an input; NULL: none is a file */
	struct awaited *files;
	size_t nfiles;
	int64_t until_ms;    /* the same as due, by the wall clock; 0: none */
	int64_t since_ms;    /* input_timeout counts from here: wall clock */
	int64_t answered_ms; /* somebody said: wait on; 0: nobody */
	bool without;        /* run with what there is: record.h */
	bool asked;          /* its question is there */
	enum {
		MISSING_ANSWER_NONE,
		MISSING_ANSWER_RUN,
		MISSING_ANSWER_WAIT,
		MISSING_ANSWER_FAIL,
	} answer; /* "fail" stays until that could be done */
};

/* settling.c: true if it is not PENDING any more. */
bool settling_look(struct agent *a, struct waiting *w, const struct task *t);

/* missing.c: what to do now. */
enum missing_act {
	MISSING_WAIT = 1,
	MISSING_GO,      /* all is there, or it was said that it may run */
	MISSING_WITHOUT, /* now it is said */
	MISSING_LATE,    /* withdraw: input_timeout */
	MISSING_FAILED,  /* withdraw: dependency_failed */
	MISSING_ASK,     /* a person */
};

/* `*until_ms`: when this may change by itself, by the wall clock; 0: never. */
enum missing_act missing_decide(const struct waiting *w, const struct task *t,
                                const struct inputs *look, int64_t now_ms,
                                int64_t *until_ms);

/* Ask, or take the question back; they change w->asked.  -errno. */
int missing_ask(struct agent *a, struct waiting *w, const struct task *t,
                const struct inputs *look);
int missing_unask(struct agent *a, struct waiting *w);

/* Remember, over a restart: run it so; or what was answered.  -errno. */
int missing_run_without(struct agent *a, struct waiting *w);
int missing_take_answer(struct agent *a, struct waiting *w);

/* What it waits for, in words: "waits for pm/x and 2 more". */
char *missing_words(const struct inputs *look);

/* folders.c */
#define FOLDERS_NONE SIZE_MAX

struct folders {
	struct watch *watch; /* of its own: one folder, one token; or NULL */
	struct folder {
		uint64_t dev, ino;
		size_t users;
	} * all;
	size_t n, cap;
};

/* Watch for its files, in folders as they are now; then look for them. */
void folders_know(struct agent *a, struct waiting *w);
void folders_forget(struct agent *a, struct waiting *w);
void folders_done(struct agent *a);

/* circles.c */
struct circles {
	struct strset ids; /* to be looked at */
	struct loop_timer timer;
	int64_t rest_until_ns; /* looking at all of a spool takes time */
};

/* It waits from now on for other tasks: see whether they wait for it. */
void circles_note(struct agent *a, const char *id);
void circles_done(struct agent *a);

#endif

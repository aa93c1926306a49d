/*
 * childtask.h - the task that a task calls: its name, its line of parents,
 * and what has become of it.
 */
#ifndef CLI_CHILDTASK_H
#define CLI_CHILDTASK_H

#include "base/err.h"
#include "base/str.h"
#include "spool/desk.h"
#include "spool/entry.h"
#include "spool/state.h"

#define CHILDTASK_DEEPEST 100

/*
 * Its id: the same in every run of the parent, another one if the parent was
 * begun again, which gives it another sequence number.  To free.
 */
char *childtask_id(const char *agent, const struct entry *parent, unsigned n);

/*
 * How many tasks called one another down to the one at `agent`, whose header
 * says `parent` (NULL: nobody called it, 0); at most CHILDTASK_DEEPEST are
 * looked at.  Who is no longer there ends the line.
 */
int childtask_depth(struct spool *s, const char *parent);

enum childtask_state {
	CHILDTASK_LIVES = 1, /* it will end, or is not yet admitted */
	CHILDTASK_ENDED,
	CHILDTASK_REJECTED,
	CHILDTASK_GONE, /* removed, before or after its end */
};

struct childtask {
	enum childtask_state state;
	enum place place; /* ENDED: PLACE_OUTBOX or PLACE_FAILED */
	struct str why;   /* REJECTED: the reason; a failed one: how */
};

#define autochildtask scoped(childtask_done) struct childtask

/* -errno with `err`; `d` may be NULL if there is no such desk any more. */
int childtask_look(struct desk *d, const char *id, struct childtask *out,
                   struct err *err);
void childtask_done(struct childtask *c);

/*
 * Copy the files below d/`place`/id/out into the directory `dir`, which is
 * made; files of the same names are replaced, each by one rename, others are
 * left alone.
 */
int childtask_artifacts(const struct desk *d, enum place p, const char *id,
                        const char *dir, struct err *err);

#endif

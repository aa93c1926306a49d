/*
 * answers.h - questions of tasks, and the answers to them.
 *
 *   questions.c  questions/, deadlines     answers.c  answers/
 *   claims.c     what has been claimed of answers/
 *
 * The order of an answer, each step durable before the next: claimed, recorded
 * for the task, let go of, told in the journal; then the question goes and
 * the task becomes READY.  What a crash cuts short is finished at the start.
 *
 * Questions of BLOCKED tasks are those of their durable calls, with numbers
 * from 1.  For a PENDING task the agent itself asks, with number 0: that is
 * published and withdrawn by missing.c, and waits_answered() takes the answer.
 */
#ifndef AGENT_ANSWERS_H
#define AGENT_ANSWERS_H

#include "agent/agent.h"

#define ANSWERS_AGAIN_NS (2 * CLOCK_NS_PER_S) /* what the disk did not allow */

/* Something may be in answers/: one name, or look at all. */
void answers_seen(struct agent *a, const char *name);
void answers_scan(struct agent *a);
void answers_run(void *agent);

/* Finish what was begun; then what lies there counts, before any deadline. */
void answers_recover(struct agent *a);
void answers_done(struct agent *a);

/* One that has just been BLOCKED on a question. */
void questions_ask(struct agent *a, const char *id);

/* Its deadline has passed: true if it is to go on, and `why`. */
bool questions_late(struct agent *a, const struct blocked *b, const char **why);

/* Is there a task that waits for an answer, or its agent for it? */
bool questions_is_asked(const struct agent *a, const char *id);

/* Make questions/ what it should be. */
void questions_tidy(struct agent *a);

/* All BLOCKED on a question, apart from the list, which changes; to free. */
struct blocked **questions_list(const struct agent *a, size_t *n);

/* Write this line with as much of the text as its `why` as it may have. */
void questions_note(struct agent *a, struct journal_line *line,
                    const char *text, size_t len);

/*
 * What was claimed for question `n` is recorded, or rejected; `as` is what it
 * was called.  What the disk does not allow now is tried again.
 */
void claims_take(struct agent *a, const char *id, int64_t n, const char *as);

/* It is recorded: let go of the claim, and tell. */
void claims_accepted(struct agent *a, const char *id, int64_t n,
                     const char *reason, const struct str *text, int64_t uid);

/* It was rejected, or with `r` < 0 could not be: tell. */
void claims_refused(struct agent *a, const char *name, const char *id,
                    const char *why, int r, const struct err *err);

/* What an earlier failure, or a crash, has left claimed. */
void claims_finish(struct agent *a);

/*
 * The same for what the agent itself asks about a PENDING task.  An answer
 * that was claimed before it was asked has been taken, for an earlier one.
 */
void claims_finish_own(struct agent *a, const char *id);

#endif

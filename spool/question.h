/*
 * question.h - what a task asks a person: questions/ID.
 *
 * questions/ID is YAML that a person can read as it is; it is there while the
 * task waits for an answer.  What counts is the durable call that asks, and
 * that the task is BLOCKED on it: questions/ID can be made again from these at
 * any time, and is never synced.  answer.h has the other direction.
 *
 * The owner of the desk: question_publish() when the task waits,
 * question_withdraw() when it does no longer.
 * Others: question_read() or question_open(), question_accepts(),
 * question_drop_answer().
 */
#ifndef SPOOL_QUESTION_H
#define SPOOL_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "spool/desk.h"

struct question {
	char *text;
	char **options; /* NULL-ended; NULL: any answer will do */
	char *fallback; /* taken at the deadline; NULL: the task fails then */
	int64_t asked_ms, deadline_ms; /* wall clock; 0: none */
	int64_t number; /* of the durable call; 0: the agent itself asks */
};

#define autoquestion scoped(question_done) struct question

void question_done(struct question *q);

/* Write questions/ID; the same question again changes nothing. */
int question_publish(struct desk *d, const char *id, const struct question *q);

/* -ENOENT: it asks nothing; -EBADMSG: what lies there is no question. */
int question_read(const struct desk *d, const char *id, struct question *q,
                  struct err *err);

/* Removing one that is not there is fine. */
int question_withdraw(struct desk *d, const char *id);

/* The question of durable call `n`.  -ENOENT, or -EBADMSG: it asks nothing. */
int question_of_call(const struct desk *d, const char *id, unsigned n,
                     struct question *q);

/*
 * What the task asks: by questions/ID, else, for one that is BLOCKED on a
 * question, by its record.  -ENOENT: nothing.
 */
int question_open(const struct desk *d, const char *id, struct question *q);

/*
 * Is this an answer?  -EBADMSG with the list of options in `err` if not.
 * Blanks and newlines at the end of `answer` do not count: `*kept`, which may
 * be NULL, is how much of it does.
 */
int question_accepts(const struct question *q, const char *answer, size_t len,
                     size_t *kept, struct err *err);

/*
 * Drop an answer durably, for question number `n`.  -EEXIST: one lies there,
 * which question_dropped() reads.
 */
int question_drop_answer(struct desk *d, const char *id, int64_t n,
                         const char *text, size_t len, struct err *err);

/* 1 and the answer to question `n` that lies there, not taken yet; 0: none. */
int question_dropped(const struct desk *d, const char *id, int64_t n,
                     struct str *text);

/* Does questions/ID wait for somebody, and not only for the agent? */
bool question_waits(const struct desk *d, const char *id, struct question *q);

#endif

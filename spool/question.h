/*
 * question.h - what a task asks a person: questions/ID, answers/ID.
 *
 * questions/ID is YAML that a person can read as it is; it is there exactly
 * while the task waits for an answer.  An answer is a file answers/ID (or
 * answers/ID.N for question number N, which cannot be taken for an answer to
 * another one), dropped by rename or written in place; the agent claims it by
 * one rename and so consumes it once.
 *
 * The owner of the desk: question_publish() before the task waits,
 * question_claim() for what is dropped, question_withdraw() in the end.
 * Others: question_read(), question_drop_answer().
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
int question_withdraw(struct desk *d, const char *id);

/*
 * Is this an answer?  -EBADMSG with the list of options in `err` if not.
 * Blanks and newlines at the end of `answer` do not count.
 */
int question_accepts(const struct question *q, const char *answer, size_t len,
                     struct err *err);

/* Drop an answer durably, for question number `n`.  -EEXIST: one lies there. */
int question_drop_answer(struct desk *d, const char *id, int64_t n,
                         const char *text, size_t len, struct err *err);

#endif

/*
 * answer.h - answers to what tasks ask: answers/ID, answers/ID.N.
 *
 * An answer is a file that anybody may drop, by rename or written in place.
 * ID.N answers question number N and no other.  An answer is taken once, by
 * one rename: to work/ID/answer.N, where N is the question that is open.
 * What is told to the task is a copy of it.
 *
 * The owner of the desk, for each name in answers/:
 *   1. answer_parse()   for which task, which question?
 *   2. answer_claim()   when it is whole: taken, and not to be lost
 *   3. answer_read()    its text, for question_accepts()
 *   4. the answer is recorded (calls.h), then answer_done(); or
 *      answer_reject()
 * A claim that a crash has left is taken up at 3.
 */
#ifndef SPOOL_ANSWER_H
#define SPOOL_ANSWER_H

#include <stdint.h>

#include "base/err.h"
#include "base/name.h"
#include "base/str.h"
#include "spool/desk.h"
#include "spool/inbox.h"

struct answer_name {
	char id[NAME_LONGEST + 1];
	int64_t number; /* -1: whichever is open */
};

/*
 * Read ID.N; -EBADMSG: it has no number.  The caller takes the whole name for
 * an id first: an id may hold dots.
 */
int answer_parse(const char *name, struct answer_name *out);

/*
 * 1: claimed for question `n` of task `id`; 0: not whole, look again at
 * drop->settle.recheck_ns; -ENOENT: gone; -EEXIST: there is a claim, which
 * comes first; -EBADMSG: can never be an answer, `err` says why: reject it
 * from PLACE_ANSWERS.
 */
int answer_claim(struct desk *d, struct drop *drop, const char *id, int64_t n,
                 int64_t now_ns, int64_t settle_ns, struct err *err);

/*
 * The claim for question `n`, and whose file it is.  -ENOENT: none; -EBADMSG:
 * it has no text.
 */
int answer_read(const struct desk *d, const char *id, int64_t n,
                struct str *text, int64_t *uid, struct err *err);

/* Move the claim to rejected/ under the name `as`, with the reason `why`. */
int answer_reject(struct desk *d, const char *id, int64_t n, const char *as,
                  const char *why, struct err *err);

/* It is recorded: let the claim go, whatever it is.  None is fine. */
int answer_done(struct desk *d, const char *id, int64_t n);

#endif

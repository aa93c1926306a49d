/*
 * What BLOCKED tasks ask: in questions/ as long as they wait, and until their
 * deadlines.
 */
#include "agent/answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "spool/calls.h"
#include "spool/find.h"
#include "spool/question.h"

#define TOLD_MAX 200 /* bytes of a text in the journal */

void
questions_note(struct agent *a, struct journal_line *line, const char *text,
               size_t len)
{
	size_t n = len > TOLD_MAX ? utf8_first_bad(text, TOLD_MAX) : len;
	autofree char *cut = mem_dupn(text, n);
	autofree char *why = mem_printf("%s%s", cut, n < len ? "…" : "");

	line->why = why;
	(void)journal_write(&a->journal, clock_wall_ms(), line);
	line->why = NULL;
}

/*
 * What a task asks; what the disk does not tell now is looked at again at the
 * next rescan, or second.
 */
static int
read_question(const struct agent *a, const struct blocked *b,
              struct question *q)
{
	int r = question_of_call(a->desk, b->id, b->call, q);

	return r < 0 && err_class(r) != ERR_RETRY ? -EBADMSG : r;
}

/* -EBADMSG: what it asks is damaged. */
static int
publish(struct agent *a, const struct blocked *b)
{
	autoquestion q = { 0 };
	int r = read_question(a, b, &q);

	if (r == -EBADMSG)
		return r;
	if (r == 0)
		r = question_publish(a->desk, b->id, &q);
	if (r < 0)
		log_warn("agent=%s task=%s its question cannot be published: "
		         "%s; tried again at the next rescan",
		         a->desk->name, b->id, err_name(r));
	return 0;
}

/* What it asks is damaged: it goes on, and its script tells. */
static void
ask_anew(struct agent *a, const char *id)
{
	(void)blocked_unblock(a, id, "what it asks cannot be read");
}

void
questions_ask(struct agent *a, const char *id)
{
	const struct blocked *b = blocklist_find(&a->blocked, id);
	struct journal_line line = JOURNAL_LINE;
	autoquestion q = { 0 };

	if (!b)
		return;
	if (read_question(a, b, &q) == 0) {
		line.ev = "ask";
		line.id = id;
		line.until_ms = q.deadline_ms;
		questions_note(a, &line, q.text, strlen(q.text));
	}
	if (publish(a, b) < 0) {
		ask_anew(a, id);
		return;
	}
	/* It may be that it was answered, when a retry made it ask again. */
	if (calls_answered(a->desk, id, b->call))
		(void)blocked_unblock(a, id, "it was answered");
}

struct blocked **
questions_list(const struct agent *a, size_t *n)
{
	struct blocked **all = NULL;
	struct blocked *b;
	size_t at = 0, cap = 0;

	*n = 0;
	while ((b = blocklist_next(&a->blocked, &at))) {
		if (b->reason != BLOCK_QUESTION)
			continue;
		mem_room(&all, *n, &cap, sizeof(struct blocked *));
		all[(*n)++] = b;
	}
	return all;
}

bool
questions_is_asked(const struct agent *a, const char *id)
{
	const struct blocked *b = blocklist_find(&a->blocked, id);
	autoquestion q = { 0 };
	enum place place;
	struct entry e;

	if (b)
		return b->reason == BLOCK_QUESTION;
	return waits_find(a, id, &e, &place) && place == PLACE_PENDING &&
	       question_read(a->desk, id, &q, NULL) == 0 && q.number == 0;
}

void
questions_tidy(struct agent *a)
{
	autostrset there = STRSET_INIT;
	char **names = NULL;
	size_t n;
	autofree struct blocked **all = questions_list(a, &n);
	int r = find_list(a->desk, PLACE_QUESTIONS, &names);

	for (char **p = names; r == 0 && *p; p++) {
		if (!name_ok(*p))
			continue; /* not ours */
		(void)strset_add(&there, *p);
		if (!questions_is_asked(a, *p))
			(void)question_withdraw(a->desk, *p);
		else if (!blocklist_find(&a->blocked, *p))
			claims_finish_own(a, *p);
	}
	keys_free_list(names);
	for (size_t i = 0; r == 0 && i < n; i++) {
		autofree char *id = mem_dup(all[i]->id);

		if (!strset_has(&there, id) && publish(a, all[i]) < 0)
			ask_anew(a, id);
	}
}

/* Its deadline has passed, and it gave none: it is to end. */
static int
doom(struct agent *a, const struct blocked *b, const char *text)
{
	struct journal_line line = JOURNAL_LINE;
	struct record rec;
	int r;

	record_read(a->desk, b->id, &rec);
	rec.reason = BLOCK_NONE;
	rec.until_ms = 0;
	rec.call = 0;
	(void)snprintf(rec.doom, sizeof(rec.doom), "%s",
	               verdict_name(VERDICT_NO_ANSWER));
	(void)snprintf(rec.message, sizeof(rec.message),
	               "nobody answered in time: %.400s", text);
	r = record_write(a->desk, b->id, &rec);
	if (r < 0)
		return r;
	line.ev = "answer";
	line.id = b->id;
	line.reason = "none";
	questions_note(a, &line, rec.message, strlen(rec.message));
	return 0;
}

/* 0 if the default is, or was, taken. */
static int
take_default(struct agent *a, const struct blocked *b, char *fallback)
{
	struct str text = { fallback, strlen(fallback), 0 };
	int r = calls_answer(a->desk, b->id, b->call, fallback, text.len);

	if (r == 0)
		claims_accepted(a, b->id, b->call, "default", &text, -1);
	return r == -EEXIST ? 0 : r;
}

bool
questions_late(struct agent *a, const struct blocked *b, const char **why)
{
	autofree char *claim = mem_printf("%s/answer.%u", b->id, b->call);
	autoquestion q = { 0 };
	int r = read_question(a, b, &q);

	*why = "what it asks cannot be read";
	if (r == -EBADMSG)
		return true;
	if (r == 0 && calls_answered(a->desk, b->id, b->call)) {
		*why = "it was answered";
	} else if (sys_exists(a->desk->at[PLACE_WORK], claim) != 0) {
		return false; /* in time, but it could not be recorded yet */
	} else if (r == 0 && q.fallback) {
		*why = "nobody answered in time: the default is taken";
		r = take_default(a, b, q.fallback);
	} else if (r == 0) {
		*why = "nobody answered in time";
		r = doom(a, b, q.text);
	}
	if (r < 0)
		log_warn("agent=%s task=%s its deadline has passed, but: %s, "
		         "retry in 1s",
		         a->desk->name, b->id, err_name(r));
	return r >= 0;
}

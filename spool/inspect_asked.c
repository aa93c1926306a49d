#include "spool/inspect_asked.h"

#include <errno.h>

#include "base/keys.h"
#include "base/name.h"
#include "base/sys.h"
#include "spool/calls.h"
#include "spool/find.h"
#include "spool/question.h"
#include "spool/record.h"
#include "spool/state.h"

/* Does it wait for an answer?  Its agent may ask for one that is PENDING. */
static bool
waits(const struct desk *d, const struct strset *ids, const char *id,
      struct record *rec)
{
	int state = strset_get(ids, id);

	record_read(d, id, rec);
	return state == TASK_PENDING ||
	       (state == TASK_BLOCKED && rec->reason == BLOCK_QUESTION);
}

static void
look_at_question(const struct desk *d, const struct strset *ids,
                 const char *name, struct findings *out)
{
	struct record rec;

	if (!name_ok(name))
		findings_add(out, "bad-name", REPAIR_PUT_ASIDE, "questions",
		             name, "this is not the name of a question");
	else if (!waits(d, ids, name, &rec))
		findings_add(out, "question-alone", REPAIR_REMOVE, "questions",
		             name,
		             "no task waits for the answer; the agent removes "
		             "it at its next start");
}

static void
look_at_task(const struct desk *d, const struct strset *ids, const char *id,
             struct findings *out)
{
	struct record rec;

	if (strset_get(ids, id) != TASK_BLOCKED || !waits(d, ids, id, &rec) ||
	    sys_exists(d->at[PLACE_QUESTIONS], id) != 0 ||
	    calls_answered(d, id, rec.call))
		return;
	findings_add(out, "no-question", REPAIR_QUESTION, "questions", id,
	             "the task waits for an answer, but nobody is asked");
}

int
inspect_asked(const struct desk *d, const struct strset *ids,
              struct findings *out)
{
	char **names = NULL;
	const char *id;
	size_t at = 0;
	int r = find_list(d, PLACE_QUESTIONS, &names);

	for (char **p = names; r == 0 && *p; p++)
		look_at_question(d, ids, *p, out);
	keys_free_list(names);
	while (r == 0 && (id = strset_next(ids, &at)))
		look_at_task(d, ids, id, out);
	return r;
}

int
inspect_asked_repair(struct desk *d, const char *id)
{
	autoquestion q = { 0 };
	struct record rec;
	int r;

	record_read(d, id, &rec);
	if (rec.reason != BLOCK_QUESTION)
		return -ENOENT;
	r = question_of_call(d, id, rec.call, &q);
	/* What cannot be read cannot be asked: the agent runs it again. */
	if (r == -EBADMSG)
		return -ENOENT;
	return r < 0 ? r : question_publish(d, id, &q);
}

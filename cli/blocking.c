#include "cli/blocking.h"

#include "base/clock.h"
#include "cli/asking.h"
#include "spool/question.h"
#include "spool/record.h"

void
blocking_add(const struct desk *d, const char *id, struct str *out)
{
	struct record rec;

	record_read(d, id, &rec);
	str_addf(out, "%s/%s is BLOCKED", d->name, id);
	if (rec.reason)
		str_addf(out, " (%s)", state_reason_name(rec.reason));
	if (rec.message[0])
		str_addf(out, ": %s", rec.message);
}

static void
add_question(const struct desk *d, const char *id, struct str *out)
{
	autoquestion q = { 0 };

	if (question_open(d, id, &q) < 0)
		return; /* answered meanwhile */
	asking_add_terms(&q, out);
	str_adds(out, "; answer it with: ");
	asking_add_command(d->name, id, &q, out);
}

void
blocking_add_next(const struct desk *d, const char *id, struct str *out)
{
	struct proc_id self = { 0 };
	char buf[CLOCK_TEXT_MAX];
	struct record rec;
	int64_t left;

	record_read(d, id, &rec);
	if (rec.reason == BLOCK_QUESTION) {
		add_question(d, id, out);
		return;
	}
	(void)proc_self(&self);
	left = record_wait_left(&rec, self.boot, clock_boot_ns(),
	                        clock_wall_ms());
	if (left)
		str_addf(out, "; %s in %s",
		         rec.reason == BLOCK_SLEEP ? "it goes on" :
		                                     "tried again",
		         clock_format_duration(left / CLOCK_NS_PER_MS, buf));
}

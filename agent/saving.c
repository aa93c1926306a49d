/*
 * From the end of a worker to a published result: staged, synced, read back,
 * published.
 */
#include <errno.h>
#include <stdio.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "spool/result.h"

static struct ending
ending_of(const struct agent *a, enum outcome outcome, enum verdict v,
          const char *message)
{
	const struct attempt *run = &a->run;
	int64_t took = clock_boot_ns() - run->facts.started_boot_ns;

	return (struct ending){
		.outcome = outcome,
		.reason = v == VERDICT_OK ? NULL : verdict_name(v),
		.failure = verdict_class(v),
		.message = v == VERDICT_OK ? NULL : message,
		.exit = run->facts.end.exit,
		.signal = run->facts.end.signal,
		.uid = run->facts.uid,
		.admitted_ms = run->facts.admitted_ms,
		.started_ms = run->facts.started_ms,
		.first_started_ms = run->record.first_started_ms,
		.ended_ms = clock_wall_ms(),
		.wall_ms = took / CLOCK_NS_PER_MS,
		.user_ms = run->facts.end.user_ms,
		.system_ms = run->facts.end.system_ms,
		.max_rss_kib = run->facts.end.max_rss_kib,
	};
}

void
saving_show(struct agent *a, enum phase phase)
{
	struct progress *p = &a->run.channel.now;

	if (!p->updated_ms)
		return;
	p->phase = phase;
	p->percent = progress_band(phase, 0);
	p->updated_ms = clock_wall_ms();
	(void)progress_write(a->desk, a->run.entry.id, p);
}

static int
stage(struct agent *a, struct err *err)
{
	struct attempt *run = &a->run;
	struct ending end = ending_of(
		a,
		run->closing_verdict == VERDICT_OK ? OUT_COMPLETED : OUT_FAILED,
		run->closing_verdict, run->closing_message);
	autocascade children = CASCADE_INIT;
	int r = 0;

	end.children = &children;
	if (run->closing_verdict == VERDICT_CANCELLED)
		r = cascade_cancel(a->desk, run->entry.id, &children, err);
	if (r == 0)
		r = result_stage(a->desk, PLACE_SAVING, &a->run.entry,
		                 &a->run.task, &end, clock_wall_ms(), err);
	if (r == 0)
		r = result_sync(a->desk, a->run.entry.id, err);
	return r;
}

/* It cannot be published as it is: it FAILED, without its artifacts. */
static int
stage_refused(struct agent *a, enum verdict v, struct err *err)
{
	struct attempt *run = &a->run;
	int r;

	/* First of all, so that no further try can take it for done. */
	run->closing_verdict = v;
	(void)snprintf(run->closing_message, sizeof(run->closing_message),
	               "%.511s", err->text);
	r = result_refuse(a->desk, run->entry.id);
	return r < 0 ? err_sys(err, r, "cannot put artifacts aside") :
	               stage(a, err);
}

int
saving_publish(struct agent *a, struct err *err)
{
	int r = stage(a, err);

	if (r < 0 && err_class(r) == ERR_REJECT)
		r = stage_refused(a, VERDICT_BAD_ARTIFACT, err);
	if (r < 0)
		return r;
	saving_show(a, PHASE_VERIFYING);
	r = result_verify(a->desk, a->run.entry.id, err);
	if (r == -EBADMSG)
		r = stage_refused(a, VERDICT_VERIFY_FAILED, err);
	if (r == 0)
		r = result_publish(a->desk, &a->journal, PLACE_SAVING,
		                   &a->run.entry, clock_wall_ms(), err);
	return r;
}

#include "orchestrator/supervise.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define KILL_AFTER_NS (10 * CLOCK_NS_PER_S)

void
supervise_init(struct supervise *s, const struct ward_ground *ground,
               const struct config *config)
{
	*s = (struct supervise){ .ground = *ground };
	s->ground.rules = (struct roster_rules){
		.backoff_ns = config->restart_backoff_ms * CLOCK_NS_PER_MS,
		.backoff_max_ns =
			config->restart_backoff_max_ms * CLOCK_NS_PER_MS,
		.window_ns = config->quarantine_window_ms * CLOCK_NS_PER_MS,
		.after = (size_t)config->quarantine_after,
	};
	s->nwards = config->nagents;
	s->wards = mem_new(s->nwards, sizeof(*s->wards));
	for (size_t i = 0; i < s->nwards; i++)
		ward_init(&s->wards[i], &s->ground, config->agents[i].name);
}

void
supervise_done(struct supervise *s)
{
	if (s->ground.loop)
		loop_clear(s->ground.loop, &s->kill_timer);
	for (size_t i = 0; i < s->nwards; i++)
		ward_done(&s->wards[i]);
	free(s->wards);
	*s = (struct supervise){ 0 };
}

void
supervise_begin(struct supervise *s)
{
	for (size_t i = 0; i < s->nwards; i++)
		ward_attend(&s->wards[i]);
}

static struct ward *
child_of(struct supervise *s, pid_t pid)
{
	for (size_t i = 0; i < s->nwards; i++)
		if (s->wards[i].pid == pid && !s->wards[i].adopted)
			return &s->wards[i];
	return NULL;
}

void
supervise_reap(struct supervise *s)
{
	struct child_end end;

	while (child_reap(&end) == 1) {
		struct ward *w = child_of(s, end.pid);

		/* As process 1 of a container we are given others', too. */
		if (w)
			ward_ended(w, &(struct roster_end){
					      .seen = true,
					      .exit = end.exit,
					      .signal = end.signal,
				      });
	}
}

void
supervise_rescan(struct supervise *s)
{
	for (size_t i = 0; i < s->nwards; i++)
		ward_look_at_quarantine(&s->wards[i]);
}

void
supervise_resume(struct supervise *s, const char *name)
{
	for (size_t i = 0; i < s->nwards; i++)
		if (strcmp(s->wards[i].agent.name, name) == 0)
			ward_resume(&s->wards[i]);
}

void
supervise_stop(struct supervise *s)
{
	for (size_t i = 0; i < s->nwards; i++)
		ward_stop(&s->wards[i]);
}

static void
kill_the_rest(void *supervise)
{
	struct supervise *s = supervise;

	for (size_t i = 0; i < s->nwards; i++) {
		struct ward *w = &s->wards[i];

		if (w->pidfd < 0)
			continue;
		log_error("agent=%s pid=%d did not end in time, killed",
		          w->agent.name, (int)w->pid);
		ward_signal(w, SIGKILL);
	}
}

/*
 * To an agent its second signal means "now".  SIGTERM may still be waiting to
 * be read and would swallow another; SIGINT is told apart from it.
 */
void
supervise_stop_now(struct supervise *s)
{
	supervise_stop(s);
	for (size_t i = 0; i < s->nwards; i++)
		ward_signal(&s->wards[i], SIGINT);
	if (!s->kill_timer.armed)
		loop_arm(s->ground.loop, &s->kill_timer,
		         clock_boot_ns() + KILL_AFTER_NS, kill_the_rest, s);
}

size_t
supervise_alive(const struct supervise *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nwards; i++)
		n += s->wards[i].pidfd >= 0;
	return n;
}

#include "agent/stall.h"

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"

/* The wall clock was set meanwhile: times of files tell nothing. */
#define DRIFT_NS CLOCK_NS_PER_S

static void on_time(void *agent);

static struct stall_file
look_at(const struct agent *a, const char *name)
{
	autofree char *path = mem_printf("%s/%s", a->run.entry.id, name);
	struct stat st;

	if (sys_stat(a->desk->at[PLACE_WORK], path, &st) < 0)
		return (struct stall_file){ 0 };
	return (struct stall_file){
		.size = st.st_size,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * CLOCK_NS_PER_S +
		            st.st_mtim.tv_nsec,
	};
}

static struct stall_look
look(const struct agent *a)
{
	return (struct stall_look){
		.out = look_at(a, "stdout"),
		.errors = look_at(a, "stderr"),
		.wall_ns = clock_wall_ms() * CLOCK_NS_PER_MS,
		.boot_ns = clock_boot_ns(),
	};
}

/* The time of a file on the boot clock, between the two looks. */
static int64_t
written(const struct stall_look *before, const struct stall_look *now,
        const struct stall_file *was, const struct stall_file *is)
{
	int64_t drift = (now->wall_ns - before->wall_ns) -
	                (now->boot_ns - before->boot_ns);
	int64_t at = now->boot_ns - (now->wall_ns - is->mtime_ns);

	if (was->size == is->size && was->mtime_ns == is->mtime_ns)
		return 0;
	if (drift > DRIFT_NS || drift < -DRIFT_NS || at > now->boot_ns)
		return now->boot_ns;
	return at < before->boot_ns ? before->boot_ns : at;
}

int64_t
stall_written_ns(const struct stall_look *before, const struct stall_look *now)
{
	int64_t out = written(before, now, &before->out, &now->out);
	int64_t errors = written(before, now, &before->errors, &now->errors);

	return out > errors ? out : errors;
}

static void
arm(struct agent *a, int64_t from_ns)
{
	loop_arm(a->loop, &a->run.stall.timer,
	         from_ns + a->role->stall_ms * CLOCK_NS_PER_MS, on_time, a);
}

static void
show(struct agent *a, int64_t stalled_ms, int64_t quiet_ms)
{
	struct progress *p = &a->run.channel.now;

	p->phase = PHASE_WORKING;
	p->stalled_ms = stalled_ms;
	p->quiet_ms = quiet_ms;
	/* For people only: a disk that is full just does not show it. */
	(void)progress_write(a->desk, a->run.entry.id, p);
}

static void
tell(struct agent *a, int64_t now_ns)
{
	struct journal_line line = JOURNAL_LINE;
	int64_t quiet_ms = (now_ns - a->run.stall.sign_ns) / CLOCK_NS_PER_MS;
	int64_t wall_ms = clock_wall_ms();
	bool stop = a->role->on_stall == CONFIG_STOP;
	char text[CLOCK_TEXT_MAX];
	autofree char *why = mem_printf("no output or progress for %s",
	                                clock_format_duration(quiet_ms, text));

	line.ev = "stall";
	line.id = a->run.entry.id;
	line.entry = &a->run.entry;
	line.reason = stop ? "stop" : "tell";
	line.why = why;
	(void)journal_write(&a->journal, wall_ms, &line);
	log_warn("agent=%s task=%s attempt=%u %s; %s%s%s%s", a->desk->name,
	         a->run.entry.id, a->run.entry.attempts, why,
	         stop ? "it is stopped" : "stop it with: spoolhand cancel ",
	         stop ? "" : a->desk->name, stop ? "" : "/",
	         stop ? "" : a->run.entry.id);
	show(a, wall_ms, wall_ms - quiet_ms);
}

static void
on_time(void *agent)
{
	struct agent *a = agent;
	struct stall *s = &a->run.stall;
	struct stall_look now = look(a);
	int64_t written_ns = stall_written_ns(&s->look, &now);

	if (!a->run.worker || worker_stopping(a->run.worker))
		return;
	s->look = now;
	if (written_ns > s->sign_ns) {
		s->sign_ns = written_ns;
		if (s->told)
			show(a, 0, 0);
		s->told = false;
	}
	if (s->sign_ns + a->role->stall_ms * CLOCK_NS_PER_MS > now.boot_ns) {
		arm(a, s->sign_ns);
		return;
	}
	if (!s->told)
		tell(a, now.boot_ns);
	s->told = true;
	if (a->role->on_stall == CONFIG_STOP) {
		s->stopped = true;
		worker_stop(a->run.worker);
		return;
	}
	/* It may come back to life, and fall silent again. */
	arm(a, now.boot_ns);
}

void
stall_begin(struct agent *a)
{
	struct stall *s = &a->run.stall;

	if (!a->role->stall_ms)
		return;
	s->look = look(a);
	s->sign_ns = s->look.boot_ns;
	s->told = false;
	arm(a, s->sign_ns);
}

void
stall_sign(struct agent *a)
{
	struct stall *s = &a->run.stall;

	if (!a->role->stall_ms)
		return;
	s->sign_ns = clock_boot_ns();
	if (s->told) {
		show(a, 0, 0);
		s->told = false;
		arm(a, s->sign_ns);
	}
}

void
stall_end(struct agent *a)
{
	struct stall *s = &a->run.stall;

	loop_clear(a->loop, &s->timer);
	a->run.channel.now.stalled_ms = 0;
	s->told = false;
}

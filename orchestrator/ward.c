#include "orchestrator/ward.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "orchestrator/launch.h"
#include "orchestrator/quarantine.h"
#include "spool/desk.h"

static void
on_time(void *ward)
{
	ward_attend(ward);
}

/* Look at it again after the pause, which is put into words in `text`. */
static const char *
put_off(struct ward *w, int64_t pause_ns, char text[CLOCK_TEXT_MAX])
{
	loop_arm(w->ground->loop, &w->timer, clock_boot_ns() + pause_ns,
	         on_time, w);
	return clock_format_duration(pause_ns / CLOCK_NS_PER_MS, text);
}

static void
let_go(struct ward *w)
{
	if (w->pidfd < 0)
		return;
	if (w->adopted)
		loop_drop(w->ground->loop, w->pidfd);
	(void)close(take_fd(w->pidfd));
	w->pid = 0;
	w->adopted = false;
}

/* It has been condemned: tell people, and whoever comes after us. */
static void
quarantine(struct ward *w, const struct str *why)
{
	const struct ward_ground *g = w->ground;
	int r = quarantine_put(g->quarantine_fd, w->agent.name, str_text(why),
	                       g->spool->durable);

	loop_clear(g->loop, &w->timer);
	log_error("agent=%s quarantined: %s", w->agent.name, str_text(why));
	if (r < 0)
		log_error("agent=%s cannot write 'gm/quarantine/%s': %s; the "
		          "quarantine will not outlive this process",
		          w->agent.name, w->agent.name, err_name(r));
}

/* The pidfd of an adopted agent can be read: it has ended, unless … */
static void
on_pidfd(void *ward)
{
	static const struct roster_end unseen = { .exit = -1 };
	struct ward *w = ward;
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };

	/* … the event was for another that had the same number before. */
	if (poll(&p, 1, 0) == 1)
		ward_ended(w, &unseen);
}

/* 1: it runs and is ours to mind now; 0: nobody has the desk; or -errno. */
static int
adopt(struct ward *w, const struct desk *d)
{
	struct proc_id owner = { 0 };
	int r = desk_owner(d, &owner);

	if (r <= 0)
		return r;
	/* Held, but by whom is not written yet, or not for us to see. */
	r = owner.pid > 0 ? proc_open(&owner) : -ESRCH;
	if (r < 0)
		return r;
	w->pidfd = r;
	r = loop_add(w->ground->loop, w->pidfd, on_pidfd, w);
	if (r < 0) {
		(void)close(take_fd(w->pidfd));
		return r;
	}
	w->pid = owner.pid;
	w->adopted = true;
	w->unknown = false;
	loop_clear(w->ground->loop, &w->timer);
	(void)roster_move(&w->agent, ROSTER_RUNS, clock_boot_ns());
	log_info("agent=%s adopted pid=%d", w->agent.name, (int)w->pid);
	return 1;
}

/* The world is in the way, or the program can never be started. */
static void
cannot_start(struct ward *w, int code, const struct err *err)
{
	autostr why = STR_INIT;
	char text[CLOCK_TEXT_MAX];

	if (err_class(code) == ERR_RETRY) {
		log_warn("agent=%s %s, tried again in %s", w->agent.name,
		         err->text,
		         put_off(w,
		                 roster_put_off(&w->agent, &w->ground->rules),
		                 text));
		return;
	}
	roster_condemn(&w->agent, err->text, clock_boot_ns(), &why);
	quarantine(w, &why);
}

static void
start(struct ward *w, const struct desk *d)
{
	struct child child;
	struct err err = { "" };
	int r = launch_start(w->ground->program, d, &child, &err);

	if (r < 0) {
		cannot_start(w, r, &err);
		return;
	}
	/* Failing here means a limit that is too high for a few programs. */
	(void)fdlimit_restore(&w->ground->fds, child.pid);
	w->pid = child.pid;
	w->pidfd = child.pidfd;
	w->unknown = false;
	(void)roster_move(&w->agent, ROSTER_RUNS, clock_boot_ns());
	log_info("agent=%s started pid=%d", w->agent.name, (int)w->pid);
	if (err.text[0])
		log_warn("agent=%s %s; what it says is lost", w->agent.name,
		         err.text);
}

static int
open_desk(const struct ward *w, struct desk **d, struct err *err)
{
	int r = desk_make(w->ground->spool, w->agent.name, err);

	return r < 0 ? r : desk_open(w->ground->spool, w->agent.name, d, err);
}

/* Somebody has the desk, and it cannot be told who: say it once. */
static void
wait_for_stranger(struct ward *w, int code)
{
	char text[CLOCK_TEXT_MAX];

	(void)put_off(w, w->ground->rules.backoff_ns, text);
	if (w->unknown)
		return;
	w->unknown = true;
	log_warn("agent=%s its desk is held by a process that cannot be "
	         "watched (%s); it is looked at again every %s",
	         w->agent.name, err_name(code), text);
}

void
ward_attend(struct ward *w)
{
	autodesk *d = NULL;
	struct err err = { "" };
	int r;

	if (w->agent.state != ROSTER_DUE)
		return;
	loop_clear(w->ground->loop, &w->timer);
	r = open_desk(w, &d, &err);
	if (r < 0) {
		cannot_start(w, r, &err);
		return;
	}
	r = adopt(w, d);
	if (r < 0)
		wait_for_stranger(w, r);
	else if (r == 0)
		start(w, d);
}

/* It says that the desk is held: mind the holder, if there is one. */
static void
look_for_holder(struct ward *w, pid_t pid, int64_t pause_ns)
{
	autodesk *d = NULL;
	char text[CLOCK_TEXT_MAX];

	(void)put_off(w, pause_ns, text);
	if (open_desk(w, &d, NULL) == 0 && adopt(w, d) == 1)
		return;
	log_warn("agent=%s pid=%d ended because its desk is held, by whom is "
	         "not to be seen; restart in %s",
	         w->agent.name, (int)pid, text);
}

void
ward_ended(struct ward *w, const struct roster_end *end)
{
	autostr how = STR_INIT;
	autostr why = STR_INIT;
	char text[CLOCK_TEXT_MAX];
	pid_t pid = w->pid;
	int64_t pause_ns = 0;

	let_go(w);
	roster_describe(end, &how);
	switch (roster_ended(&w->agent, &w->ground->rules, end, clock_boot_ns(),
	                     &pause_ns, &why)) {
	case ROSTER_RESTART:
		log_warn("agent=%s pid=%d ended with %s, restart in %s",
		         w->agent.name, (int)pid, str_text(&how),
		         put_off(w, pause_ns, text));
		break;
	case ROSTER_LOOK:
		look_for_holder(w, pid, pause_ns);
		break;
	case ROSTER_GIVE_UP:
		quarantine(w, &why);
		break;
	case ROSTER_LET_GO:
		log_info("agent=%s pid=%d ended with %s", w->agent.name,
		         (int)pid, str_text(&how));
		break;
	}
}

void
ward_init(struct ward *w, const struct ward_ground *ground, const char *name)
{
	autostr why = STR_INIT;
	int r;

	*w = (struct ward){ .ground = ground, .pidfd = -1 };
	roster_init(&w->agent, name);
	r = quarantine_get(ground->quarantine_fd, name, &why);
	if (r == 0)
		return;
	if (r < 0) {
		log_warn("agent=%s cannot look for 'gm/quarantine/%s': %s",
		         name, name, err_name(r));
		return;
	}
	(void)roster_move(&w->agent, ROSTER_CONDEMN, clock_boot_ns());
	log_warn("agent=%s is in quarantine: %s", name, str_text(&why));
}

void
ward_done(struct ward *w)
{
	loop_clear(w->ground->loop, &w->timer);
	let_go(w);
	roster_done(&w->agent);
}

void
ward_resume(struct ward *w)
{
	const struct ward_ground *g = w->ground;
	const char *name = w->agent.name;
	int r;

	if (w->agent.state == ROSTER_QUARANTINED) {
		r = quarantine_lift(g->quarantine_fd, name, g->spool->durable);
		if (r < 0)
			log_warn("agent=%s cannot remove 'gm/quarantine/%s': "
			         "%s",
			         name, name, err_name(r));
		(void)roster_move(&w->agent, ROSTER_RESUME, clock_boot_ns());
		log_info("agent=%s out of quarantine", name);
	}
	ward_attend(w);
}

void
ward_look_at_quarantine(struct ward *w)
{
	if (w->agent.state == ROSTER_QUARANTINED &&
	    quarantine_get(w->ground->quarantine_fd, w->agent.name, NULL) == 0)
		ward_resume(w);
}

void
ward_signal(struct ward *w, int signo)
{
	if (w->pidfd < 0)
		return;
	log_debug("agent=%s pid=%d sending signal=%d", w->agent.name,
	          (int)w->pid, signo);
	if (syscall(SYS_pidfd_send_signal, w->pidfd, signo, NULL, 0) == 0 ||
	    errno == ESRCH)
		return;
	log_error("agent=%s pid=%d cannot be told to end: %s; it is left "
	          "running",
	          w->agent.name, (int)w->pid, err_name(errno));
	let_go(w);
	(void)roster_move(&w->agent, ROSTER_ENDS, clock_boot_ns());
}

void
ward_stop(struct ward *w)
{
	if (!roster_move(&w->agent, ROSTER_STOP, clock_boot_ns()))
		return;
	loop_clear(w->ground->loop, &w->timer);
	ward_signal(w, SIGTERM);
}

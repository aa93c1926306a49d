#include "orchestrator/seat.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"

#define LOCK_NAME     "lock"
#define LOCK_TEXT_MAX 256

static int
say_who_has_it(int gm_fd, const struct spool *spool, struct err *err)
{
	autostr text = STR_INIT;
	struct proc_id id;

	if (sys_read_file(gm_fd, LOCK_NAME, LOCK_TEXT_MAX, &text) == 0 &&
	    proc_parse(str_text(&text), &id) == 0)
		return err_set(err, -EAGAIN,
		               "'%s' has an orchestrator already: pid %d; "
		               "stop it with: spoolhand down",
		               spool->root, (int)id.pid);
	return err_set(err, -EAGAIN,
	               "'%s' has an orchestrator already; stop it with: "
	               "spoolhand down",
	               spool->root);
}

/* Written over what was there, which needs no space on a full disk. */
static int
write_identity(int fd)
{
	autostr text = STR_INIT;
	struct proc_id id;
	int r = proc_self(&id);

	if (r < 0)
		return r;
	proc_print(&id, &text);
	r = sys_write_all(fd, text.data, text.len);
	return r < 0 ? r : sys_truncate(fd, (off_t)text.len);
}

int
seat_take(struct seat *s, const struct spool *spool, struct err *err)
{
	autoclose int gm_fd = sys_opendir(spool->fd, "gm");
	autoclose int lock_fd = -1;
	int r;

	if (gm_fd < 0)
		return err_sys(err, gm_fd, "cannot open '%s/gm'", spool->root);
	lock_fd = lock_take_over(gm_fd, LOCK_NAME);
	if (lock_fd == -EAGAIN)
		return say_who_has_it(gm_fd, spool, err);
	if (lock_fd < 0)
		return err_sys(err, lock_fd, "cannot lock '%s/gm/%s'",
		               spool->root, LOCK_NAME);
	r = write_identity(lock_fd);
	if (r < 0)
		log_warn("cannot write 'gm/%s': %s; nobody will be told who "
		         "has the spool",
		         LOCK_NAME, err_name(r));
	s->gm_fd = take_fd(gm_fd);
	s->lock_fd = take_fd(lock_fd);
	return 0;
}

void
seat_leave(struct seat *s)
{
	if (s->gm_fd >= 0)
		(void)close(take_fd(s->gm_fd));
	if (s->lock_fd >= 0)
		(void)close(take_fd(s->lock_fd));
}

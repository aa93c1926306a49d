#include "agent/containment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cgroup.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/enclosure.h"

#define END_NS (5 * CLOCK_NS_PER_S)

struct containment {
	struct desk *desk;
	struct cgroup *group; /* NULL: given up */
};

/* What the agent before us has left in its own. */
static int
bury_noted(struct desk *d, int64_t deadline_ns, struct err *err)
{
	autofree char *path = NULL;
	pid_t left = 0;
	int r = enclosure_read(d, &path);

	if (r == -ENOENT)
		return 0;
	if (r == -EBADMSG)
		log_warn("agent=%s agents/%s/" ENCLOSURE_NOTE " names no "
		         "cgroup of this desk, ignored",
		         d->name, d->name);
	else if (r == 0)
		r = cgroup_bury(path, deadline_ns, &left);
	if (r == -ETIMEDOUT)
		return err_set(err, r,
		               "something that the last agent of '%s' has "
		               "started still lives (pid %d)",
		               d->name, (int)left);
	/* Gone, or not for us to touch: there are the other ways. */
	if (r < 0 && r != -EBADMSG)
		log_warn("agent=%s cannot end what is left in the cgroup '%s': "
		         "%s",
		         d->name, path ? path : "", err_name(r));
	return 0;
}

static int
enter(struct desk *d, const char *dir, const char *name, struct cgroup **out,
      struct err *err)
{
	/* First the note: what it names may be missing, not the other way. */
	int r = enclosure_write(d, dir);

	if (r < 0)
		return err_sys(err, r, "cannot write 'agents/%s/%s'", d->name,
		               ENCLOSURE_NOTE);
	r = cgroup_enter(dir, name, out, err);
	if (r < 0)
		(void)enclosure_forget(d);
	return r;
}

/* The old one is ended even if there is to be no new one. */
static int
begin(struct desk *d, int wanted, int64_t deadline_ns, struct cgroup **group,
      struct err *err)
{
	char name[ENCLOSURE_NAME_MAX];
	autofree char *dir = NULL;
	struct err no_cgroup = { "" };
	int r = enclosure_name(d, name);
	int outside;

	if (r < 0)
		return err_sys(err, r, "cannot look at '%s'", d->spool->root);
	outside = cgroup_outside(name, &dir, &no_cgroup);
	r = bury_noted(d, deadline_ns, err);
	if (r == 0)
		r = enclosure_forget(d);
	if (r < 0)
		return err->text[0] ?
		               r :
		               err_sys(err, r, "cannot remove 'agents/%s/%s'",
		                       d->name, ENCLOSURE_NOTE);
	if (wanted == CONFIG_SESSION) {
		(void)err_set(&no_cgroup, 0, "containment: session");
	} else {
		r = outside < 0 ? outside :
		                  enter(d, dir, name, group, &no_cgroup);
		if (r == 0) {
			log_info("agent=%s containment=cgroup path=%s/%s",
			         d->name, dir, name);
			return 0;
		}
	}
	if (wanted == CONFIG_CGROUP)
		return err_set(err, -EBADMSG,
		               "%s; with 'containment: cgroup' it does not "
		               "start without a cgroup, with 'auto' it does",
		               no_cgroup.text);
	log_info("agent=%s containment=session: %s", d->name, no_cgroup.text);
	return 0;
}

int
containment_begin(struct desk *d, int wanted, int64_t deadline_ns,
                  struct containment **out, struct err *err)
{
	struct cgroup *group = NULL;
	int r;

	err->text[0] = '\0';
	r = begin(d, wanted, deadline_ns, &group, err);
	if (r < 0 || !group)
		return r;
	*out = mem_new(1, sizeof(**out));
	(*out)->desk = d;
	(*out)->group = group;
	return 0;
}

bool
containment_kill(struct containment *c)
{
	int r;

	if (!c || !c->group)
		return false;
	r = cgroup_kill(c->group);
	if (r == 0)
		return true;
	log_warn("agent=%s cannot kill by its cgroup: %s; containment=session "
	         "from now on",
	         c->desk->name, err_name(r));
	(void)cgroup_leave(take_ptr(c->group), 0);
	(void)enclosure_forget(c->desk);
	return false;
}

void
containment_end(struct containment *c)
{
	if (!c)
		return;
	if (c->group) {
		int r = cgroup_leave(c->group, clock_boot_ns() + END_NS);

		if (r == 0)
			(void)enclosure_forget(c->desk);
		else
			log_warn("agent=%s cannot remove its cgroup: %s; the "
			         "next agent does",
			         c->desk->name, err_name(r));
	}
	free(c);
}

#include "spool/cascade.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "spool/calls.h"
#include "spool/find.h"
#include "spool/request.h"

static const char *const fate_names[] = {
	[CASCADE_ASKED] = "cancel_requested",    [CASCADE_ENDED] = "ended",
	[CASCADE_DETACHED] = "detached",         [CASCADE_ABSENT] = "absent",
	[CASCADE_OUT_OF_REACH] = "out_of_reach",
};
_Static_assert(countof(fate_names) == CASCADE_NFATES, "name every fate");

struct asking {
	struct desk *desk;
	struct cascade *out;
	struct err *err;
};

const char *
cascade_fate_name(enum cascade_fate fate)
{
	return fate_names[fate];
}

void
cascade_done(struct cascade *c)
{
	free(c->children);
	*c = (struct cascade)CASCADE_INIT;
}

static int
ask_at(struct desk *d, const char *id, enum cascade_fate *fate, struct err *err)
{
	struct request rq = { .verb = REQUEST_CANCEL };
	struct found f;
	int r = find_task(d, id, &f);

	if (r == -ENOENT) {
		*fate = CASCADE_ABSENT;
		return 0;
	}
	if (r < 0)
		return err_sys(err, r, "cannot look for '%s/%s'", d->name, id);
	if (f.place == PLACE_OUTBOX || f.place == PLACE_FAILED) {
		*fate = CASCADE_ENDED;
		return 0;
	}
	(void)snprintf(rq.id, sizeof(rq.id), "%s", id);
	*fate = CASCADE_ASKED;
	return request_drop(d, &rq, err);
}

/* Nothing that comes back by trying again. */
static bool
is_out_of_reach(int code)
{
	return code == -ENOENT || code == -EBADMSG || code == -EACCES ||
	       code == -EPERM || code == -EINVAL;
}

static int
ask(const struct asking *as, const char *ref, enum cascade_fate *fate)
{
	autofree char *agent = NULL;
	autofree char *id = NULL;
	autodesk *other = NULL;
	struct desk *d = as->desk;
	int r = name_split_ref(ref, &agent, &id);

	if (r == 0 && strcmp(agent, d->name) != 0) {
		r = desk_open(d->spool, agent, &other, as->err);
		d = other;
	}
	if (r == 0)
		r = ask_at(d, id, fate, as->err);
	if (!is_out_of_reach(r))
		return r;
	*fate = CASCADE_OUT_OF_REACH;
	return 0;
}

static int
take(void *asking, const struct call *c)
{
	const struct asking *as = asking;
	struct cascade *out = as->out;
	struct cascade_child child = { .fate = CASCADE_DETACHED };
	int r = 0;

	if (c->kind != CALL_CHILD || !c->child)
		return 0;
	if (!c->detached)
		r = ask(as, c->child, &child.fate);
	if (r < 0)
		return r;
	(void)snprintf(child.ref, sizeof(child.ref), "%s", c->child);
	mem_room(&out->children, out->n, &out->cap, sizeof(child));
	out->children[out->n++] = child;
	return 0;
}

int
cascade_cancel(struct desk *d, const char *id, struct cascade *out,
               struct err *err)
{
	struct err why = { "" };
	struct asking as = { d, out, &why };
	int r;

	cascade_done(out);
	r = calls_each(d, id, take, &as);
	if (r < 0)
		return err_set(err, r,
		               "cannot ask for the children of '%s/%s' to be "
		               "cancelled: %s",
		               d->name, id,
		               why.text[0] ? why.text : err_name(r));
	return 0;
}

#include "spool/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/sys.h"

static const struct verb_info {
	const char *name;
	bool takes_id;
} verbs[] = {
	[REQUEST_NONE] = { "", false },
	[REQUEST_CANCEL] = { "cancel", true },
	[REQUEST_RETRY] = { "retry", true },
	[REQUEST_PAUSE] = { "pause", false },
	[REQUEST_RESUME] = { "resume", false },
};
_Static_assert(countof(verbs) == REQUEST_N, "name every verb");

int
request_parse(const char *name, struct request *out, struct err *err)
{
	for (int v = REQUEST_NONE + 1; v < REQUEST_N; v++) {
		size_t n = strlen(verbs[v].name);
		const char *id = name + n + 1;

		if (strncmp(name, verbs[v].name, n) != 0)
			continue;
		if (!verbs[v].takes_id && !name[n]) {
			*out = (struct request){ .verb = (enum request_verb)v };
			return 0;
		}
		if (verbs[v].takes_id && name[n] == '.' && name_ok(id)) {
			out->verb = (enum request_verb)v;
			(void)snprintf(out->id, sizeof(out->id), "%s", id);
			return 0;
		}
	}
	return err_set(err, -EBADMSG,
	               "not a request; name it cancel.ID, retry.ID, pause or "
	               "resume");
}

int
request_drop(struct desk *d, const struct request *rq, struct err *err)
{
	const struct verb_info *v = &verbs[rq->verb];
	autofree char *name = v->takes_id ?
	                              mem_printf("%s.%s", v->name, rq->id) :
	                              mem_dup(v->name);
	int fd = d->at[PLACE_REQUESTS];
	int r = 0;

	/* A pause after a resume that nobody has read yet overrules it. */
	if (rq->verb == REQUEST_PAUSE)
		r = sys_unlink(fd, verbs[REQUEST_RESUME].name);
	if (r == 0 || r == -ENOENT)
		r = sys_write_file(fd, name, "", 0, false, d->spool->durable);
	/* Whoever asked before may have died before it was synced. */
	if (r == -EEXIST)
		r = d->spool->durable ? sys_fsync(fd) : 0;
	if (r < 0)
		return err_sys(err, r, "cannot drop '%s/agents/%s/requests/%s'",
		               d->spool->root, d->name, name);
	return 0;
}

bool
request_paused(const struct desk *d)
{
	return sys_exists(d->at[PLACE_REQUESTS], verbs[REQUEST_PAUSE].name) ==
	       1;
}

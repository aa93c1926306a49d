#include "cli/known.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"
#include "cli/source.h"
#include "spool/find.h"
#include "spool/needs.h"
#include "spool/result.h"
#include "spool/retain.h"

#define LOOKS_MAX 100

/* The digest of the task as it was submitted, wherever it is by now. */
static int
digest_found(const struct desk *d, const struct found *f, char *hex,
             struct err *err)
{
	bool ended = f->place == PLACE_OUTBOX || f->place == PLACE_FAILED;
	autoclose int dir = ended ? sys_open_beneath(d->at[f->place], f->name,
	                                             O_RDONLY | O_DIRECTORY) :
	                            -1;
	autotask t = TASK_INIT;
	int dfd = ended ? dir : d->at[f->place];
	const char *name = ended ? "task" : f->name;
	int r;

	if (dfd < 0)
		return dfd;
	if (f->place == PLACE_INBOX || f->place == PLACE_ADMIT)
		r = source_read_at(dfd, name, &t, err);
	else
		r = task_open(dfd, name, &t, err);
	return r < 0 ? r : task_digest(dfd, name, &t, hex);
}

/* A result that is too old to count, and that nobody needs any more. */
static bool
is_forgotten(const struct desk *d, const struct found *f, int64_t keep_for_ms)
{
	autofree char *ref = mem_printf("%s/%s", d->name, f->name);
	autostrset needs = STRSET_INIT;
	int64_t ended_ms;

	if (!keep_for_ms ||
	    (f->place != PLACE_OUTBOX && f->place != PLACE_FAILED))
		return false;
	ended_ms = retain_ended_ms(d, f->place, f->name);
	return ended_ms >= 0 &&
	       retain_expired(ended_ms, keep_for_ms, clock_wall_ms()) &&
	       needs_take(d->spool, &needs, NULL) == 0 &&
	       !strset_has(&needs, ref);
}

static int
find_known(const struct desk *d, const char *id, int64_t keep_for_ms,
           struct found *f)
{
	int r = find_task(d, id, f);

	if (r == 0 && is_forgotten(d, f, keep_for_ms))
		r = find_unended(d, id, f);
	return r;
}

int
known_check(const struct desk *d, const char *id, const char *digest,
            struct err *err)
{
	return known_check_within(d, id, digest, 0, err);
}

int
known_check_within(const struct desk *d, const char *id, const char *digest,
                   int64_t keep_for_ms, struct err *err)
{
	char hex[DIGEST_TEXT_MAX] = "";
	struct found f;
	int r = -ENOENT;

	/* It may move on between being found and being read. */
	for (int look = 0; look < LOOKS_MAX && r == -ENOENT; look++) {
		r = find_known(d, id, keep_for_ms, &f);
		if (r == -ENOENT)
			return 0;
		if (r == 0)
			r = digest_found(d, &f, hex, err);
	}
	/* A drop that is no task is not this one. */
	if (r < 0 && r != -EBADMSG)
		return err_sys(err, r, "cannot look at task '%s/%s'", d->name,
		               id);
	if (r == 0 && strcmp(hex, digest) == 0)
		return 1;
	return err_set(err, -EEXIST,
	               "the id '%s/%s' is taken by a task with other content; "
	               "choose another id, or look at that one: "
	               "spoolhand why %s/%s",
	               d->name, id, d->name, id);
}

static void
tell_ended(const struct desk *d, const struct found *f, const char *id,
           struct str *out)
{
	autojson *result = NULL;
	autostr how = STR_INIT;

	if (f->place == PLACE_OUTBOX) {
		str_addf(out,
		         "%s/%s is COMPLETED already; its output: spoolhand "
		         "result %s/%s",
		         d->name, id, d->name, id);
		return;
	}
	if (result_read(d, f->place, id, &result, NULL) == 0)
		result_describe(result, &how);
	str_addf(out,
	         "%s/%s has ended already: %s; begin it again with: spoolhand "
	         "retry %s/%s",
	         d->name, id, how.len ? str_text(&how) : "FAILED", d->name, id);
}

void
known_tell(const struct desk *d, const char *id, struct str *out)
{
	struct found f;
	enum task_state state;

	if (find_task(d, id, &f) < 0)
		return;
	state = desk_place_state(f.place);
	if (f.place == PLACE_OUTBOX || f.place == PLACE_FAILED)
		tell_ended(d, &f, id, out);
	else if (state == TASK_RUNNING)
		str_addf(out,
		         "%s/%s is RUNNING already; wait for it with: "
		         "spoolhand wait %s/%s",
		         d->name, id, d->name, id);
	else
		str_addf(out,
		         "%s/%s waits already (%s); see what for: spoolhand "
		         "why %s/%s",
		         d->name, id, state ? state_name(state) : "DROPPED",
		         d->name, id);
}

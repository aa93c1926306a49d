#include "cli/entering.h"

#include <errno.h>

#include "base/cleanup.h"
#include "cli/known.h"
#include "spool/room.h"

/* The limit that a submit has to keep; 0: none. */
static int64_t
limit_of(const struct config_agent *role)
{
	return role->on_full == CONFIG_REJECT ? role->max_pending : 0;
}

static bool
is_any_chosen(const struct submitting *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].chosen && !s->tasks[i].known)
			return true;
	return false;
}

static int64_t
count_new(const struct submitting *s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->tasks[i].known;
	return n;
}

/* Somebody may have come first. */
static int
check_ids(struct submitting *s, int64_t keep_for_ms)
{
	struct err err = { "" };

	for (size_t i = 0; i < s->n; i++) {
		struct submitting_task *its = &s->tasks[i];
		int r = 0;

		if (its->chosen && !its->known)
			r = known_check_within(s->desk, its->id, its->digest,
			                       keep_for_ms, &err);
		if (r == -EEXIST) {
			complain("%s", err.text);
			return EXIT_ID_TAKEN;
		}
		if (r < 0)
			return fail(r, &err);
		its->known |= r == 1;
	}
	return EXIT_FINE;
}

/* All of them, or none. */
static int
check_room(const struct submitting *s, int64_t max)
{
	int64_t more = count_new(s), waiting;
	int r = max && more ? room_for(s->desk, more, max, &waiting) : 1;

	if (r < 0)
		return fail(r, NULL);
	if (r > 0)
		return EXIT_FINE;
	if (waiting < max)
		complain("the desk of '%s' has no room for %lld tasks at once: "
		         "%lld wait, max_pending is %lld; submit fewer, or "
		         "raise the limit",
		         s->desk->name, (long long)more, (long long)waiting,
		         (long long)max);
	else
		complain("the desk of '%s' is full: %lld tasks wait, "
		         "max_pending is %lld; submit again when some have "
		         "ended, or raise the limit",
		         s->desk->name, (long long)waiting, (long long)max);
	return EXIT_TRY_LATER;
}

int
entering_begin(struct context *cx, struct submitting *s, int *lock)
{
	const struct config_agent *role =
		config_agent(cx->config, s->desk->name);
	int64_t max = limit_of(role);
	autoclose int fd = -1;
	struct err err = { "" };
	int r;

	*lock = -1;
	if (!is_any_chosen(s) && (max == 0 || count_new(s) == 0))
		return EXIT_FINE;
	fd = room_lock(s->desk, ROOM_WAIT_MS, &err);
	if (fd < 0)
		return fail(fd, &err);
	r = check_ids(s, role->keep_for_ms);
	if (r == EXIT_FINE)
		r = check_room(s, max);
	if (r == EXIT_FINE)
		*lock = take_fd(fd);
	return r;
}

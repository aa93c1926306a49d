/*
 * Desks whose results are waited for: watched, and asked when they last
 * changed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sys.h"

/* A task that is rejected has come to its end, too. */
static const char *const result_places[] = { "outbox", "failed", "rejected" };

/* When did any of them at that desk last change?  0: not known. */
static int64_t
last_change(const struct agent *a, const char *name)
{
	int64_t latest = 0;

	for (size_t i = 0; i < countof(result_places); i++) {
		autofree char *path =
			mem_printf("%s/%s", name, result_places[i]);
		struct stat st;
		int64_t ns;

		if (sys_stat(a->spool->agents_fd, path, &st) < 0)
			continue;
		ns = (int64_t)st.st_mtim.tv_sec * CLOCK_NS_PER_S +
		     st.st_mtim.tv_nsec;
		if (ns > latest)
			latest = ns;
	}
	return latest;
}

static void
watch_desk(struct agent *a, const char *name, int token)
{
	for (size_t i = 0; i < countof(result_places); i++) {
		autofree char *path =
			mem_printf("%s/%s", name, result_places[i]);
		autoclose int fd = sys_opendir(a->spool->agents_fd, path);

		/* Not there, or no watch left: the rescan will do. */
		if (fd >= 0)
			(void)watch_dir(a->watch, fd, token);
	}
}

void
foreign_know(struct agent *a, char *const *refs)
{
	for (; *refs; refs++) {
		autofree char *name = mem_dupn(*refs, strcspn(*refs, "/"));
		size_t i = 0;

		while (i < a->nforeign && strcmp(a->foreign[i].name, name) != 0)
			i++;
		if (i < a->nforeign)
			continue;
		if (a->watch)
			watch_desk(a, name, AGENT_TOKEN_FOREIGN + (int)i);
		mem_room(&a->foreign, a->nforeign, &a->foreign_cap,
		         sizeof(*a->foreign));
		a->foreign[a->nforeign++] =
			(struct foreign){ take_ptr(name), 0 };
	}
}

/*
 * Has any desk that is waited for published something since the last look?
 * The clock of directories is coarse: a change of the last second counts as
 * new once more.
 */
bool
foreign_anything_new(struct agent *a)
{
	int64_t now = clock_wall_ns();
	bool new = false;

	for (size_t i = 0; i < a->nforeign; i++) {
		int64_t changed = last_change(a, a->foreign[i].name);

		if (changed != a->foreign[i].seen_ns)
			new = true;
		a->foreign[i].seen_ns =
			now - changed > CLOCK_NS_PER_S ? changed : 0;
	}
	return new;
}

void
foreign_done(struct agent *a)
{
	for (size_t i = 0; i < a->nforeign; i++)
		free(a->foreign[i].name);
	free(a->foreign);
}

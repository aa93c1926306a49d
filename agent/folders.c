/*
 * Files that PENDING tasks wait for: their folders are watched, or what is
 * there already of the way to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/fileinput.h"

#define ROUNDS_MAX 16 /* while folders are made faster than we look */

static bool
concerns(const struct waiting *w, enum watch_event event, int token,
         const char *name)
{
	for (size_t i = 0; i < w->nfiles; i++) {
		const struct awaited *f = &w->files[i];

		if (event == WATCH_RESCAN)
			return true;
		if (f->folder != (size_t)token)
			continue;
		if (event == WATCH_MOVED ||
		    (f->step ? strcmp(f->step, name) == 0 :
		               fileinput_matches(f->input, name)))
			return true;
	}
	return false;
}

static void
on_event(void *agent, enum watch_event event, int token, const char *name)
{
	struct agent *a = agent;

	/* Of where it is now nothing would be told that matters here. */
	if (event == WATCH_MOVED)
		watch_stop(a->folders.watch, token);
	for (size_t i = 0; i < a->nwaiting;) {
		struct waiting *w = a->waiting[i];

		if (concerns(w, event, token, name))
			waits_look(a, w);
		if (i < a->nwaiting && a->waiting[i] == w)
			i++;
	}
}

static void
on_watch(void *agent)
{
	struct agent *a = agent;
	int r = watch_read(a->folders.watch, on_event, a);

	if (r < 0)
		log_warn("agent=%s cannot read events of folders: %s",
		         a->desk->name, err_name(r));
}

/* False: the rescan will do. */
static bool
can_watch(struct agent *a)
{
	int r;

	if (a->folders.watch || !a->watch)
		return a->folders.watch != NULL;
	r = watch_new(&a->folders.watch);
	if (r == 0)
		r = loop_add(a->loop, watch_fd(a->folders.watch), on_watch, a);
	if (r == 0)
		return true;
	log_warn("agent=%s cannot watch folders: %s; files are looked for at "
	         "each rescan",
	         a->desk->name, err_name(r));
	watch_free(take_ptr(a->folders.watch));
	return false;
}

static void
let_go(struct agent *a, struct awaited *f)
{
	struct folder *folder;

	if (f->folder != FOLDERS_NONE) {
		folder = &a->folders.all[f->folder];
		if (--folder->users == 0)
			watch_stop(a->folders.watch, (int)f->folder);
	}
	f->folder = FOLDERS_NONE;
	free(take_ptr(f->step));
}

/* The entry of this folder; a free one if it has none. */
static size_t
find_folder(struct folders *all, const struct stat *st)
{
	size_t found = all->n;

	for (size_t i = 0; i < all->n; i++) {
		const struct folder *f = &all->all[i];

		if (f->users && f->dev == st->st_dev && f->ino == st->st_ino)
			return i;
		if (!f->users)
			found = i;
	}
	if (found == all->n) {
		mem_room(&all->all, all->n, &all->cap, sizeof(*all->all));
		all->all[all->n++] = (struct folder){ 0 };
	}
	all->all[found] = (struct folder){ st->st_dev, st->st_ino, 0 };
	return found;
}

/*
 * Open the folder of the file, or the nearest one above it; `*step` is then
 * the next component of the way.
 */
static int
open_nearest(const char *input, char **step)
{
	autofree char *path = fileinput_folder(input);
	int fd;

	*step = NULL;
	for (;;) {
		char *slash = strrchr(path, '/');

		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || !slash[1])
			break;
		free(*step);
		*step = mem_dup(slash + 1);
		slash[slash == path] = '\0';
	}
	if (fd < 0)
		free(take_ptr(*step));
	return fd < 0 ? -errno : fd;
}

/* Watch, and open again: what was made in between is seen. */
static void
resolve(struct agent *a, struct awaited *f)
{
	struct stat st;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		char *step;
		autoclose int fd = open_nearest(f->input, &step);
		size_t was = f->folder;

		if (fd < 0 || fstat(fd, &st) < 0) {
			free(step);
			let_go(a, f);
			return;
		}
		if (was != FOLDERS_NONE &&
		    a->folders.all[was].dev == st.st_dev &&
		    a->folders.all[was].ino == st.st_ino) {
			free(f->step);
			f->step = step;
			/* Nothing is changed by this if it is watched. */
			(void)watch_dir(a->folders.watch, fd, (int)was);
			return;
		}
		let_go(a, f);
		f->folder = find_folder(&a->folders, &st);
		a->folders.all[f->folder].users++;
		f->step = step;
		(void)watch_dir(a->folders.watch, fd, (int)f->folder);
	}
}

void
folders_know(struct agent *a, struct waiting *w)
{
	if (!w->nfiles || !can_watch(a))
		return;
	for (size_t i = 0; i < w->nfiles; i++)
		resolve(a, &w->files[i]);
}

void
folders_forget(struct agent *a, struct waiting *w)
{
	for (size_t i = 0; i < w->nfiles; i++) {
		let_go(a, &w->files[i]);
		free(w->files[i].input);
	}
	free(take_ptr(w->files));
	w->nfiles = 0;
}

void
folders_done(struct agent *a)
{
	watch_free(a->folders.watch);
	free(a->folders.all);
}

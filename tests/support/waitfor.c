/*
 * waitfor - return as soon as something has changed beneath a directory.
 *
 * usage: waitfor DIR MILLISECONDS
 *
 * Returns with 0 at the first change of any directory in the tree at DIR, or
 * after so many milliseconds, whichever comes first; the caller looks again
 * at what it waits for.  So a wait is mostly as short as what is waited for
 * takes, and one that nothing in the tree tells of (the end of a process, a
 * lock let go) is a look every so many milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "base/watch.h"

#define LEVELS_MAX 4
#define DIRS_MAX   500

#define EXIT_USAGE 64

/*
 * What cannot be watched, because it is just going or the kernel's table is
 * full, is covered by the time limit.
 */
static void
watch_tree(struct watch *w, int dfd, const char *name, int levels, int *left)
{
	autoclose int fd = sys_opendir(dfd, name);
	autodir DIR *dir = NULL;
	struct dirent *de;

	if (fd < 0 || (*left)-- <= 0)
		return;
	(void)watch_dir_leave(w, fd, 0);
	if (levels == 0 || sys_listdir(fd, ".", &dir) < 0)
		return;
	while (sys_next(dir, &de) > 0)
		if (de->d_type == DT_DIR)
			watch_tree(w, fd, de->d_name, levels - 1, left);
}

int
main(int argc, char **argv)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	struct watch *w = NULL;
	int left = DIRS_MAX;
	int ms = argc == 3 ? atoi(argv[2]) : -1;

	if (ms < 0) {
		(void)fprintf(stderr, "usage: waitfor DIR MILLISECONDS\n");
		return EXIT_USAGE;
	}
	if (watch_new(&w) == 0) {
		p.fd = watch_fd(w);
		watch_tree(w, AT_FDCWD, argv[1], LEVELS_MAX, &left);
	}
	(void)poll(&p, 1, ms);
	watch_free(w);
	return 0;
}

/*
 * watch.h - inotify, as a hint and nothing more.
 *
 * A watch tells that something may have happened in a directory; what is
 * there is found by looking.  Every loss that inotify is known for (overflow,
 * a directory moved or replaced, a full kernel table) is reported as
 * WATCH_RESCAN or as an error of watch_dir(), and the caller's rescan timer
 * covers the rest: with no inotify at all everything still works, slower.
 *
 * The caller: watch_new(), add watch_fd() to its loop, call watch_read() when
 * it is readable.
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <stdint.h>

struct watch;

enum watch_event {
	WATCH_ENTRY,  /* `name` in the directory appeared, went or changed */
	WATCH_RESCAN, /* events were lost: look at everything */
	WATCH_MOVED,  /* the directory itself was moved, removed or unmounted */
};

/* `token` is the one given to watch_dir(); -1 with WATCH_RESCAN. */
typedef void watch_fn(void *arg, enum watch_event event, int token,
                      const char *name);

/* -EMFILE when the user's inotify instances are used up. */
int watch_new(struct watch **out);
void watch_free(struct watch *w);
int watch_fd(const struct watch *w);

/*
 * Watch the directory behind `dfd` for entries that arrive or are written.
 * Watching it again, also with another token, is fine.
 */
int watch_dir(struct watch *w, int dfd, int token);

/* Watch it for entries that leave, too (for those who wait for a removal). */
int watch_dir_leave(struct watch *w, int dfd, int token);

/* Watch one file for being written to; the event has no name. */
int watch_content(struct watch *w, int fd, int token);

/* No events with this token any more. */
void watch_stop(struct watch *w, int token);

/* Read what there is and call `fn` for each event, in order of arrival. */
int watch_read(struct watch *w, watch_fn *fn, void *arg);

#endif

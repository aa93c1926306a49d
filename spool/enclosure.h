/*
 * enclosure.h - how the processes of a desk are held together: agents/NAME/cgroup.
 *
 * An agent that has put itself and all that it starts into a cgroup of its
 * own (base/cgroup.h) notes where that is, before it makes it.  The next one,
 * which may be started from anywhere, ends what is left there; and whoever
 * looks can tell by the note which way is used.
 *
 * A worker could write a note, too: so only the path of a cgroup of exactly
 * the name that this desk's has is ever believed.
 */
#ifndef SPOOL_ENCLOSURE_H
#define SPOOL_ENCLOSURE_H

#include "spool/desk.h"

#define ENCLOSURE_NOTE     "cgroup"
#define ENCLOSURE_NAME_MAX 32

/* "spoolhand-" and a digest of the spool (device, inode) and the desk. */
int enclosure_name(const struct desk *d, char name[ENCLOSURE_NAME_MAX]);

/* That it is `path`/NAME, for the next process; it need not outlive a boot. */
int enclosure_write(struct desk *d, const char *path);

/*
 * The directory that was noted, a fresh string.  -ENOENT: there is no note;
 * -EBADMSG: one that is not to be believed.
 */
int enclosure_read(const struct desk *d, char **path);

int enclosure_forget(struct desk *d);

#endif

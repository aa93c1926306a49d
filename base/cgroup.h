/*
 * cgroup.h - a cgroup (v2) of our own, by which all of its processes die.
 *
 * A process can leave its session, its process group and its parent, but it
 * cannot leave its cgroup, and `cgroup.kill` ends all that is in one at once,
 * faster than it can fork.  We are in it ourselves, so that what we start is
 * born there at no cost; to kill the others we step out for a moment.
 *
 * The caller:
 *   1. cgroup_outside() gives the directory of the cgroup we were started in;
 *   2. cgroup_bury() ends what an earlier process left in its own;
 *   3. cgroup_enter() makes ours below it, and goes in;
 *   4. cgroup_kill(), as often as need be; cgroup_leave() in the end.
 * Starting a process between stepping out and in again is impossible only
 * because this is one thread.
 *
 * Every step can be refused: by a machine without cgroup v2, by one that is
 * read-only or another's, by a kernel before 5.14, which has no cgroup.kill.
 * The error then says why, and nothing has been changed.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct cgroup;

/*
 * From the texts of /proc/self/mountinfo and /proc/self/cgroup: the directory
 * of our cgroup, a fresh string.  -EOPNOTSUPP: there is no cgroup v2; -EXDEV:
 * ours is outside of what is mounted here.
 */
int cgroup_parse(const char *mountinfo, const char *self, char **dir);

/*
 * The directory of the cgroup that we are in; but out of any called `name`,
 * if we were born in one: into what is around it.
 */
int cgroup_outside(const char *name, char **dir, struct err *err);

/*
 * Make `name` in the cgroup at `dir` and go into it.  -EBUSY: there is one
 * with processes in it.
 */
int cgroup_enter(const char *dir, const char *name, struct cgroup **out,
                 struct err *err);

/*
 * Kill all that is in it but us, at once: they are dying when this returns.
 * An error means that nothing was killed, or that we could not go in again
 * and what is started from now on is not in it.
 */
int cgroup_kill(struct cgroup *c);

/*
 * Go out of it, kill what is left in it, and remove it; `c` is freed in any
 * case.  -ETIMEDOUT: something in it does not die.
 */
int cgroup_leave(struct cgroup *c, int64_t deadline_ns);

/*
 * Kill all that is in the cgroup at `path`, wait until nothing of it lives,
 * until `deadline_ns` on the boot clock, and remove it.  0 if it is not there
 * at all; -ETIMEDOUT with one that lives in `left`.  We must not be in it.
 */
int cgroup_bury(const char *path, int64_t deadline_ns, pid_t *left);

#endif

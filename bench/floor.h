/*
 * floor.h - the least that keeps the same promise.
 *
 * Each floor does the fewest system calls for one file in and one file out
 * with a sync each, as spoolhand-spool(5) demands them of a durable submit
 * and a durable publication: what no program that keeps the promise can
 * undercut.  All return seconds, or -1 after having said what failed.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stdbool.h>

/* `n` files into dir/in, one at a time: file synced, renamed, dir synced. */
double floor_submit(const char *dir, int n);

/* The same `n` with the directory synced once, at the end. */
double floor_submit_bulk(const char *dir, int n);

/* The same, each by a process of its own: `self` is this program. */
double floor_submit_processes(const char *dir, int n, const char *self);

/* What such a process does. */
int floor_submit_one(const char *dir, const char *name);

/*
 * Drain `n` files of dir/in: claim by rename, run /bin/true, one result file
 * synced and renamed, its directory synced, the claim removed.
 */
double floor_drain(const char *dir, int n);

/* The same without /bin/true: the promise to the disk alone. */
double floor_drain_warm(const char *dir, int n);

/*
 * `n` drops, one at a time, into an idle watcher that starts `stamp` for
 * each; ns from the drop to the first instruction of the worker.
 */
int floor_latency(const char *dir, int n, const char *stamp, double *ns);

/* Monotonic time in ns. */
long long floor_now(void);

#endif

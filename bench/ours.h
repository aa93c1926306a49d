/*
 * ours.h - the same works by spoolhand's own programs.
 *
 * `bin` is the folder of the programs, `dir` a fresh folder for a spool.
 * Seconds, or -1 after having said what failed.
 */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

/* `spoolhand submit` once for each of `n` tasks. */
double ours_submit_processes(const char *bin, const char *dir, int n);

/* `spoolhand submit` once with `n` files. */
double ours_submit_bulk(const char *bin, const char *dir, int n);

/* An agent drains `n` tasks that were submitted before; its worker is true. */
double ours_drain(const char *bin, const char *dir, int n);

/* The same with a stream worker that does nothing. */
double ours_drain_warm(const char *bin, const char *dir, int n);

/*
 * `n` drops by rename into an idle agent, one at a time; `blocked` tasks are
 * BLOCKED at its desk meanwhile.
 */
int ours_latency(const char *bin, const char *dir, int n, const char *stamp,
                 int blocked, double *ns);

#endif

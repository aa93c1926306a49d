/*
 * spoolhand-bench - spoolhand beside the least that keeps the same promise.
 *
 * Every round measures the floor and then spoolhand, in fresh folders on the
 * same file system; the table gives medians over the rounds and the ratio of
 * each round's pair.  Above 1 is better than the floor.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"
#include "bench/floor.h"
#include "bench/ours.h"
#include "bench/table.h"

#define BLOCKED 1000

enum work {
	SUBMIT_CLI,
	SUBMIT_BULK,
	DRAIN,
	WARM,
	LATENCY_50,
	LATENCY_99,
	LATENCY_BLOCKED, /* its floor is ours with none of them */
	WORKS
};

static struct table_row rows[WORKS] = {
	[SUBMIT_CLI] = { "durable submit, a process each",
	                 "tasks/s",
	                 false,
	                 { 0 },
	                 { 0 },
	                 0 },
	[SUBMIT_BULK] = { "durable submit, 300 files a call",
	                  "tasks/s",
	                  false,
	                  { 0 },
	                  { 0 },
	                  0 },
	[DRAIN] = { "durable drain, worker `true`",
	            "tasks/s",
	            false,
	            { 0 },
	            { 0 },
	            0 },
	[WARM] = { "durable drain, a warm worker",
	           "tasks/s",
	           false,
	           { 0 },
	           { 0 },
	           0 },
	[LATENCY_50] = { "idle: drop to worker's start, p50",
	                 "us",
	                 true,
	                 { 0 },
	                 { 0 },
	                 0 },
	[LATENCY_99] = { "idle: drop to worker's start, p99",
	                 "us",
	                 true,
	                 { 0 },
	                 { 0 },
	                 0 },
	[LATENCY_BLOCKED] = { "the p50, 1000 BLOCKED beside none",
	                      "us",
	                      true,
	                      { 0 },
	                      { 0 },
	                      0 },
};

struct plan {
	const char *dir; /* scratch, on the file system to measure */
	const char *self;
	char *bin, *stamp;
	int rounds, tasks, drops;
	const char *json;
};

/* A fresh folder; the last one is removed. */
static char *
fresh(const struct plan *p, const char *what, int round)
{
	char *dir = mem_printf("%s/%s-%d", p->dir, what, round);

	(void)sys_remove_tree(AT_FDCWD, dir);
	return dir;
}

static int
note(enum work w, int round, double floor_value, double our_value)
{
	if (floor_value <= 0 || our_value <= 0)
		return -1;
	rows[w].floor[round] = floor_value;
	rows[w].ours[round] = our_value;
	rows[w].n = (size_t)round + 1;
	return 0;
}

static int
measure_rates(const struct plan *p, int round)
{
	autofree char *a = fresh(p, "floor-submit", round);
	autofree char *b = fresh(p, "ours-submit", round);
	autofree char *c = fresh(p, "floor-bulk", round);
	autofree char *d = fresh(p, "ours-bulk", round);
	autofree char *e = fresh(p, "floor-drain", round);
	autofree char *f = fresh(p, "ours-drain", round);
	autofree char *g = fresh(p, "floor-warm", round);
	autofree char *h = fresh(p, "ours-warm", round);
	double n = p->tasks;

	if (note(SUBMIT_CLI, round,
	         n / floor_submit_processes(a, p->tasks, p->self),
	         n / ours_submit_processes(p->bin, b, p->tasks)) < 0)
		return -1;
	if (note(SUBMIT_BULK, round, 300 / floor_submit_bulk(c, 300),
	         300 / ours_submit_bulk(p->bin, d, 300)) < 0)
		return -1;
	if (note(DRAIN, round, n / floor_drain(e, p->tasks),
	         n / ours_drain(p->bin, f, p->tasks)) < 0)
		return -1;
	return note(WARM, round, n / floor_drain_warm(g, p->tasks),
	            n / ours_drain_warm(p->bin, h, p->tasks));
}

static int
measure_latency(const struct plan *p, int round)
{
	autofree char *a = fresh(p, "floor-latency", round);
	autofree char *b = fresh(p, "ours-latency", round);
	autofree double *x = mem_new((size_t)p->drops, sizeof(double));
	autofree double *y = mem_new((size_t)p->drops, sizeof(double));
	autofree char *c = fresh(p, "blocked-latency", round);
	autofree double *z = mem_new((size_t)p->drops, sizeof(double));
	size_t n = (size_t)p->drops;

	if (floor_latency(a, p->drops, p->stamp, x) < 0 ||
	    ours_latency(p->bin, b, p->drops, p->stamp, 0, y) < 0 ||
	    ours_latency(p->bin, c, p->drops, p->stamp, BLOCKED, z) < 0) {
		(void)fprintf(stderr, "bench: the latency run failed\n");
		return -1;
	}
	if (note(LATENCY_50, round, table_quantile(x, n, 0.5) / 1e3,
	         table_quantile(y, n, 0.5) / 1e3) < 0)
		return -1;
	if (note(LATENCY_BLOCKED, round, table_quantile(y, n, 0.5) / 1e3,
	         table_quantile(z, n, 0.5) / 1e3) < 0)
		return -1;
	return note(LATENCY_99, round, table_quantile(x, n, 0.99) / 1e3,
	            table_quantile(y, n, 0.99) / 1e3);
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: spoolhand-bench [--quick] [--dir DIR] "
	                      "[--json FILE]\n");
	return 64;
}

static int
parse(int argc, char **argv, struct plan *p)
{
	static const struct option options[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "dir", required_argument, NULL, 'd' },
		{ "json", required_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qd:j:", options, NULL)) != -1) {
		switch (c) {
		case 'q':
			p->rounds = 3;
			p->tasks = 200;
			p->drops = 50;
			break;
		case 'd':
			p->dir = optarg;
			break;
		case 'j':
			p->json = optarg;
			break;
		default:
			return usage();
		}
	}
	return optind == argc ? 0 : usage();
}

/* Where this program lies: the others lie beside and above it. */
static char *
own_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	return mem_dup(path);
}

static int
write_json(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	table_json(rows, WORKS, f);
	return fclose(f);
}

int
main(int argc, char **argv)
{
	autofree char *self = own_path();
	struct plan p = { .dir = ".",
		          .rounds = 5,
		          .tasks = 1000,
		          .drops = 200,
		          .self = self };
	int r;

	if (argc == 4 && strcmp(argv[1], "--one") == 0)
		return floor_submit_one(argv[2], argv[3]);
	r = parse(argc, argv, &p);
	if (r)
		return r;
	if (!self)
		return 70;
	p.stamp = mem_printf("%.*s/spoolhand-stamp",
	                     (int)(strrchr(self, '/') - self), self);
	p.bin = mem_printf("%.*s/..", (int)(strrchr(self, '/') - self), self);
	for (int round = 0; round < p.rounds; round++) {
		(void)fprintf(stderr, "round %d of %d\n", round + 1, p.rounds);
		if (measure_rates(&p, round) < 0 ||
		    measure_latency(&p, round) < 0)
			return 74;
	}
	table_print(rows, WORKS, stdout);
	if (p.json && write_json(p.json) < 0)
		return 74;
	free(p.stamp);
	free(p.bin);
	return fflush(stdout) == 0 ? 0 : 74;
}

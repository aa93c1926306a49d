/*
 * table.h - medians, spread and the printed table.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_ROUNDS_MAX 99

/* One work, measured in turn: ours and the floor in each round. */
struct table_row {
	const char *work, *unit;
	bool less_is_better; /* a time; else a rate */
	double floor[TABLE_ROUNDS_MAX], ours[TABLE_ROUNDS_MAX];
	size_t n;
};

double table_median(const double *values, size_t n);

/* The q-quantile (0..1) of an array, which is sorted by it. */
double table_quantile(double *values, size_t n, double q);

/* Ours ÷ floor of a round's rates, or floor ÷ ours of its times. */
double table_ratio(const struct table_row *row, size_t round);

void table_print(const struct table_row *rows, size_t n, FILE *out);
void table_json(const struct table_row *rows, size_t n, FILE *out);

#endif

#include "bench/table.h"

#include <stdlib.h>
#include <string.h>

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
table_quantile(double *values, size_t n, double q)
{
	qsort(values, n, sizeof(*values), ascending);
	return n ? values[(size_t)((double)(n - 1) * q + 0.5)] : 0;
}

double
table_median(const double *values, size_t n)
{
	double copy[TABLE_ROUNDS_MAX];

	memcpy(copy, values, n * sizeof(*values));
	return table_quantile(copy, n, 0.5);
}

double
table_ratio(const struct table_row *row, size_t round)
{
	double ours = row->ours[round], floor = row->floor[round];

	return row->less_is_better ? floor / ours : ours / floor;
}

static void
ratios(const struct table_row *row, double *out)
{
	for (size_t i = 0; i < row->n; i++)
		out[i] = table_ratio(row, i);
}

void
table_print(const struct table_row *rows, size_t n, FILE *out)
{
	(void)fprintf(out, "%-34s %-8s %10s %10s %7s  %s\n", "work", "unit",
	              "floor", "ours", "ratio", "range of rounds");
	for (size_t i = 0; i < n; i++) {
		const struct table_row *row = &rows[i];
		double r[TABLE_ROUNDS_MAX];

		ratios(row, r);
		(void)fprintf(
			out, "%-34s %-8s %10.0f %10.0f %7.2f  %.2f - %.2f\n",
			row->work, row->unit, table_median(row->floor, row->n),
			table_median(row->ours, row->n),
			table_median(r, row->n), table_quantile(r, row->n, 0),
			table_quantile(r, row->n, 1));
	}
}

void
table_json(const struct table_row *rows, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct table_row *row = &rows[i];
		double r[TABLE_ROUNDS_MAX];

		ratios(row, r);
		(void)fprintf(out,
		              "{\"work\":\"%s\",\"unit\":\"%s\",\"rounds\":%zu,"
		              "\"floor\":%.3f,\"ours\":%.3f,\"ratio\":%.4f}\n",
		              row->work, row->unit, row->n,
		              table_median(row->floor, row->n),
		              table_median(row->ours, row->n),
		              table_median(r, row->n));
	}
}

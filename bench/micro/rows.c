// SPDX-License-Identifier: GPL-2.0-only
/* A row for each benchmark: name, eBPF, Rex, why a figure is missing. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "measure.h"
#include "rows.h"

#define MAX_ROWS 128

static struct row {
	char name[40];
	double cost[SIDES];
	char why[SIDES][512];
} rows[MAX_ROWS];
static int n_rows;

static struct row *row(const char *format, va_list ap)
{
	char name[sizeof(rows->name)];
	struct row *r = rows;

	vsnprintf(name, sizeof(name), format, ap);
	while (r < rows + n_rows && strcmp(r->name, name))
		r++;
	if (r == rows + MAX_ROWS)
		die("more than %d rows", MAX_ROWS);
	if (r == rows + n_rows) {
		strcpy(r->name, name);
		r->cost[EBPF] = r->cost[REX] = NAN;
		n_rows++;
	}
	return r;
}

void row_set(enum side side, double cost, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	row(name, ap)->cost[side] = cost;
	va_end(ap);
}

void row_none(enum side side, const char *why, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	snprintf(row(name, ap)->why[side], sizeof(rows->why[side]), "%s: %s",
		 side == EBPF ? "eBPF" : "Rex", why);
	va_end(ap);
}

static void print_cost(double cost)
{
	/* time that is less than nothing was lost in the noise */
	if (isnan(cost) || cost <= 0)
		printf("\tnull");
	else
		printf("\t%.*f", cost == floor(cost) ? 0 : 2, cost);
}

void rows_print(void)
{
	for (struct row *r = rows; r < rows + n_rows; r++) {
		printf("row\t%s", r->name);
		print_cost(r->cost[EBPF]);
		print_cost(r->cost[REX]);
		printf("\t%s%s%s\n", r->why[EBPF], *r->why[EBPF] && *r->why[REX] ? "; " : "",
		       r->why[REX]);
	}
}

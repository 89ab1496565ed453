/* SPDX-License-Identifier: GPL-2.0-only */
/* What happened in each second of the run, as CSV: stalls hide in totals. */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <stdint.h>
#include <stdio.h>

#include "tally.h"

struct series {
	FILE *f;
	const char *path;
	uint64_t next;		/* ns from the start: the end of the second that runs */
	struct counts before;	/* at its beginning */
};

/* Returns 0 or -errno. */
int series_open(struct series *s, const char *path);
/* The run is at @ns from its start with @c so far. */
void series_look(struct series *s, const struct counts *c, uint64_t ns);
/* Returns 0 or -errno if something could not be written. */
int series_close(struct series *s);

#endif

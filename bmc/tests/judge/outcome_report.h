/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONSISTENCY_OUTCOME_REPORT_H
#define CONSISTENCY_OUTCOME_REPORT_H

#include "world.h"

struct row {
	const char *name;
	uint64_t begun;
	struct counters before, count;	/* count: of this phase alone */
	uint64_t operations, served;	/* served: keys of GETs that memcached looked up */
	double seconds;
	bool hot;
};

void row_begin(struct row *row, const char *name);
void row_end(struct row *row, bool hot);
void report_evictions(uint64_t evictions);
/* Writes what the phases so far have shown to @json, which may be NULL: whole, or not at all. */
void report_save(const char *name, const struct row *rows, unsigned int n, uint64_t drops,
		 const char *json, uint64_t seed);
/* Prints the summary, writes @json; returns the exit status. */
int report(const char *name, const struct row *rows, unsigned int n, uint64_t drops,
	   const char *json, uint64_t seed);

#endif

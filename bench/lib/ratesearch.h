/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The highest rate at which a server still answers (nearly) everything, in the manner of RFC 2544:
 * a trial offers a rate for a while; one that passes is followed by a higher rate, one that fails
 * by a lower one, until both are close together. On a machine that is shared with others a trial
 * may fail by accident, so a rate counts as too high only after a second trial at it failed.
 */
#ifndef BENCH_RATESEARCH_H
#define BENCH_RATESEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tally.h"

struct goal {
	double first;		/* requests per second: where the search begins */
	double highest;		/* and what it never exceeds */
	double max_loss;	/* share of the requests (0..1) that a trial may lose */
	double max_p99_us;	/* latency from the due time that 99 % may have; 0 = any */
	double resolution;	/* it ends when the two rates differ by less than this share */
};

struct trial {
	double rate;
	uint64_t due, sent, lost;
	double p99_us;
	bool passed;
};

enum bound {
	BOUND_NONE,		/* the search was interrupted */
	BOUND_SERVER,		/* requests were lost, or late */
	BOUND_GENERATOR,	/* requests did not leave: the server may be capable of more */
	BOUND_HIGHEST,		/* goal.highest passed */
	BOUND_FAULT,		/* a reply was wrong: nothing was measured */
};

#define SEARCH_TRIALS	128
#define SEARCH_LOWEST	1.0	/* requests per second */

struct search {
	struct goal goal;
	double pass, fail;	/* the highest rate that passed, the lowest that failed; 0 = none yet */
	double rate;		/* of the next trial */
	bool once;		/* it failed there once */
	enum bound bound;
	unsigned int n;
	struct trial trial[SEARCH_TRIALS];
	struct counts best;	/* of the highest rate that passed */
};

void search_begin(struct search *s, const struct goal *g);
/* The rate of the next trial; false: the search has come to its end. */
bool search_next(struct search *s, double *rate);
/* What became of it. */
void search_tell(struct search *s, const struct counts *c);
/* Leaves what shall be reported in @c. */
void search_end(struct search *s, struct counts *c);
const char *search_bound(const struct search *s);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the requests of an open loop are due: at equal distances, or as a Poisson process of the
 * same mean rate, in which requests come in clumps as those of many independent clients do.
 */
#ifndef BENCH_ARRIVALS_H
#define BENCH_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

struct arrivals {
	double rate;		/* per second, > 0 */
	bool poisson;
	uint64_t rng;
	uint64_t taken;
	double next;		/* ns from the start to the next one */
};

void arrivals_init(struct arrivals *a, double rate, bool poisson, uint64_t seed);
/* Takes the next one. Returns when it is due, in ns from the start. */
uint64_t arrivals_take(struct arrivals *a);
/* Takes all that are due before @end (ns from the start), at most @limit ever taken. */
void arrivals_skip(struct arrivals *a, double end, uint64_t limit);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "arrivals.h"
#include "mc/random.h"

/* Exponentially distributed with the mean 1. */
static double distance(struct arrivals *a)
{
	/* 53 random bits, and never 0 */
	return -log(((mix64(a->rng++) >> 11) + 0.5) / 9007199254740992.0);
}

void arrivals_init(struct arrivals *a, double rate, bool poisson, uint64_t seed)
{
	*a = (struct arrivals){ .rate = rate, .poisson = poisson, .rng = mix64(~seed) };
	if (poisson)
		a->next = distance(a) * 1e9 / rate;
}

uint64_t arrivals_take(struct arrivals *a)
{
	double due = a->next;

	a->taken++;
	/* equal distances: from the number, so that nothing adds up */
	a->next = a->poisson ? due + distance(a) * 1e9 / a->rate : a->taken * 1e9 / a->rate;
	return due;
}

void arrivals_skip(struct arrivals *a, double end, uint64_t limit)
{
	while (a->next < end && a->taken < limit)
		arrivals_take(a);
}

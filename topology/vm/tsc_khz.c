// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how many thousand times a second this machine's time stamp counter counts, measured
 * against its clock for 50 ms.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES	100

struct moment {
	uint64_t tsc, ns;
};

/* Both at one time: of some tries that which took the shortest, since it was not interrupted. */
static struct moment now(void)
{
	struct moment best = {};
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct timespec t;
		uint64_t before = __rdtsc(), took;

		clock_gettime(CLOCK_MONOTONIC, &t);
		took = __rdtsc() - before;
		if (took >= shortest)
			continue;
		shortest = took;
		best.tsc = before + took / 2;
		best.ns = t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	struct moment first = now(), last;

	nanosleep(&pause, NULL);
	last = now();
	printf("%.0f\n", 1e6 * (last.tsc - first.tsc) / (last.ns - first.ns));
	return 0;
}

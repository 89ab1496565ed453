/* SPDX-License-Identifier: GPL-2.0-only */
/* Pseudo-random numbers, the same for the same seed, and draws of an index: uniform or zipf. */
#ifndef MC_RANDOM_H
#define MC_RANDOM_H

#include <stdint.h>

/* One step of splitmix64: a good hash of a counter. */
static inline uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* Draws 0 to count - 1: uniform, or zipf with exponent theta (rank = index). */
struct picker {
	uint64_t rng;
	uint32_t count;
	uint32_t *alias;	/* alias table (Vose) for zipf, NULL for uniform */
	uint32_t *cut;
};

/* Returns 0 or -ENOMEM. */
int picker_init(struct picker *p, uint32_t count, double theta, uint64_t seed);
void picker_free(struct picker *p);
/* The draw that belongs to a random number of the caller's, or to the picker's next one. */
uint32_t picker_at(const struct picker *p, uint64_t random);
uint32_t picker_next(struct picker *p);

#endif

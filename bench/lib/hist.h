/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Latency histogram with logarithmic buckets: every power of two is cut in 64,
 * so a percentile is exact to 1.6 %. Unit: nanoseconds. Fixed size, no allocation.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS	6
#define HIST_SUB	(1u << HIST_SUB_BITS)
#define HIST_BUCKETS	((64 - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint64_t bucket[HIST_BUCKETS];
};

/* The largest value that falls in the bucket. */
uint64_t hist_bucket_last(unsigned int bucket);
void hist_reset(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);

/*
 * The value that @percent (0..100) of all samples do not exceed; 0 when there
 * are none. Never more than the largest sample.
 */
uint64_t hist_percentile(const struct hist *h, double percent);
uint64_t hist_mean(const struct hist *h);

/*
 * Write it in HdrHistogram's percentile format (.hgrm), in microseconds: every bucket that has
 * samples is a line. Returns 0 or -errno.
 */
int hist_hgrm(const struct hist *h, const char *path);

#endif

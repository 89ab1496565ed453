// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "hist.h"

/*
 * Values below HIST_SUB have a bucket each. Above, the position of the highest
 * bit chooses the group and the HIST_SUB_BITS bits below it the bucket.
 */
static unsigned int bucket_of(uint64_t v)
{
	unsigned int shift;

	if (v < HIST_SUB)
		return v;
	shift = 63 - __builtin_clzll(v) - HIST_SUB_BITS;
	return (shift + 1) * HIST_SUB + ((v >> shift) & (HIST_SUB - 1));
}

uint64_t hist_bucket_last(unsigned int b)
{
	unsigned int shift;

	if (b < HIST_SUB)
		return b;
	shift = b / HIST_SUB - 1;
	return ((uint64_t)(HIST_SUB + b % HIST_SUB) << shift) + ((UINT64_C(1) << shift) - 1);
}

void hist_reset(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void hist_add(struct hist *h, uint64_t ns)
{
	h->bucket[bucket_of(ns)]++;
	h->count++;
	h->sum += ns;
	if (ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
}

uint64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t seen = 0, want;
	double exact = percent / 100 * h->count;

	if (!h->count)
		return 0;
	want = exact;
	if (want < exact || !want)
		want++;
	for (unsigned int b = 0; b < HIST_BUCKETS; b++) {
		seen += h->bucket[b];
		if (seen >= want)
			return hist_bucket_last(b) < h->max ? hist_bucket_last(b) : h->max;
	}
	return h->max;
}

uint64_t hist_mean(const struct hist *h)
{
	return h->count ? h->sum / h->count : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "hist.h"

/* From the buckets' ends, like the lines. */
static double deviation(const struct hist *h)
{
	double mean = hist_mean(h) / 1e3, sum = 0;

	for (unsigned int b = 0; b < HIST_BUCKETS; b++)
		if (h->bucket[b])
			sum += h->bucket[b] * pow(hist_bucket_last(b) / 1e3 - mean, 2);
	return h->count ? sqrt(sum / h->count) : 0;
}

static void lines(FILE *f, const struct hist *h)
{
	uint64_t seen = 0;

	for (unsigned int b = 0; b < HIST_BUCKETS && seen < h->count; b++) {
		double value = hist_bucket_last(b) < h->max ? hist_bucket_last(b) : h->max;

		if (!h->bucket[b])
			continue;
		seen += h->bucket[b];
		fprintf(f, "%12.3f %14.12f %10" PRIu64, value / 1e3, (double)seen / h->count, seen);
		if (seen < h->count)
			fprintf(f, " %14.2f", (double)h->count / (h->count - seen));
		fputc('\n', f);
	}
}

int hist_hgrm(const struct hist *h, const char *path)
{
	FILE *f = fopen(path, "w");
	int err;

	if (!f)
		return bench_fail(errno, "cannot write '%s': %s", path, strerror(errno));
	fprintf(f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	lines(f, h);
	fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", hist_mean(h) / 1e3,
		deviation(h));
	fprintf(f, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", h->max / 1e3, h->count);
	fprintf(f, "#[Buckets = %12u, SubBuckets     = %12u]\n", HIST_BUCKETS / HIST_SUB, HIST_SUB);
	err = ferror(f);
	return fclose(f) || err ? bench_fail(EIO, "cannot write '%s'", path) : 0;
}

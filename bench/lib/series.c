// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fail.h"
#include "series.h"

#define SECOND	UINT64_C(1000000000)

int series_open(struct series *s, const char *path)
{
	memset(s, 0, sizeof(*s));
	s->path = path;
	s->next = SECOND;
	s->f = fopen(path, "w");
	if (!s->f)
		return bench_fail(errno, "cannot write '%s': %s", path, strerror(errno));
	fprintf(s->f, "second,sent,received,lost,wrong,missing,p50_us,p99_us,max_us\n");
	return 0;
}

/* The replies of this second alone. */
static void since(struct hist *out, const struct hist *now, const struct hist *then)
{
	hist_reset(out);
	out->max = now->max;
	out->count = now->count - then->count;
	for (unsigned int b = 0; b < HIST_BUCKETS; b++)
		out->bucket[b] = now->bucket[b] - then->bucket[b];
}

void series_look(struct series *s, const struct counts *c, uint64_t ns)
{
	const struct counts *b = &s->before;
	static struct hist h;

	if (ns < s->next)
		return;
	since(&h, &c->latency, &b->latency);
	/* if the generator had no CPU for some seconds, the row is for all of them */
	fprintf(s->f, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%.1f,%.1f,%.1f\n", ns / SECOND, c->sent - b->sent, c->received - b->received,
		c->lost - b->lost, c->wrong - b->wrong, c->missing - b->missing,
		hist_percentile(&h, 50) / 1e3, hist_percentile(&h, 99) / 1e3,
		hist_percentile(&h, 100) / 1e3);
	s->before = *c;
	s->next = (ns / SECOND + 1) * SECOND;
}

int series_close(struct series *s)
{
	bool bad = ferror(s->f);

	bad = fclose(s->f) || bad;
	return bad ? bench_fail(EIO, "cannot write '%s'", s->path) : 0;
}

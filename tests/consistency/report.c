// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "report.h"

static uint64_t evicted;

void report_evictions(uint64_t evictions)
{
	evicted = evictions;
}

void row_begin(struct row *row, const char *name)
{
	row->name = name;
	row->before = W.count;
	row->operations = operations();
	row->served = server_stat("cmd_get");
	row->begun = now_ns();
}

static void minus(uint64_t *a, const uint64_t *b, size_t n)
{
	while (n--)
		*a++ -= *b++;
}

static double share(const struct row *r)
{
	const struct counters *c = &r->count;
	/* what memcached looked up on behalf of others than the interface's GETs */
	uint64_t others = c->keys_read - c->udp_keys;
	uint64_t theirs = r->served > others ? r->served - others : 0;

	return c->udp_keys > theirs ? 1 - (double)theirs / c->udp_keys : 0;
}

void row_end(struct row *row, bool hot)
{
	row->seconds = (now_ns() - row->begun) / 1e9;
	row->operations = operations() - row->operations;
	row->served = server_stat("cmd_get") - row->served;
	row->count = W.count;
	row->hot = hot;
	minus((uint64_t *)&row->count, (uint64_t *)&row->before, sizeof(struct counters) / 8);
	printf("%-8s %8llu operations in %5.1f s, %llu mutations", row->name,
	       (unsigned long long)row->operations, row->seconds, (unsigned long long)row->count.mutations);
	if (hot)
		printf(", %.3f answered by the accelerator", share(row));
	printf(": %llu stale, %llu wrong, %llu lost\n", (unsigned long long)row->count.stale,
	       (unsigned long long)row->count.wrong, (unsigned long long)row->count.lost);
}

static void kinds(void)
{
	unsigned int kind, via;

	if (!W.count.stale)
		return;
	printf("stale reads, by the mutation that the answer did not know:\n");
	for (kind = 0; kind < N_KINDS; kind++) {
		uint64_t stale = 0, made = 0;

		for (via = 0; via < N_VIAS; via++) {
			stale += W.count.stale_by[kind][via];
			made += W.count.made[kind][via];
		}
		if (!stale && !made)
			continue;
		printf("  %-20s %8llu stale", kind_names[kind], (unsigned long long)stale);
		if (made)
			printf(" after %llu", (unsigned long long)made);
		for (via = 0; via < N_VIAS; via++)
			if (W.count.stale_by[kind][via])
				printf("; %s %llu", via_names[via], (unsigned long long)W.count.stale_by[kind][via]);
		putchar('\n');
	}
}

static void write_json(FILE *f, const char *name, const struct row *rows, unsigned int n, uint64_t drops,
		       uint64_t seed)
{
	const struct counters *c = &W.count;
	unsigned int i, via, kind;
	const char *comma = "";
	double hits = 0;

	for (i = 0; i < n; i++)
		if (rows[i].hot)
			hits = share(&rows[i]);
	fprintf(f, "{\"name\":\"%s\",\"seed\":%llu,\"operations\":%llu,\"mutations\":%llu,\"stale\":%llu,"
		"\"wrong\":%llu,\"lost\":%llu,\"hit_ratio\":%.4f,\"unchecked\":%llu,\"lost_where_allowed\":%llu,"
		"\"dropped_by_the_kernel\":%llu,\"evictions\":%llu,\"restarts\":%llu,\"stops\":%llu,\"flushes\":%llu,"
		"\"commands\":%llu,\"half_commands\":%llu,\"phases\":[", name, (unsigned long long)seed,
		(unsigned long long)operations(), (unsigned long long)c->mutations, (unsigned long long)c->stale,
		(unsigned long long)c->wrong, (unsigned long long)c->lost, hits, (unsigned long long)c->unchecked,
		(unsigned long long)c->lost_allowed, (unsigned long long)drops, (unsigned long long)evicted,
		(unsigned long long)c->restarts, (unsigned long long)c->stops, (unsigned long long)c->flushes,
		(unsigned long long)c->commands, (unsigned long long)c->half_commands);
	for (i = 0; i < n; i++)
		fprintf(f, "%s{\"name\":\"%s\",\"operations\":%llu,\"seconds\":%.2f,\"mutations\":%llu,\"stale\":%llu,"
			"\"wrong\":%llu,\"lost\":%llu}", i ? "," : "", rows[i].name,
			(unsigned long long)rows[i].operations, rows[i].seconds,
			(unsigned long long)rows[i].count.mutations, (unsigned long long)rows[i].count.stale,
			(unsigned long long)rows[i].count.wrong, (unsigned long long)rows[i].count.lost);
	fprintf(f, "],\"stale_by_mutation\":{");
	for (kind = 0; kind < N_KINDS; kind++) {
		uint64_t sum = 0;

		for (via = 0; via < N_VIAS; via++)
			sum += c->stale_by[kind][via];
		if (!sum)
			continue;
		fprintf(f, "%s\"%s\":%llu", comma, kind_names[kind], (unsigned long long)sum);
		comma = ",";
	}
	fprintf(f, "}}\n");
}

int report(const char *name, const struct row *rows, unsigned int n, uint64_t drops, const char *json,
	   uint64_t seed)
{
	const struct counters *c = &W.count;
	FILE *f;

	kinds();
	printf("%s: %llu operations (%llu mutations), %llu restarts, %llu stops, %llu flushes, %llu half commands, "
	       "%llu commands\n", name, (unsigned long long)operations(), (unsigned long long)c->mutations,
	       (unsigned long long)c->restarts, (unsigned long long)c->stops, (unsigned long long)c->flushes,
	       (unsigned long long)c->half_commands, (unsigned long long)c->commands);
	printf("%s: %llu stale, %llu wrong, %llu lost (and %llu where datagrams were lost on purpose; the kernel "
	       "dropped %llu for want of room); %llu not judged, %llu evictions\n", name,
	       (unsigned long long)c->stale, (unsigned long long)c->wrong, (unsigned long long)c->lost,
	       (unsigned long long)c->lost_allowed, (unsigned long long)drops,
	       (unsigned long long)c->unchecked, (unsigned long long)evicted);
	if (json) {
		f = fopen(json, "we");
		if (!f)
			die("cannot write \"%s\": %s", json, strerror(errno));
		write_json(f, name, rows, n, drops, seed);
		if (fclose(f))
			die("cannot write \"%s\": %s", json, strerror(errno));
	}
	return c->stale || c->wrong || c->lost;
}

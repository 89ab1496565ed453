// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "outcome_report.h"

#define N(x)	((unsigned long long)(x))	/* what %llu takes */

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
	/* what memcached looked up for GETs that only it can answer */
	uint64_t others = c->keys_read - c->fast_keys;
	uint64_t theirs = r->served > others ? r->served - others : 0;

	return c->fast_keys > theirs ? 1 - (double)theirs / c->fast_keys : 0;
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
	       N(row->operations), row->seconds, N(row->count.mutations));
	if (hot)
		printf(", %.3f answered by the accelerator", share(row));
	printf(": %llu stale, %llu wrong, %llu lost\n", N(row->count.stale),
	       N(row->count.wrong), N(row->count.lost));
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
		printf("  %-20s %8llu stale", kind_names[kind], N(stale));
		if (made)
			printf(" after %llu", N(made));
		for (via = 0; via < N_VIAS; via++)
			if (W.count.stale_by[kind][via])
				printf("; %s %llu", via_names[via], N(W.count.stale_by[kind][via]));
		putchar('\n');
	}
}

/* "NAME":VALUE,... of what a run and a phase of it have in common. */
static void members(FILE *f, const char *name, uint64_t n, const struct counters *c)
{
	fprintf(f, "\"name\":\"%s\",\"operations\":%llu,\"mutations\":%llu,", name, N(n), N(c->mutations));
	fprintf(f, "\"stale\":%llu,\"wrong\":%llu,\"lost\":%llu", N(c->stale), N(c->wrong), N(c->lost));
}

static void write_json(FILE *f, const char *name, const struct row *rows, unsigned int n,
		       uint64_t drops, uint64_t seed)
{
	const struct counters *c = &W.count;
	const struct { const char *name; uint64_t value; } figures[] = {
		{ "seed", seed }, { "unchecked", c->unchecked }, { "late_clock", c->late_clock },
		{ "early_expiry", c->early }, { "late_expiry", c->late_expiry },
		{ "lost_where_allowed", c->lost_allowed }, { "dropped_by_the_kernel", drops },
		{ "evictions", evicted }, { "restarts", c->restarts }, { "stops", c->stops },
		{ "flushes", c->flushes }, { "commands", c->commands },
		{ "half_commands", c->half_commands },
	};
	const char *comma = "";
	unsigned int i, via, kind;
	double hits = 0;

	for (i = 0; i < n; i++)
		if (rows[i].hot)
			hits = share(&rows[i]);
	fputc('{', f);
	members(f, name, operations(), c);
	fprintf(f, ",\"hit_ratio\":%.4f", hits);
	for (i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		fprintf(f, ",\"%s\":%llu", figures[i].name, N(figures[i].value));
	fputs(",\"phases\":[", f);
	for (i = 0; i < n; i++) {
		fprintf(f, "%s{", i ? "," : "");
		members(f, rows[i].name, rows[i].operations, &rows[i].count);
		fprintf(f, ",\"seconds\":%.2f}", rows[i].seconds);
	}
	fputs("],\"stale_by_mutation\":{", f);
	for (kind = 0; kind < N_KINDS; kind++) {
		uint64_t sum = 0;

		for (via = 0; via < N_VIAS; via++)
			sum += c->stale_by[kind][via];
		if (!sum)
			continue;
		fprintf(f, "%s\"%s\":%llu", comma, kind_names[kind], N(sum));
		comma = ",";
	}
	fputs("}}\n", f);
}

void report_save(const char *name, const struct row *rows, unsigned int n, uint64_t drops,
		 const char *json, uint64_t seed)
{
	char part[4096];
	FILE *f;

	if (!json)
		return;
	snprintf(part, sizeof(part), "%s.part", json);
	f = fopen(part, "we");
	if (!f)
		die("cannot write \"%s\": %s", part, strerror(errno));
	write_json(f, name, rows, n, drops, seed);
	if (fclose(f) || rename(part, json))
		die("cannot write \"%s\": %s", json, strerror(errno));
}

int report(const char *name, const struct row *rows, unsigned int n, uint64_t drops,
	   const char *json, uint64_t seed)
{
	const struct counters *c = &W.count;

	kinds();
	printf("%s: %llu operations (%llu mutations), %llu restarts, %llu stops, %llu flushes, "
	       "%llu half commands, "
	       "%llu commands\n",
	       name, N(operations()), N(c->mutations), N(c->restarts), N(c->stops), N(c->flushes),
	       N(c->half_commands), N(c->commands));
	printf("%s: %llu stale, %llu wrong, %llu lost (and %llu where datagrams were lost on "
	       "purpose; the kernel "
	       "dropped %llu for want of room); %llu not judged, %llu evictions\n",
	       name, N(c->stale), N(c->wrong), N(c->lost), N(c->lost_allowed), N(drops),
	       N(c->unchecked), N(evicted));
	report_save(name, rows, n, drops, json, seed);
	return c->stale || c->wrong || c->lost;
}

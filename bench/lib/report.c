// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fail.h"
#include "report.h"

static double per_second(const struct counts *c, uint64_t n)
{
	return c->seconds > 0 ? n / c->seconds : 0;
}

static double us(const struct counts *c, double percent)
{
	return hist_percentile(&c->latency, percent) / 1e3;
}

bool report_clean(const struct result *res)
{
	const struct counts *w = &res->warm, *r = &res->run;

	return !(w->wrong | w->missing | w->duplicate | w->stray |
		 r->wrong | r->missing | r->duplicate | r->stray);
}

static void counts_text(FILE *f, const char *what, const struct counts *c, bool has_latency)
{
	fprintf(f, "%-8s sent %" PRIu64 ", replies %" PRIu64 " (%.0f/s in %.2f s), verified %" PRIu64
		", lost %" PRIu64 " (late %" PRIu64 ")\n", what, c->sent, c->received,
		per_second(c, c->received), c->seconds, c->verified, c->lost, c->late);
	fprintf(f, "%-8s wrong %" PRIu64 ", missing %" PRIu64 ", duplicate %" PRIu64 ", stray %"
		PRIu64 "\n", "", c->wrong, c->missing, c->duplicate, c->stray);
	if (has_latency)
		fprintf(f, "%-8s latency us: mean %.1f, p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f\n",
			"", hist_mean(&c->latency) / 1e3, us(c, 50), us(c, 90), us(c, 99),
			us(c, 99.9), c->latency.max / 1e3);
}

void report_text(FILE *f, const struct report *r)
{
	const struct keyset *k = r->keys;

	fprintf(f, "%s over %s: %u keys of %u-%u B, values of %u-%u B", r->tool, r->client,
		k->count, sizes_min(&k->key), sizes_max(&k->key), sizes_min(&k->value),
		sizes_max(&k->value));
	if (r->load && r->load->rate > 0)
		fprintf(f, ", open loop at %.0f/s\n", r->load->rate);
	else if (r->load)
		fprintf(f, ", closed loop, window %u\n", r->load->window);
	else
		fprintf(f, "\n");
	if (r->res->warm.sent)
		counts_text(f, "warm-up", &r->res->warm, r->has_latency);
	counts_text(f, "run", &r->res->run, r->has_latency);
	if (*r->res->first_wrong)
		fprintf(f, "first bad reply: %s\n", r->res->first_wrong);
}

static void string_json(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void counts_json(FILE *f, const struct counts *c, bool has_latency)
{
	static const struct { const char *name; double percent; } latency[] = {
		{ "p50_us", 50 }, { "p90_us", 90 }, { "p99_us", 99 }, { "p999_us", 99.9 },
	};

	fprintf(f, "\"sent\":%" PRIu64 ",\"received\":%" PRIu64, c->sent, c->received);
	fprintf(f, ",\"rps\":%.1f,\"sent_pps\":%.1f,\"seconds\":%.6f",
		per_second(c, c->received), per_second(c, c->sent), c->seconds);
	fprintf(f, ",\"verified\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"late\":%" PRIu64
		",\"wrong\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"duplicate\":%" PRIu64
		",\"stray\":%" PRIu64, c->verified, c->lost, c->late, c->wrong, c->missing,
		c->duplicate, c->stray);
	/* null: this tool measures none */
	for (size_t i = 0; i < sizeof(latency) / sizeof(latency[0]); i++) {
		fprintf(f, ",\"%s\":", latency[i].name);
		fprintf(f, has_latency ? "%.2f" : "null", us(c, latency[i].percent));
	}
	if (has_latency)
		fprintf(f, ",\"mean_us\":%.2f,\"max_us\":%.2f", hist_mean(&c->latency) / 1e3,
			c->latency.max / 1e3);
	else
		fprintf(f, ",\"mean_us\":null,\"max_us\":null");
}

int report_json(const char *path, const struct report *r)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;
	int err = 0;

	if (!f)
		return bench_fail(errno, "cannot write '%s': %s", path, strerror(errno));
	fprintf(f, "{\"tool\":");
	string_json(f, r->tool);
	fprintf(f, ",\"client\":");
	string_json(f, r->client);
	fprintf(f, ",\"keys\":%u,\"key_min\":%u,\"key_max\":%u,\"value_min\":%u,\"value_max\":%u",
		r->keys->count, sizes_min(&r->keys->key), sizes_max(&r->keys->key),
		sizes_min(&r->keys->value), sizes_max(&r->keys->value));
	if (r->load)
		fprintf(f, ",\"window\":%u,\"rate\":%.1f,\"zipf\":%.3f", r->load->window,
			r->load->rate, r->load->theta);
	fputc(',', f);
	counts_json(f, &r->res->run, r->has_latency);
	fprintf(f, ",\"warmup\":{");
	counts_json(f, &r->res->warm, r->has_latency);
	fprintf(f, "},\"first_wrong\":");
	string_json(f, r->res->first_wrong);
	fprintf(f, ",\"interrupted\":%s}\n", r->res->interrupted ? "true" : "false");
	if (ferror(f) || fflush(f))
		err = bench_fail(EIO, "cannot write '%s'", path);
	if (f != stdout && fclose(f) && !err)
		err = bench_fail(EIO, "cannot write '%s'", path);
	return err;
}

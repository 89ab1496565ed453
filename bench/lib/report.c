// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fail.h"
#include "ratesearch.h"
#include "report.h"

static double per_second(const struct counts *c, uint64_t n)
{
	return c->send_seconds > 0 ? n / c->send_seconds : 0;
}

static double us(const struct hist *h, double percent)
{
	return hist_percentile(h, percent) / 1e3;
}

/* What must not be in a run, with its name. A closed loop waits: nothing is lost by overload. */
struct fault {
	const char *name;
	uint64_t n;
};

#define FAULTS	7

static const struct counts *phase(const struct report *r, enum phases which)
{
	return &r->res->counts[which];
}

static void find_faults(const struct report *r, struct fault f[FAULTS])
{
	bool closed = !r->flood && r->load->rate == 0, deletes = r->load->mix.op[OP_DELETE] > 0;
	bool in_vain = r->search && !(r->search->pass > 0);

	f[0] = (struct fault){ .name = "wrong" };
	f[1] = (struct fault){ .name = "missing" };
	f[2] = (struct fault){ .name = "late and wrong" };
	f[3] = (struct fault){ .name = "doubled" };
	f[4] = (struct fault){ .name = "stray" };
	f[5] = (struct fault){ .name = "lost in a closed loop (--may-lose accepts them)" };
	f[6] = (struct fault){ "rates tried, and no one passed", in_vain ? r->search->n : 0 };
	for (enum phases p = PHASE_WARM; p < PHASES; p++) {
		const struct counts *c = phase(r, p);

		f[0].n += c->wrong;
		/* what was deleted is missing by right, but for the warm-up before */
		f[1].n += deletes && p != PHASE_WARM ? 0 : c->missing;
		f[2].n += c->late_wrong;
		f[3].n += c->duplicate;
		f[4].n += c->stray;
		if (!r->load->may_lose && !r->flood && (closed || p == PHASE_WARM))
			f[5].n += c->lost;
	}
}

static uint64_t unsent(const struct counts *c)
{
	return c->due - c->sent;
}

int report_status(const struct report *r)
{
	struct fault f[FAULTS];

	find_faults(r, f);
	for (int i = 0; i < FAULTS; i++)
		if (f[i].n)
			return STATUS_BAD;
	return unsent(phase(r, PHASE_RUN)) ? STATUS_BEHIND : STATUS_GOOD;
}

static void counts_text(FILE *f, const char *what, const struct counts *c, bool has_latency)
{
	fprintf(f, "%-8s due %" PRIu64 ", sent %" PRIu64 ", unsent %" PRIu64 "; replies %" PRIu64
		" (%.0f/s), last reply after %.2f of %.2f s of sending\n", what, c->due, c->sent,
		unsent(c), c->received, per_second(c, c->received), c->last_reply_seconds,
		c->send_seconds);
	fprintf(f, "%-8s verified %" PRIu64 ", wrong %" PRIu64 ", missing %" PRIu64 "; lost %" PRIu64
		", of these late %" PRIu64 ", late and wrong %" PRIu64 "\n", "", c->verified,
		c->wrong, c->missing, c->lost, c->late, c->late_wrong);
	fprintf(f, "%-8s duplicate %" PRIu64 ", of these wrong %" PRIu64 "; stray %" PRIu64
		", of these wrong port %" PRIu64 ", wrong address %" PRIu64 "\n", "", c->duplicate,
		c->duplicate_wrong, c->stray, c->stray_port, c->stray_address);
	if (!has_latency)
		return;
	fprintf(f, "%-8s latency us: mean %.1f, p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f\n",
		"", hist_mean(&c->latency) / 1e3, us(&c->latency, 50), us(&c->latency, 90),
		us(&c->latency, 99), us(&c->latency, 99.9), c->latency.max / 1e3);
	fprintf(f, "%-8s lag of sending us: p99 %.1f, max %.1f\n", "", us(&c->lag, 99),
		c->lag.max / 1e3);
}

static void verdict_text(FILE *f, const struct report *r)
{
	const struct counts *c = phase(r, PHASE_RUN);
	struct fault fault[FAULTS];
	const char *sep = "FAILED: ";

	for (unsigned int i = 0; i < r->res->bad.count; i++)
		fprintf(f, "bad reply: %s\n", r->res->bad.text[i]);
	find_faults(r, fault);
	for (int i = 0; i < FAULTS; i++) {
		if (!fault[i].n)
			continue;
		fprintf(f, "%s%" PRIu64 " %s", sep, fault[i].n, fault[i].name);
		sep = ", ";
	}
	if (*sep == ',')
		fputc('\n', f);
	if (unsent(c))
		fprintf(f, "FAILED: THE GENERATOR COULD NOT KEEP THE RATE: %" PRIu64 " of %" PRIu64
			" due requests were not sent; the figures show its own limit, not the server's\n",
			unsent(c), c->due);
}

static void search_text(FILE *f, const struct report *r)
{
	const struct search *s = r->search;

	for (unsigned int i = 0; i < s->n; i++)
		fprintf(f, "search   %.0f/s: due %" PRIu64 ", sent %" PRIu64 ", lost %" PRIu64
			", p99 %.1f us: %s\n", s->trial[i].rate, s->trial[i].due, s->trial[i].sent,
			s->trial[i].lost, s->trial[i].p99_us,
			s->trial[i].passed ? "passed" : "failed");
	fprintf(f, "search   capacity %.0f/s, next %.0f/s failed; limited by: %s\n", s->pass, s->fail,
		search_bound(s));
	if (s->bound == BOUND_GENERATOR)
		fprintf(f, "search   THE GENERATOR REACHED ITS LIMIT FIRST: the server may be capable of more\n");
}

static void load_text(FILE *f, const struct report *r)
{
	const struct load *l = r->load;
	const double *op = l->mix.op;

	if (l->rate > 0)
		fprintf(f, ", open loop at %.0f/s%s", r->search ? r->search->pass : l->rate,
			l->poisson ? " (Poisson)" : "");
	else if (r->flood)
		fprintf(f, ", as fast as it goes");
	else
		fprintf(f, ", closed loop, window %u", l->window);
	if (r->keys->multi > 1)
		fprintf(f, ", %u keys a GET", r->keys->multi);
	if (op[OP_GET] < 1)
		fprintf(f, ", GET:SET:DELETE %.4g:%.4g:%.4g", op[OP_GET], op[OP_SET], op[OP_DELETE]);
	fputc('\n', f);
}

void report_text(FILE *f, const struct report *r)
{
	const struct keyset *k = r->keys;

	fprintf(f, "%s over %s: %u keys of %u-%u B, values of %u-%u B", r->tool, r->client,
		k->count, sizes_min(&k->key), sizes_max(&k->key), sizes_min(&k->value),
		sizes_max(&k->value));
	load_text(f, r);
	if (phase(r, PHASE_WARM)->due)
		counts_text(f, "warm-up", phase(r, PHASE_WARM), r->has_latency);
	if (phase(r, PHASE_DISCARD)->due)
		counts_text(f, "discard", phase(r, PHASE_DISCARD), r->has_latency);
	if (r->search)
		search_text(f, r);
	counts_text(f, "run", phase(r, PHASE_RUN), r->has_latency);
	if (r->drops)
		fprintf(f, "%-8s dropped at the port: missed %" PRIu64 ", errors %" PRIu64
			", no buffer %" PRIu64 "\n", "", r->drops->missed, r->drops->errors,
			r->drops->no_buffer);
	verdict_text(f, r);
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

static void latency_json(FILE *f, const struct counts *c, bool has_latency)
{
	const struct { const char *name; double us; } figure[] = {
		{ "p50_us", us(&c->latency, 50) }, { "p90_us", us(&c->latency, 90) },
		{ "p99_us", us(&c->latency, 99) }, { "p999_us", us(&c->latency, 99.9) },
		{ "mean_us", hist_mean(&c->latency) / 1e3 }, { "max_us", c->latency.max / 1e3 },
		{ "lag_p99_us", us(&c->lag, 99) },
	};

	/* null: this tool measures none */
	for (size_t i = 0; i < sizeof(figure) / sizeof(figure[0]); i++) {
		fprintf(f, ",\"%s\":", figure[i].name);
		fprintf(f, has_latency ? "%.2f" : "null", figure[i].us);
	}
	fprintf(f, ",\"lag_max_us\":%.2f", c->lag.max / 1e3);
}

static void counts_json(FILE *f, const struct counts *c, bool has_latency)
{
	const struct { const char *name; uint64_t n; } column[] = {
		{ "due", c->due }, { "sent", c->sent }, { "unsent", unsent(c) },
		{ "sets", c->sets }, { "deletes", c->deletes },
		{ "received", c->received }, { "verified", c->verified }, { "wrong", c->wrong },
		{ "missing", c->missing }, { "lost", c->lost }, { "late", c->late },
		{ "late_wrong", c->late_wrong }, { "duplicate", c->duplicate },
		{ "duplicate_wrong", c->duplicate_wrong }, { "stray", c->stray },
		{ "stray_port", c->stray_port }, { "stray_address", c->stray_address },
	};

	for (size_t i = 0; i < sizeof(column) / sizeof(column[0]); i++)
		fprintf(f, "%s\"%s\":%" PRIu64, i ? "," : "", column[i].name, column[i].n);
	fprintf(f, ",\"rps\":%.1f,\"sent_pps\":%.1f,\"send_seconds\":%.6f,\"last_reply_seconds\":%.6f",
		per_second(c, c->received), per_second(c, c->sent), c->send_seconds,
		c->last_reply_seconds);
	latency_json(f, c, has_latency);
}

static void search_json(FILE *f, const struct search *s)
{
	fprintf(f, ",\"search\":{\"capacity\":%.1f,\"limited_by\":\"%s\",\"max_loss\":%.6f,\"max_p99_us\":%.1f"
		",\"resolution\":%.4f,\"trials\":[", s->pass, search_bound(s), s->goal.max_loss,
		s->goal.max_p99_us, s->goal.resolution);
	for (unsigned int i = 0; i < s->n; i++)
		fprintf(f, "%s{\"rate\":%.1f,\"due\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"lost\":%" PRIu64
			",\"p99_us\":%.2f,\"passed\":%s}", i ? "," : "", s->trial[i].rate,
			s->trial[i].due, s->trial[i].sent, s->trial[i].lost, s->trial[i].p99_us,
			s->trial[i].passed ? "true" : "false");
	fprintf(f, "]}");
}

/* What was asked for. */
static void load_json(FILE *f, const struct report *r)
{
	static const char *const patterns[] = {
		[KEYS_UNIFORM] = "uniform", [KEYS_ZIPF] = "zipf",
		[KEYS_SEQUENTIAL] = "sequential", [KEYS_HOT] = "hot",
	};
	const struct mix *m = &r->load->mix;

	fprintf(f, ",\"keys\":%u,\"key_min\":%u,\"key_max\":%u,\"value_min\":%u,\"value_max\":%u",
		r->keys->count, sizes_min(&r->keys->key), sizes_max(&r->keys->key),
		sizes_min(&r->keys->value), sizes_max(&r->keys->value));
	fprintf(f, ",\"multi\":%u", r->keys->multi);
	fprintf(f, ",\"window\":%u,\"rate\":%.1f,\"poisson\":%s", r->load->window,
		r->search ? r->search->pass : r->load->rate, r->load->poisson ? "true" : "false");
	fprintf(f, ",\"pattern\":\"%s\",\"zipf\":%.3f,\"hot_keys\":%.6f,\"hot_requests\":%.6f"
		",\"missing_asked\":%.6f", patterns[m->pattern], m->theta, m->hot_keys,
		m->hot_requests, m->missing);
	fprintf(f, ",\"mix\":{\"get\":%.6f,\"set\":%.6f,\"delete\":%.6f}", m->op[OP_GET],
		m->op[OP_SET], m->op[OP_DELETE]);
}

static void phase_json(FILE *f, const struct report *r, const char *name, enum phases which)
{
	fprintf(f, ",\"%s\":{", name);
	counts_json(f, phase(r, which), r->has_latency);
	fputc('}', f);
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
	fputc(',', f);
	/* the run's figures come first: its members and those of the other phases have one name */
	counts_json(f, phase(r, PHASE_RUN), r->has_latency);
	load_json(f, r);
	phase_json(f, r, "warmup", PHASE_WARM);
	phase_json(f, r, "discarded", PHASE_DISCARD);
	if (r->search)
		search_json(f, r->search);
	if (r->drops)
		fprintf(f, ",\"port_drops\":{\"missed\":%" PRIu64 ",\"errors\":%" PRIu64
			",\"no_buffer\":%" PRIu64 "}", r->drops->missed, r->drops->errors,
			r->drops->no_buffer);
	fprintf(f, ",\"bad_replies\":[");
	for (unsigned int i = 0; i < r->res->bad.count; i++) {
		if (i)
			fputc(',', f);
		string_json(f, r->res->bad.text[i]);
	}
	fprintf(f, "],\"interrupted\":%s,\"status\":%d}\n", r->res->interrupted ? "true" : "false",
		report_status(r));
	if (ferror(f) || fflush(f))
		err = bench_fail(EIO, "cannot write '%s'", path);
	if (f != stdout && fclose(f) && !err)
		err = bench_fail(EIO, "cannot write '%s'", path);
	return err;
}

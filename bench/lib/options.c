// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "mix.h"
#include "options.h"

#define RATE_MAX	100e6	/* requests per second */

enum { OPT_VALUE = 256, OPT_ZIPF, OPT_SEED, OPT_TIMEOUT, OPT_NO_WARM, OPT_JSON, OPT_PRELOAD,
       OPT_PORTS, OPT_ANY_BYTE, OPT_PROGRESS, OPT_MAY_LOSE, OPT_PUBLIC, OPT_HOT, OPT_SEQUENTIAL,
       OPT_MISSING, OPT_MIX, OPT_MULTI, OPT_PRESET, OPT_POISSON, OPT_DISCARD, OPT_SEARCH, OPT_MAX_LOSS,
       OPT_MAX_P99, OPT_MAX_RATE, OPT_RESOLUTION, OPT_HGRM, OPT_SERIES };

static const struct argp_option argp_options[] = {
	{ "server", 's', "ADDR[:PORT]", 0, "memcached's address (default port 11211)", 1 },
	{ "preload", OPT_PRELOAD, "ADDR[:PORT]", 0,
	  "first set all keys over TCP on an ordinary socket", 1 },
	{ "allow-public", OPT_PUBLIC, NULL, 0,
	  "the server may have a public address: you may load it, and the network on the way", 1 },
	{ "keys", 'n', "N", 0, "number of keys (default 10000)", 2 },
	{ "key-size", 'k', "SIZES", 0, "bytes: 16, 16-45, 16:9,64:1 with weights (default 16)", 2 },
	{ "value-size", OPT_VALUE, "SIZES", 0, "bytes, as for --key-size (default 32)", 2 },
	{ "any-byte", OPT_ANY_BYTE, NULL, 0, "values of all byte values, not only printable ones", 2 },
	{ "zipf", OPT_ZIPF, "THETA", 0, "zipf choice of keys, 0.99 for example (default uniform)", 2 },
	{ "sequential", OPT_SEQUENTIAL, NULL, 0, "the keys in order, again and again", 2 },
	{ "hot", OPT_HOT, "KEYS:REQUESTS", 0,
	  "KEYS percent of the keys get REQUESTS percent of the requests", 2 },
	{ "missing", OPT_MISSING, "PERCENT", 0, "so many of the GETs ask for keys that were never stored", 2 },
	{ "mix", OPT_MIX, "WEIGHTS", 0,
	  "operations by weight: get:30,set:1,delete:1 (default get:1). A SET stores the key's own value again", 2 },
	{ "multi", OPT_MULTI, "N", 0,
	  "a GET asks for N keys, the one that was chosen and those behind it (default 1, at most 64)", 2 },
	{ "preset", OPT_PRESET, "NAME", 0,
	  "etc: sizes of keys and values, choice of keys and mix as in Facebook's pool ETC", 2 },
	{ "seed", OPT_SEED, "N", 0, "seed of data set and choice (default 1)", 2 },
	{ "window", 'w', "N", 0, "closed loop with N requests in flight (default 8)", 3 },
	{ "rate", 'r', "RPS", 0, "open loop: RPS requests a second, latency from the due time", 3 },
	{ "poisson", OPT_POISSON, NULL, 0, "with --rate: at random times, as many independent clients", 3 },
	{ "discard", OPT_DISCARD, "SECONDS", 0, "first load for so long without counting it in the run", 3 },
	{ "time", 't', "SECONDS", 0, "length of the run (default 5, at most 3600)", 3 },
	{ "count", 'c', "N", 0, "stop after N requests as well", 3 },
	{ "timeout", OPT_TIMEOUT, "MS", 0, "a request without reply is lost after this (default 200)", 3 },
	{ "may-lose", OPT_MAY_LOSE, NULL, 0,
	  "a closed loop that loses requests does not fail: overload is intended", 3 },
	{ "ports", OPT_PORTS, "N", 0, "number of source ports, 1..64 (default 8)", 3 },
	{ "no-warm-up", OPT_NO_WARM, NULL, 0, "do not ask for each key once before the run", 3 },
	{ "search", OPT_SEARCH, NULL, 0,
	  "find the highest rate that loses no more than --max-loss, in trials of --time; the first one at --rate (default 1000)", 4 },
	{ "max-loss", OPT_MAX_LOSS, "PERCENT", 0, "for --search (default 0.1)", 4 },
	{ "max-p99", OPT_MAX_P99, "US", 0, "for --search: 99 % of the replies within US microseconds (default any)", 4 },
	{ "max-rate", OPT_MAX_RATE, "RPS", 0, "for --search: try no higher rate", 4 },
	{ "resolution", OPT_RESOLUTION, "PERCENT", 0, "for --search: how exact (default 1)", 4 },
	{ "progress", OPT_PROGRESS, NULL, 0, "a line a second to standard error", 5 },
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON too ('-': standard output)", 5 },
	{ "hgrm", OPT_HGRM, "FILE", 0, "write the latencies in HdrHistogram's percentile format", 5 },
	{ "series", OPT_SERIES, "FILE", 0, "write what happened in each second as CSV", 5 },
	{ 0 }
};

void options_default(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->keys.count = 10000;
	o->keys.seed = 1;
	o->keys.multi = 1;
	sizes_parse(&o->keys.key, "--key-size", "16", 1, KEY_MAX);
	sizes_parse(&o->keys.value, "--value-size", "32", 0, VALUE_MAX);
	o->load = (struct load){ .window = 8, .seconds = 5, .seed = 1, .warm_up = true,
				 .timeout_ns = 200000000 };
	o->load.mix.op[OP_GET] = 1;
	o->goal = (struct goal){ .first = 1000, .highest = RATE_MAX, .max_loss = 0.001,
				 .resolution = 0.01 };
	o->ports = 8;
}

/* What the requests are made of. Returns 0, -errno, or ARGP_ERR_UNKNOWN. */
static int parse_mix(struct options *o, int key, char *arg)
{
	double v = 0;
	int err = 0;

	switch (key) {
	case 'n':
		err = whole_parse("--keys", arg, 1, 100e6, &v);
		o->keys.count = v;
		break;
	case 'k':
		return sizes_parse(&o->keys.key, "--key-size", arg, 1, KEY_MAX);
	case OPT_VALUE:
		return sizes_parse(&o->keys.value, "--value-size", arg, 0, VALUE_MAX);
	case OPT_ANY_BYTE:
		o->keys.any_byte = true;
		break;
	case OPT_ZIPF:
		o->load.mix.pattern = KEYS_ZIPF;
		return number_parse("--zipf", arg, 0, 5, &o->load.mix.theta);
	case OPT_SEQUENTIAL:
		o->load.mix.pattern = KEYS_SEQUENTIAL;
		break;
	case OPT_HOT:
		return hot_parse(&o->load.mix, arg);
	case OPT_MISSING:
		err = number_parse("--missing", arg, 0, 100, &v);
		o->load.mix.missing = v / 100;
		o->keys.absent = v > 0;
		break;
	case OPT_MIX:
		return mix_parse(&o->load.mix, arg);
	case OPT_MULTI:
		err = whole_parse("--multi", arg, 1, MULTI_MAX, &v);
		o->keys.multi = v;
		break;
	case OPT_PRESET:
		return preset_parse(&o->keys, &o->load.mix, arg);
	case OPT_SEED:
		err = whole_parse("--seed", arg, 0, UINT32_MAX, &v);
		o->keys.seed = o->load.seed = v;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return err;
}

/* When they leave, and for how long. */
static int parse_pace(struct options *o, int key, char *arg)
{
	double v = 0;
	int err = 0;

	switch (key) {
	case 'w':
		err = whole_parse("--window", arg, 1, 32768, &v);
		o->load.window = v;
		break;
	case 'r':
		return number_parse("--rate", arg, 1, RATE_MAX, &o->load.rate);
	case OPT_POISSON:
		o->load.poisson = true;
		break;
	case OPT_DISCARD:
		return number_parse("--discard", arg, 0, 3600, &o->load.discard);
	case 't':
		return number_parse("--time", arg, 0.01, 3600, &o->load.seconds);
	case 'c':
		err = whole_parse("--count", arg, 1, 1e12, &v);
		o->load.requests = v;
		break;
	case OPT_TIMEOUT:
		err = number_parse("--timeout", arg, 1, 60000, &v);
		o->load.timeout_ns = v * 1e6;
		break;
	case OPT_MAY_LOSE:
		o->load.may_lose = true;
		break;
	case OPT_PORTS:
		err = whole_parse("--ports", arg, 1, 64, &v);
		o->ports = v;
		break;
	case OPT_NO_WARM:
		o->load.warm_up = false;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return err;
}

static int parse_search(struct options *o, int key, char *arg)
{
	double v = 0;
	int err = 0;

	switch (key) {
	case OPT_SEARCH:
		o->has_search = true;
		break;
	case OPT_MAX_LOSS:
		err = number_parse("--max-loss", arg, 0, 50, &v);
		o->goal.max_loss = v / 100;
		break;
	case OPT_MAX_P99:
		return number_parse("--max-p99", arg, 1, 60e6, &o->goal.max_p99_us);
	case OPT_MAX_RATE:
		return number_parse("--max-rate", arg, 1, RATE_MAX, &o->goal.highest);
	case OPT_RESOLUTION:
		err = number_parse("--resolution", arg, 0.1, 50, &v);
		o->goal.resolution = v / 100;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return err;
}

/* Who is asked, and where the report goes. */
static int parse_ends(struct options *o, int key, char *arg)
{
	switch (key) {
	case 's':
		o->has_server = true;
		return addr_parse(&o->server, "--server", arg);
	case OPT_PRELOAD:
		o->has_preload = true;
		return addr_parse(&o->preload, "--preload", arg);
	case OPT_PUBLIC:
		o->allow_public = true;
		break;
	case OPT_PROGRESS:
		o->load.progress = true;
		break;
	case OPT_JSON:
		o->json = arg;
		break;
	case OPT_HGRM:
		o->hgrm = arg;
		break;
	case OPT_SERIES:
		o->series_path = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static int (*const groups[])(struct options *, int, char *) = {
		parse_mix, parse_pace, parse_search, parse_ends,
	};
	int err = ARGP_ERR_UNKNOWN;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && err == ARGP_ERR_UNKNOWN; i++)
		err = groups[i](state->input, key, arg);
	if (err && err != ARGP_ERR_UNKNOWN)
		argp_failure(state, 1, 0, "%s", bench_errmsg());
	return err;
}

const struct argp options_argp = { .options = argp_options, .parser = parse };

bool options_plain(const struct options *o)
{
	const struct load *l = &o->load;

	return l->mix.pattern == KEYS_UNIFORM && l->mix.op[OP_GET] == 1 && !(l->mix.missing > 0) &&
	       o->keys.multi == 1 &&
	       !l->poisson && !(l->discard > 0) && !o->has_search && !o->hgrm && !o->series_path;
}

/* Options that say nothing without another one, or contradict it. */
static int check_pairs(const struct options *o)
{
	const struct load *l = &o->load;

	if (l->poisson && !(l->rate > 0) && !o->has_search)
		return bench_fail(EINVAL, "--poisson needs --rate: a closed loop sends when a reply has come");
	if (o->has_search && l->requests)
		return bench_fail(EINVAL, "--search and --count: a trial lasts as long as --time says");
	if (l->mix.missing > 0 && !(l->mix.op[OP_GET] > 0))
		return bench_fail(EINVAL, "--missing: there is no GET in --mix");
	return 0;
}

int options_finish(struct options *o)
{
	int err = check_pairs(o);

	if (!err && o->has_server && !o->allow_public)
		err = addr_allowed(&o->server);
	if (!err && o->has_preload && !o->allow_public)
		err = addr_allowed(&o->preload);
	if (err)
		return err;
	if (o->load.window > o->ports * 32768)
		return bench_fail(EINVAL, "--window %u needs more than %u source ports", o->load.window,
			    o->ports);
	if (o->has_search && o->load.rate > 0)
		o->goal.first = o->load.rate;
	if (o->has_search)
		o->load.rate = o->goal.first;
	return keyset_init(&o->keys);
}

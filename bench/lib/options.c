// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "options.h"

enum { OPT_VALUE = 256, OPT_ZIPF, OPT_SEED, OPT_TIMEOUT, OPT_NO_WARM, OPT_JSON, OPT_PRELOAD,
       OPT_PORTS, OPT_ANY_BYTE, OPT_PROGRESS,
       OPT_MAY_LOSE };

static const struct argp_option argp_options[] = {
	{ "server", 's', "ADDR[:PORT]", 0, "memcached's address (default port 11211)", 1 },
	{ "preload", OPT_PRELOAD, "ADDR[:PORT]", 0,
	  "first set all keys over TCP on an ordinary socket", 1 },
	{ "keys", 'n', "N", 0, "number of keys (default 10000)", 2 },
	{ "key-size", 'k', "SIZES", 0, "bytes: 16, 16-45, 16:9,64:1 with weights (default 16)", 2 },
	{ "value-size", OPT_VALUE, "SIZES", 0, "bytes, as for --key-size (default 32)", 2 },
	{ "any-byte", OPT_ANY_BYTE, NULL, 0, "values of all byte values, not only printable ones", 2 },
	{ "zipf", OPT_ZIPF, "THETA", 0, "zipf choice of keys, 0.99 for example (default uniform)", 2 },
	{ "seed", OPT_SEED, "N", 0, "seed of data set and choice (default 1)", 2 },
	{ "window", 'w', "N", 0, "closed loop with N requests in flight (default 8)", 3 },
	{ "rate", 'r', "RPS", 0, "open loop: RPS requests a second, latency from the due time", 3 },
	{ "time", 't', "SECONDS", 0, "length of the run (default 5, at most 3600)", 3 },
	{ "count", 'c', "N", 0, "stop after N requests as well", 3 },
	{ "timeout", OPT_TIMEOUT, "MS", 0, "a request without reply is lost after this (default 200)", 3 },
	{ "may-lose", OPT_MAY_LOSE, NULL, 0,
	  "a closed loop that loses requests does not fail: overload is intended", 3 },
	{ "ports", OPT_PORTS, "N", 0, "number of source ports, 1..64 (default 8)", 3 },
	{ "no-warm-up", OPT_NO_WARM, NULL, 0, "do not ask for each key once before the run", 3 },
	{ "progress", OPT_PROGRESS, NULL, 0, "a line a second to standard error", 4 },
	{ "json", OPT_JSON, "FILE", 0, "write the report as JSON too ('-': standard output)", 4 },
	{ 0 }
};

static int number(const char *what, const char *text, double lo, double hi, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= lo && v <= hi))
		return bench_fail(EINVAL, "%s '%s': a number from %.10g to %.10g is expected", what, text,
			    lo, hi);
	*out = v;
	return 0;
}

static int whole(const char *what, const char *text, double lo, double hi, double *out)
{
	int err = number(what, text, lo, hi, out);

	if (!err && *out != floor(*out))
		err = bench_fail(EINVAL, "%s '%s': a whole number is expected", what, text);
	return err;
}

void options_default(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->keys.count = 10000;
	o->keys.seed = 1;
	sizes_parse(&o->keys.key, "--key-size", "16", 1, KEY_MAX);
	sizes_parse(&o->keys.value, "--value-size", "32", 0, VALUE_MAX);
	o->load = (struct load){ .window = 8, .seconds = 5, .seed = 1, .warm_up = true,
				 .timeout_ns = 200000000 };
	o->ports = 8;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	double v = 0;
	int err = 0;

	switch (key) {
	case 's':
		err = addr_parse(&o->server, "--server", arg);
		if (!err)
			err = addr_allowed(&o->server);
		o->has_server = true;
		break;
	case OPT_PRELOAD:
		err = addr_parse(&o->preload, "--preload", arg);
		if (!err)
			err = addr_allowed(&o->preload);
		o->has_preload = true;
		break;
	case 'n':
		err = whole("--keys", arg, 1, 100e6, &v);
		o->keys.count = v;
		break;
	case 'k':
		err = sizes_parse(&o->keys.key, "--key-size", arg, 1, KEY_MAX);
		break;
	case OPT_VALUE:
		err = sizes_parse(&o->keys.value, "--value-size", arg, 0, VALUE_MAX);
		break;
	case OPT_ANY_BYTE:
		o->keys.any_byte = true;
		break;
	case OPT_ZIPF:
		err = number("--zipf", arg, 0, 5, &o->load.theta);
		break;
	case OPT_SEED:
		err = whole("--seed", arg, 0, UINT32_MAX, &v);
		o->keys.seed = o->load.seed = v;
		break;
	case 'w':
		err = whole("--window", arg, 1, 32768, &v);
		o->load.window = v;
		break;
	case 'r':
		err = number("--rate", arg, 1, 100e6, &o->load.rate);
		break;
	case 't':
		err = number("--time", arg, 0.01, 3600, &o->load.seconds);
		break;
	case 'c':
		err = whole("--count", arg, 1, 1e12, &v);
		o->load.requests = v;
		break;
	case OPT_TIMEOUT:
		err = number("--timeout", arg, 1, 60000, &v);
		o->load.timeout_ns = v * 1e6;
		break;
	case OPT_PORTS:
		err = whole("--ports", arg, 1, 64, &v);
		o->ports = v;
		break;
	case OPT_MAY_LOSE:
		o->load.may_lose = true;
		break;
	case OPT_NO_WARM:
		o->load.warm_up = false;
		break;
	case OPT_PROGRESS:
		o->load.progress = true;
		break;
	case OPT_JSON:
		o->json = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (err)
		argp_failure(state, 1, 0, "%s", bench_errmsg());
	return 0;
}

const struct argp options_argp = { .options = argp_options, .parser = parse };

int options_finish(struct options *o)
{
	if (o->load.window > o->ports * 32768)
		return bench_fail(EINVAL, "--window %u needs more than %u source ports", o->load.window,
			    o->ports);
	return keyset_init(&o->keys);
}

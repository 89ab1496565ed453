// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "mix.h"

int number_parse(const char *what, const char *text, double lo, double hi, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= lo && v <= hi))
		return bench_fail(EINVAL, "%s '%s': a number from %.10g to %.10g is expected", what, text,
			    lo, hi);
	*out = v;
	return 0;
}

int whole_parse(const char *what, const char *text, double lo, double hi, double *out)
{
	int err = number_parse(what, text, lo, hi, out);

	if (!err && *out != floor(*out))
		err = bench_fail(EINVAL, "%s '%s': a whole number is expected", what, text);
	return err;
}

/* The operation that @text begins with, followed by a colon; moves it on. */
static enum op take_op(const char **text)
{
	static const char *const names[OPS] = {
		[OP_GET] = "get:", [OP_SET] = "set:", [OP_DELETE] = "delete:",
	};

	for (enum op op = OP_GET; op < OPS; op++) {
		size_t len = strlen(names[op]);

		if (strncmp(*text, names[op], len))
			continue;
		*text += len;
		return op;
	}
	return OPS;
}

int mix_parse(struct mix *m, const char *text)
{
	double weight[OPS] = { 0 }, sum = 0;
	const char *p = text;

	do {
		enum op op = take_op(&p);
		char *end;
		double w;

		if (op == OPS || weight[op] > 0)
			goto bad;
		w = strtod(p, &end);
		if (end == p || !(w >= 0 && w <= 1e6))
			goto bad;
		weight[op] = w;
		sum += w;
		p = end;
	} while (*p == ',' && p++);
	if (*p || !(sum > 0))
		goto bad;
	for (enum op op = OP_GET; op < OPS; op++)
		m->op[op] = weight[op] / sum;
	return 0;
bad:
	return bench_fail(EINVAL, "--mix '%s': stuck at '%s'; write weights, each operation once: get:30,set:1,delete:1",
		    text, p);
}

int hot_parse(struct mix *m, const char *text)
{
	char *end;
	double keys = strtod(text, &end), requests = 0;
	bool good = end > text && *end == ':';

	if (good) {
		const char *second = end + 1;

		requests = strtod(second, &end);
		good = end > second && !*end && keys > 0 && keys < 100 && requests >= 0 &&
		       requests <= 100;
	}
	if (!good)
		return bench_fail(EINVAL, "--hot '%s': KEYS:REQUESTS is expected, both in percent: with 1:90, one key in a hundred gets 90 %% of the requests",
			    text);
	m->pattern = KEYS_HOT;
	m->hot_keys = keys / 100;
	m->hot_requests = requests / 100;
	return 0;
}

/*
 * Facebook's pool ETC (Atikoglu et al., "Workload Analysis of a Large-Scale Key-Value Store",
 * SIGMETRICS 2012): keys by the generalised extreme value distribution (location 30.7984, scale
 * 8.20449, shape 0.078688), the sizes of small values as listed there, the others by the
 * generalised Pareto distribution (15, 214.476, 0.348238); both cut in ranges at quantiles. Values
 * end at what fits in one datagram: the 4.4 % of them that are longer become one of these.
 */
static const char etc_keys[] =
	"15-19:95,20-22:400,23-24:500,25-27:1000,28-29:1000,30-32:1000,33-34:1000,35-36:1000,"
	"37-40:1000,41-44:1000,45-51:1000,52-58:500,59-68:300,69-76:100,77-106:90,107-154:10";
static const char etc_values[] =
	"0:536,1:47,2:17820,3:9239,4:18,5:2740,6:65,7:606,8:23,9:837,10:837,11:8989,12:92,13:326,"
	"14:1980,15-38:5585,39-65:5585,66-96:5585,97-135:5585,136-183:5585,184-246:5585,"
	"247-336:5585,337-478:5585,479-772:5585,773-1147:2792,1148-1210:2792";

int preset_parse(struct keyset *k, struct mix *m, const char *name)
{
	int err;

	if (strcmp(name, "etc"))
		return bench_fail(EINVAL, "--preset '%s': there is one, etc", name);
	err = sizes_parse(&k->key, "--preset", etc_keys, 1, KEY_MAX);
	if (!err)
		err = sizes_parse(&k->value, "--preset", etc_values, 0, VALUE_MAX);
	if (!err)
		err = mix_parse(m, "get:30,set:1");
	m->pattern = KEYS_ZIPF;
	m->theta = 0.99;
	return err;
}

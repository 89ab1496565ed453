/* SPDX-License-Identifier: GPL-2.0-only */
/* Which key is asked for next, and what is done with it. */
#ifndef BENCH_CHOICE_H
#define BENCH_CHOICE_H

#include "dataset.h"
#include "mc/random.h"
#include "track.h"

enum pattern { KEYS_UNIFORM, KEYS_ZIPF, KEYS_SEQUENTIAL, KEYS_HOT };

struct mix {
	enum pattern pattern;
	double theta;		/* KEYS_ZIPF: the exponent */
	double hot_keys;	/* KEYS_HOT: this share of the keys (0..1) ... */
	double hot_requests;	/* ... gets this share of the requests */
	double missing;		/* share of the GETs that ask for a key that was never stored */
	double op[OPS];		/* shares of the requests; they add up to 1 */
};

struct choice {
	struct mix mix;
	uint32_t count, hot;	/* keys, and how many of the first ones are hot */
	struct picker picker;
	uint64_t rng, number;
};

/* Returns 0 or -ENOMEM. */
int choice_init(struct choice *c, const struct mix *m, uint32_t keys, uint64_t seed);
void choice_free(struct choice *c);
void choice_next(struct choice *c, enum op *op, uint32_t *key);

#endif

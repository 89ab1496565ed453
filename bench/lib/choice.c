// SPDX-License-Identifier: GPL-2.0-only
#include "choice.h"

int choice_init(struct choice *c, const struct mix *m, uint32_t keys, uint64_t seed)
{
	*c = (struct choice){ .mix = *m, .count = keys, .rng = mix64(seed ^ 0x636f696e) };
	c->hot = m->hot_keys * keys;
	if (!c->hot)
		c->hot = 1;
	return picker_init(&c->picker, keys, m->pattern == KEYS_ZIPF ? m->theta : 0, seed);
}

void choice_free(struct choice *c)
{
	picker_free(&c->picker);
}

/* Uniform from 0 to just below 1. */
static double draw(struct choice *c)
{
	return (mix64(c->rng++) >> 11) / 9007199254740992.0;
}

static uint32_t hot_or_cold(struct choice *c)
{
	uint32_t cold = c->count - c->hot;

	if (!cold || draw(c) < c->mix.hot_requests)
		return draw(c) * c->hot;
	return c->hot + (uint32_t)(draw(c) * cold);
}

static uint32_t next_key(struct choice *c)
{
	switch (c->mix.pattern) {
	case KEYS_SEQUENTIAL:
		return c->number++ % c->count;
	case KEYS_HOT:
		return hot_or_cold(c);
	case KEYS_UNIFORM:
	case KEYS_ZIPF:
		break;
	}
	return picker_next(&c->picker);
}

static enum op next_op(struct choice *c)
{
	double x = draw(c);

	for (enum op op = OP_GET; op < OPS - 1; op++) {
		if (x < c->mix.op[op])
			return op;
		x -= c->mix.op[op];
	}
	/* what is left by rounding belongs to one that is asked for at all */
	return c->mix.op[OPS - 1] > 0 ? OPS - 1 : OP_GET;
}

void choice_next(struct choice *c, enum op *op, uint32_t *key)
{
	*op = c->mix.op[OP_GET] < 1 ? next_op(c) : OP_GET;
	*key = next_key(c);
	if (*op == OP_GET && c->mix.missing > 0 && draw(c) < c->mix.missing)
		*key |= KEY_ABSENT;
}

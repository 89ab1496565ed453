/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data set. Everything about key number i (its text, flags, value length and
 * value bytes) is a function of i and of the seed, so that any reply can be
 * checked byte by byte without remembering what was stored.
 */
#ifndef BENCH_DATASET_H
#define BENCH_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "mc/proto.h"

#define VALUE_MAX	1400	/* longest value, bytes; keyset_init() checks the whole reply */
#define REPLY_MAX	1400	/* UDP payload, bytes: memcached splits longer replies */

/* A distribution of sizes in bytes: "32", "16-45" or "32:90,300-500:8,1000:2" (weights). */
#define SIZE_PARTS	32
struct sizes {
	unsigned int parts;
	uint32_t total;		/* sum of the weights */
	struct { uint32_t lo, hi, weight; } part[SIZE_PARTS];
};

/* Parse @text; every size must lie in @min..@max. @what names the option in messages. */
int sizes_parse(struct sizes *s, const char *what, const char *text, uint32_t min, uint32_t max);
uint32_t sizes_pick(const struct sizes *s, uint64_t random);
uint32_t sizes_min(const struct sizes *s);
uint32_t sizes_max(const struct sizes *s);

/* With this bit, an index names a key that is never stored. */
#define KEY_ABSENT	(1u << 31)

struct keyset {
	uint32_t count;
	uint64_t seed;
	bool any_byte;		/* values with all 256 byte values; else printable ones */
	bool absent;		/* keys with KEY_ABSENT are asked for: they need a byte more */
	uint32_t multi;		/* a GET asks for so many keys: the one that was drawn and the next ones */
	struct sizes key, value;
	/* filled by keyset_init() */
	uint32_t digits;	/* decimal digits of the largest index */
};

/* Check that the sizes can hold the set: keys that differ, replies of one datagram. */
int keyset_init(struct keyset *k);

#define MULTI_MAX	64

/* The @i-th key of a GET whose first one is @index. */
uint32_t key_behind(const struct keyset *k, uint32_t index, uint32_t i);

/* Write the key (no NUL) to @out[KEY_MAX]; returns its length. */
uint32_t key_text(const struct keyset *k, uint32_t index, char *out);
uint32_t key_flags(const struct keyset *k, uint32_t index);
uint32_t value_len(const struct keyset *k, uint32_t index);
/* Write the value of value_len() bytes. */
void value_fill(const struct keyset *k, uint32_t index, uint8_t *out);

/* The text of the reply to a GET of it, at most REPLY_MAX bytes; returns the length. */
uint32_t key_reply(const struct keyset *k, uint32_t index, void *out);

#endif

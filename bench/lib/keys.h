/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data set. Everything about key number i (its text, flags, value length and
 * value bytes) is a function of i and of the seed, so that any reply can be
 * checked byte by byte without remembering what was stored.
 */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_MAX		250	/* memcached's limit, bytes */
#define VALUE_MAX	1400	/* longest value, bytes; keyset_init() checks the whole reply */
#define REPLY_MAX	1400	/* UDP payload, bytes: memcached splits longer replies */

/* A distribution of sizes in bytes: "32", "16-45" or "32:90,300-500:8,1000:2" (weights). */
#define SIZE_PARTS	16
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

struct keyset {
	uint32_t count;
	uint64_t seed;
	bool any_byte;		/* values with all 256 byte values; else printable ones */
	struct sizes key, value;
	/* filled by keyset_init() */
	uint32_t digits;	/* decimal digits of the largest index */
};

/* Check that the sizes can hold the set: keys that differ, replies of one datagram. */
int keyset_init(struct keyset *k);

/* Write the key (no NUL) to @out[KEY_MAX]; returns its length. */
uint32_t key_text(const struct keyset *k, uint32_t index, char *out);
uint32_t key_flags(const struct keyset *k, uint32_t index);
uint32_t value_len(const struct keyset *k, uint32_t index);
/* Write the value of value_len() bytes. */
void value_fill(const struct keyset *k, uint32_t index, uint8_t *out);

/* Which key next: uniform, or zipf with exponent theta (rank = index). */
struct picker {
	uint64_t rng;
	uint32_t count;
	uint32_t *alias;	/* alias table (Vose) for zipf, NULL for uniform */
	uint32_t *cut;
};

int picker_init(struct picker *p, uint32_t count, double theta, uint64_t seed);
void picker_free(struct picker *p);
uint32_t picker_next(struct picker *p);

/* One step of splitmix64: a good hash of a counter. */
static inline uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "fail.h"
#include "mc/random.h"

/* Independent streams of pseudo-random numbers per key. */
enum { STREAM_KEY_LEN = 1, STREAM_VALUE_LEN, STREAM_FLAGS, STREAM_VALUE };

static uint64_t stream(const struct keyset *k, uint32_t index, unsigned int which)
{
	return mix64(k->seed ^ mix64(((uint64_t)which << 32) | index));
}

static int parse_u32(const char **p, uint32_t *out)
{
	unsigned long v;
	char *end;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(*p, &end, 10);
	if (errno || v > UINT32_MAX)
		return -EINVAL;
	*p = end;
	*out = v;
	return 0;
}

int sizes_parse(struct sizes *s, const char *what, const char *text, uint32_t min, uint32_t max)
{
	const char *p = text;

	memset(s, 0, sizeof(*s));
	do {
		uint32_t lo, hi, weight = 1;

		if (s->parts == SIZE_PARTS)
			return bench_fail(EINVAL, "%s '%s': more than %d parts", what, text, SIZE_PARTS);
		if (parse_u32(&p, &lo))
			goto bad;
		hi = lo;
		if (*p == '-' && (p++, parse_u32(&p, &hi)))
			goto bad;
		if (*p == ':' && (p++, parse_u32(&p, &weight)))
			goto bad;
		if (lo < min || hi > max || hi < lo)
			return bench_fail(EINVAL, "%s '%s': sizes go from %u to %u bytes", what, text,
				    min, max);
		if (!weight || weight > 1000000)
			return bench_fail(EINVAL, "%s '%s': weights go from 1 to 1000000", what, text);
		s->part[s->parts].lo = lo;
		s->part[s->parts].hi = hi;
		s->part[s->parts++].weight = weight;
		s->total += weight;
	} while (*p == ',' && p++);
	if (!*p)
		return 0;
bad:
	return bench_fail(EINVAL, "%s '%s': stuck at '%s'; write a size (32), a range (16-45), or a list with weights (32:90,1000:10)",
		    what, text, p);
}

uint32_t sizes_pick(const struct sizes *s, uint64_t random)
{
	uint32_t r = random % s->total;
	unsigned int i = 0;

	while (r >= s->part[i].weight)
		r -= s->part[i++].weight;
	return s->part[i].lo + (random >> 32) % (s->part[i].hi - s->part[i].lo + 1);
}

uint32_t sizes_min(const struct sizes *s)
{
	uint32_t m = UINT32_MAX;

	for (unsigned int i = 0; i < s->parts; i++)
		m = s->part[i].lo < m ? s->part[i].lo : m;
	return m;
}

uint32_t sizes_max(const struct sizes *s)
{
	uint32_t m = 0;

	for (unsigned int i = 0; i < s->parts; i++)
		m = s->part[i].hi > m ? s->part[i].hi : m;
	return m;
}

/* Does a GET of several keys fit in a datagram? */
static int check_multi(const struct keyset *k)
{
	uint32_t len = MC_FRAME_LEN + strlen("get") + k->multi * (1 + sizes_max(&k->key)) + 2;

	if (k->multi < 2)
		return 0;
	if (k->multi > k->count)
		return bench_fail(EINVAL, "--multi %u: there are %u keys", k->multi, k->count);
	if (len > REPLY_MAX)
		return bench_fail(EINVAL, "--multi %u: a GET of %u bytes does not fit in one datagram (%d bytes); take fewer or shorter keys",
			    k->multi, len, REPLY_MAX);
	return 0;
}

uint32_t key_behind(const struct keyset *k, uint32_t index, uint32_t i)
{
	return ((index & ~KEY_ABSENT) + i) % k->count | (index & KEY_ABSENT);
}

int keyset_init(struct keyset *k)
{
	/* "VALUE " key " " flags(3) " " bytes(4) CRLF value CRLF "END" CRLF, after the frame header */
	uint32_t overhead = 8 + 6 + 1 + 3 + 1 + 4 + 2 + 2 + 5;

	if (!k->count)
		return bench_fail(EINVAL, "the number of keys is 0; give at least 1");
	k->digits = snprintf(NULL, 0, "%u", k->count - 1);
	if (sizes_min(&k->key) < k->digits)
		return bench_fail(EINVAL, "keys of %u bytes cannot tell %u keys apart; use %u bytes or fewer keys",
			    sizes_min(&k->key), k->count, k->digits);
	if (k->absent && sizes_min(&k->key) == k->digits)
		return bench_fail(EINVAL, "keys of %u bytes have no room for names of missing keys; use %u bytes or fewer keys",
			    sizes_min(&k->key), k->digits + 1);
	if (overhead + sizes_max(&k->key) + sizes_max(&k->value) > REPLY_MAX)
		return bench_fail(EINVAL, "a reply with a %u byte key and a %u byte value does not fit one of memcached's datagrams (%d bytes)",
			    sizes_max(&k->key), sizes_max(&k->value), REPLY_MAX);
	return check_multi(k);
}

uint32_t key_text(const struct keyset *k, uint32_t index, char *out)
{
	char first = index & KEY_ABSENT ? 'A' : 'a';
	uint32_t len, i;

	index &= ~KEY_ABSENT;
	i = len = sizes_pick(&k->key, stream(k, index, STREAM_KEY_LEN));
	for (uint32_t v = index, n = k->digits; n; n--, v /= 10)
		out[--i] = '0' + v % 10;
	while (i--)
		out[i] = first + i % 26;
	return len;
}

uint32_t key_flags(const struct keyset *k, uint32_t index)
{
	return stream(k, index, STREAM_FLAGS) & 0xff;
}

uint32_t value_len(const struct keyset *k, uint32_t index)
{
	return sizes_pick(&k->value, stream(k, index, STREAM_VALUE_LEN));
}

void value_fill(const struct keyset *k, uint32_t index, uint8_t *out)
{
	uint32_t len = value_len(k, index);
	uint64_t s = stream(k, index, STREAM_VALUE) + len;

	for (uint32_t i = 0; i < len; i += 8) {
		uint64_t x = mix64(s + i);

		/* 0x30..0x6f: printable, no blank, no line end */
		if (!k->any_byte)
			x = (x & 0x3f3f3f3f3f3f3f3f) + 0x3030303030303030;
		memcpy(out + i, &x, len - i < 8 ? len - i : 8);
	}
}

uint32_t key_reply(const struct keyset *k, uint32_t index, void *out)
{
	char key[KEY_MAX], value[VALUE_MAX];

	value_fill(k, index, (uint8_t *)value);
	return mc_build_value(out, key, key_text(k, index, key), key_flags(k, index), value,
			      value_len(k, index));
}

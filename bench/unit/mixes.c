// SPDX-License-Identifier: GPL-2.0-only
/* What a load is made of, and the file of latencies. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "arrivals.h"
#include "fail.h"
#include "mix.h"
#include "options.h"
#include "payload.h"
#include "unit.h"
#include "verify.h"

/* Equal distances are exact; those of a Poisson process have its mean and its deviation. */
void arrivals_have_their_rate(void **state)
{
	const unsigned int n = 200000;
	double sum = 0, squares = 0, last = 0;
	struct arrivals a;

	(void)state;
	arrivals_init(&a, 3000, false, 1);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(arrivals_take(&a), (uint64_t)(i * 1e9 / 3000));
	arrivals_init(&a, 3000, false, 1);
	arrivals_skip(&a, 2e9, UINT64_MAX);
	assert_int_equal(a.taken, 6000);
	arrivals_skip(&a, 4e9, 7000);
	assert_int_equal(a.taken, 7000);
	arrivals_init(&a, 1e6, true, 1);
	for (unsigned int i = 0; i < n; i++) {
		double due = arrivals_take(&a);

		sum += due - last;
		squares += (due - last) * (due - last);
		last = due;
	}
	/* an exponential distribution: deviation and mean are equal */
	assert_true(fabs(sum / n - 1000) < 10);
	assert_true(fabs(sqrt(squares / n - sum / n * sum / n) - 1000) < 20);
}

static struct mix mix(const char *text)
{
	struct mix m = { 0 };

	assert_int_equal(mix_parse(&m, text), 0);
	return m;
}

#define DRAWS	200000

/* Draws of @m over 1,000 keys: how many of which operation, of absent and of the first 10 keys. */
static void draw(const struct mix *m, unsigned int op_count[OPS], unsigned int *absent,
		 unsigned int *first_ten)
{
	struct choice c;
	uint32_t key;
	enum op op;

	memset(op_count, 0, OPS * sizeof(op_count[0]));
	*absent = *first_ten = 0;
	assert_int_equal(choice_init(&c, m, 1000, 7), 0);
	for (unsigned int i = 0; i < DRAWS; i++) {
		choice_next(&c, &op, &key);
		op_count[op]++;
		*absent += !!(key & KEY_ABSENT);
		assert_true(op == OP_GET || !(key & KEY_ABSENT));
		key &= ~KEY_ABSENT;
		assert_true(key < 1000);
		*first_ten += key < 10;
		if (m->pattern == KEYS_SEQUENTIAL)
			assert_int_equal(key, i % 1000);
	}
	choice_free(&c);
}

static bool near(unsigned int n, double share)
{
	return fabs(n - share * DRAWS) < 0.005 * DRAWS;
}

void choices_have_their_shares(void **state)
{
	unsigned int op[OPS], absent, first_ten;
	struct mix m = mix("get:30,set:10,delete:10");

	(void)state;
	m.missing = 0.25;
	draw(&m, op, &absent, &first_ten);
	assert_true(near(op[OP_GET], 0.6) && near(op[OP_SET], 0.2) && near(op[OP_DELETE], 0.2));
	assert_true(near(absent, 0.6 * 0.25) && near(first_ten, 0.01));
	m = mix("get:1");
	assert_int_equal(hot_parse(&m, "1:90"), 0);
	draw(&m, op, &absent, &first_ten);
	assert_int_equal(op[OP_GET], DRAWS);
	assert_true(near(first_ten, 0.9) && !absent);
	m.pattern = KEYS_SEQUENTIAL;
	draw(&m, op, &absent, &first_ten);
	m.pattern = KEYS_ZIPF;
	m.theta = 0.99;
	draw(&m, op, &absent, &first_ten);
	assert_true(first_ten > 0.3 * DRAWS && first_ten < 0.5 * DRAWS);
	m = mix("delete:1");
	draw(&m, op, &absent, &first_ten);
	assert_int_equal(op[OP_DELETE], DRAWS);
}

void mixes_that_cannot_be(void **state)
{
	static const char *const mixes[] = { "", "get", "get:", "get:x", "get:-1", "get:0", "get:1,", "put:1",
					     "get:1,get:2", "get:1 set:1", "get:nan", "get:1e9" };
	static const char *const hots[] = { "", "1", "1:", ":9", "0:9", "100:9", "1:101", "1:-1", "1:9x", "nan:9" };
	struct options o;
	struct mix m;

	(void)state;
	for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
		if (!mix_parse(&m, mixes[i]))
			fail_msg("taken: %s", mixes[i]);
	for (size_t i = 0; i < sizeof(hots) / sizeof(hots[0]); i++)
		if (!hot_parse(&m, hots[i]))
			fail_msg("taken: %s", hots[i]);
	options_default(&o);
	assert_int_not_equal(preset_parse(&o.keys, &o.load.mix, "usr"), 0);
	assert_int_equal(preset_parse(&o.keys, &o.load.mix, "etc"), 0);
	assert_int_equal(options_finish(&o), 0);
	/* half of the values of that pool are shorter than 100 bytes, and one in five of 2 or 3 */
	unsigned int tiny = 0, small = 0;
	for (unsigned int i = 0; i < 10000; i++) {
		uint32_t n = value_len(&o.keys, i);

		tiny += n == 2 || n == 3;
		small += n < 100;
	}
	assert_true(tiny > 2500 && tiny < 2900);
	assert_true(small > 5500 && small < 6800);
}

static enum verdict verdict(enum op op, uint32_t key, const char *text, const char **why)
{
	struct keyset k = keyset("16", "32", 100);
	uint8_t p[512];
	struct mc_reply r;

	mc_frame(p, 1);
	memcpy(p + MC_FRAME_LEN, text, strlen(text));
	mc_parse_reply(&r, p, MC_FRAME_LEN + strlen(text));
	*why = NULL;
	return verify_reply(&k, op, key, &r, why);
}

void replies_to_changes(void **state)
{
	static const struct { enum op op; const char *reply; bool good; } t[] = {
		{ OP_SET, "STORED\r\n", true }, { OP_SET, "DELETED\r\n", false },
		{ OP_SET, "END\r\n", false }, { OP_SET, "NOT_FOUND\r\n", false },
		{ OP_SET, "STORED", false }, { OP_SET, "SERVER_ERROR out of memory\r\n", false },
		{ OP_SET, "VALUE k 0 1\r\nx\r\nEND\r\n", false },
		{ OP_DELETE, "DELETED\r\n", true }, { OP_DELETE, "NOT_FOUND\r\n", true },
		{ OP_DELETE, "STORED\r\n", false }, { OP_DELETE, "END\r\n", false },
		{ OP_GET, "STORED\r\n", false }, { OP_GET, "NOT_FOUND\r\n", false },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		enum verdict v = verdict(t[i].op, 1, t[i].reply, &why);

		if (v != (t[i].good ? REPLY_GOOD : REPLY_WRONG))
			fail_msg("%u: %s", t[i].op, t[i].reply);
		assert_true(t[i].good || why);
	}
}

/* They have names of their own, and END is their only right reply. */
void keys_that_were_never_stored(void **state)
{
	struct keyset k = keyset("2", "32", 100);
	const char *why;
	char a[KEY_MAX], b[KEY_MAX];
	uint8_t p[REPLY_MAX], q[REPLY_MAX];

	(void)state;
	k.absent = true;
	assert_int_not_equal(keyset_init(&k), 0);
	k = keyset("3-8", "32", 100);
	k.absent = true;
	assert_int_equal(keyset_init(&k), 0);
	for (uint32_t i = 0; i < 100; i++)
		for (uint32_t j = 0; j < 100; j++) {
			uint32_t n = key_text(&k, i, a), m = key_text(&k, j | KEY_ABSENT, b);

			assert_true(n != m || memcmp(a, b, n));
		}
	assert_int_equal(verdict(OP_GET, 1 | KEY_ABSENT, "END\r\n", &why), REPLY_GOOD);
	k = keyset("16", "32", 100);
	true_reply(&k, 1, p);
	p[0] = 0;
	assert_int_equal(verdict(OP_GET, 1, (char *)p + MC_FRAME_LEN, &why), REPLY_GOOD);
	assert_int_equal(verdict(OP_GET, 1 | KEY_ABSENT, (char *)p + MC_FRAME_LEN, &why), REPLY_WRONG);
	/* the requests differ, too */
	const struct request get = { .key = 1 }, other = { .key = 1 | KEY_ABSENT };
	assert_int_equal(payload_fill(p, &k, &get), payload_fill(q, &k, &other));
	assert_memory_not_equal(p, q, MC_FRAME_LEN + 16);
}

static enum verdict values(const struct keyset *k, uint32_t index, const void *text, uint32_t len)
{
	const char *why;
	uint64_t have = 0;

	return verify_values(k, index, text, len, &have, &why);
}

/* In one datagram: all values in their order, or those of some keys left out; nothing else. */
void gets_of_several_keys(void **state)
{
	struct keyset k = keyset("16", "32-100", 100);
	const struct request r = { .op = OP_GET, .key = 98 };
	uint8_t text[REPLY_MAX], part[REPLY_MAX], request[REPLY_MAX];
	uint32_t len[4], all = 0, first;

	(void)state;
	k.multi = 64;
	k.key.part[0].lo = k.key.part[0].hi = 32;
	assert_int_not_equal(keyset_init(&k), 0);
	k = keyset("16", "32-100", 100);
	k.multi = 4;
	assert_int_equal(keyset_init(&k), 0);
	/* round the end of the set */
	assert_int_equal(payload_fill(request, &k, &r), MC_FRAME_LEN + 4 + 4 * 16 + 3 + 2);
	assert_memory_equal(request + MC_FRAME_LEN + 4 + 2 * 17 + 14, "00 ", 3);
	for (uint32_t i = 0; i < 4; i++) {
		len[i] = key_reply(&k, key_behind(&k, 98, i), text + all) - 5;
		all += len[i];
	}
	memcpy(text + all, "END\r\n", 5);
	all += 5;
	first = len[0];
	assert_int_equal(values(&k, 98, text, all), REPLY_GOOD);
	for (uint32_t i = 0, at = 0, n = 0; i < all; i++) {
		text[i] ^= 1;
		assert_int_equal(values(&k, 98, text, all), REPLY_WRONG);
		text[i] ^= 1;
		/* cut between two values: the others may come in datagrams of their own */
		at += n < 4 && i == at + len[n] ? len[n++] : 0;
		assert_int_equal(values(&k, 98, text, i), i && i == at ? REPLY_MORE : REPLY_WRONG);
	}
	/* the first one is missing, or all are; two in the wrong order; one twice */
	assert_int_equal(values(&k, 98, text + first, all - first), REPLY_MISSING);
	assert_int_equal(values(&k, 98, "END\r\n", 5), REPLY_MISSING);
	assert_int_equal(values(&k, 98 | KEY_ABSENT, "END\r\n", 5), REPLY_GOOD);
	assert_int_equal(values(&k, 98 | KEY_ABSENT, text, all), REPLY_WRONG);
	memcpy(part, text + first, all - first - 5);
	memcpy(part + all - first - 5, text, first);
	memcpy(part + all - 5, "END\r\n", 5);
	assert_int_equal(values(&k, 98, part, all), REPLY_WRONG);
	memcpy(part, text, first);
	memcpy(part + first, text, all);
	assert_int_equal(values(&k, 98, part, all + first), REPLY_WRONG);
}

void hgrm_is_of_the_format(void **state)
{
	int memory = memfd_create("hgrm", MFD_CLOEXEC);
	char path[32], line[128];
	double value, percentile, last = 0;
	unsigned long total = 0;
	static struct hist h;
	unsigned int n = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	hist_reset(&h);
	for (unsigned int i = 1; i <= 1000; i++)
		hist_add(&h, i * 1000);
	assert_int_equal(hist_hgrm(&h, path), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "1/(1-Percentile)"));
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f) && line[0] != '#') {
		assert_int_equal(sscanf(line, "%lf %lf %lu", &value, &percentile, &total), 3);
		assert_true(percentile > last);
		/* exact to one bucket: 1.6 % */
		assert_true(value >= percentile * 999.9 && value <= percentile * 1000 * 1.017);
		last = percentile;
		n++;
	}
	assert_true(n > 100 && percentile == 1 && total == 1000 && value == 1000);
	assert_non_null(strstr(line, "#[Mean    =      500.500,"));
	fclose(f);
	close(memory);
	assert_int_not_equal(hist_hgrm(&h, "/nowhere/x"), 0);
	assert_non_null(strstr(bench_errmsg(), "/nowhere/x"));
}

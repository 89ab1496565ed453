// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of bench/lib and of rexgen's frames. Run by tests/host/bench-unit.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fail.h"
#include "hist.h"
#include "mc/proto.h"
#include "mc/random.h"
#include "path.h"
#include "preload.h"
#include "track.h"
#include "unit.h"
#include "verify.h"

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Percentiles against the sorted samples themselves, over nine orders of magnitude. */
static void hist_against_sorted(void **state)
{
	enum { N = 20001 };
	static const double percent[] = { 0.01, 1, 25, 50, 75, 90, 99, 99.9, 100 };
	static struct hist h;
	uint64_t *v = malloc(N * sizeof(*v)), x = 7;

	(void)state;
	hist_reset(&h);
	for (int i = 0; i < N; i++) {
		x = mix64(x);
		v[i] = (x & 0xffffffff) >> (x >> 59);
		hist_add(&h, v[i]);
	}
	qsort(v, N, sizeof(*v), order);
	assert_int_equal(h.count, N);
	assert_int_equal(h.min, v[0]);
	assert_int_equal(h.max, v[N - 1]);
	for (size_t i = 0; i < sizeof(percent) / sizeof(*percent); i++) {
		size_t rank = percent[i] / 100 * N;
		uint64_t exact, got = hist_percentile(&h, percent[i]);

		if (rank < percent[i] / 100 * N)
			rank++;
		exact = v[rank - 1];
		assert_true(got >= exact);
		assert_true(got <= exact + exact / HIST_SUB);
	}
	free(v);
}

static void hist_edges(void **state)
{
	static struct hist h;

	(void)state;
	hist_reset(&h);
	assert_int_equal(hist_percentile(&h, 50), 0);
	assert_int_equal(hist_mean(&h), 0);
	hist_add(&h, UINT64_MAX);
	assert_true(hist_percentile(&h, 50) == UINT64_MAX);
	hist_reset(&h);
	hist_add(&h, 0);
	hist_add(&h, 10);
	assert_int_equal(hist_percentile(&h, 50), 0);
	assert_int_equal(hist_percentile(&h, 51), 10);
	assert_int_equal(hist_mean(&h), 5);
}

static void sizes_text(void **state)
{
	struct sizes s;
	uint32_t large = 0;

	(void)state;
	assert_int_equal(sizes_parse(&s, "x", "32:90,300-500:8,1000:2", 0, 1400), 0);
	assert_int_equal(sizes_min(&s), 32);
	assert_int_equal(sizes_max(&s), 1000);
	for (uint64_t i = 0; i < 10000; i++) {
		uint32_t n = sizes_pick(&s, mix64(i));

		assert_true(n == 32 || (n >= 300 && n <= 500) || n == 1000);
		large += n > 32;
	}
	assert_in_range(large, 850, 1150);
	assert_int_not_equal(sizes_parse(&s, "x", "", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "16,", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "9-3", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "16:0", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "-1", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "1401", 0, 1400), 0);
	assert_int_not_equal(sizes_parse(&s, "x", "99999999999999999999", 0, 1400), 0);
	assert_non_null(strstr(bench_errmsg(), "99999999999999999999"));
}

struct keyset keyset(const char *key, const char *value, uint32_t count)
{
	struct keyset k = { .count = count, .seed = 1 };

	assert_int_equal(sizes_parse(&k.key, "key", key, 1, KEY_MAX), 0);
	assert_int_equal(sizes_parse(&k.value, "value", value, 0, VALUE_MAX), 0);
	assert_int_equal(keyset_init(&k), 0);
	return k;
}

static void keys_differ(void **state)
{
	struct keyset k = keyset("4-45", "1-1000", 10000);
	char (*all)[KEY_MAX + 1] = calloc(k.count, sizeof(*all));
	uint8_t a[VALUE_MAX], b[VALUE_MAX];

	(void)state;
	for (uint32_t i = 0; i < k.count; i++) {
		uint32_t n = key_text(&k, i, all[i]);

		assert_in_range(n, 4, 45);
		assert_int_equal(strlen(all[i]), n);
		assert_null(strpbrk(all[i], " \r\n"));
	}
	qsort(all, k.count, sizeof(*all), (int (*)(const void *, const void *))strcmp);
	for (uint32_t i = 1; i < k.count; i++)
		assert_string_not_equal(all[i - 1], all[i]);
	free(all);

	k = keyset("16", "32", 100);
	value_fill(&k, 3, a);
	value_fill(&k, 4, b);
	assert_memory_not_equal(a, b, 32);
	k.seed = 2;
	value_fill(&k, 3, b);
	assert_memory_not_equal(a, b, 32);
}

static void keys_that_cannot_be(void **state)
{
	struct keyset k = keyset("250", "10", 1);

	(void)state;
	k.count = 0;
	assert_int_not_equal(keyset_init(&k), 0);
	k.count = 10000;
	sizes_parse(&k.key, "key", "3", 1, KEY_MAX);
	assert_int_not_equal(keyset_init(&k), 0);
	sizes_parse(&k.key, "key", "250", 1, KEY_MAX);
	sizes_parse(&k.value, "value", "1400", 1, VALUE_MAX);
	assert_int_not_equal(keyset_init(&k), 0);
}

static void picker_shapes(void **state)
{
	enum { N = 100, DRAWS = 200000 };
	uint32_t seen[N] = { 0 };
	struct picker p;
	double h = 0;

	(void)state;
	assert_int_equal(picker_init(&p, N, 0, 1), 0);
	for (int i = 0; i < DRAWS; i++)
		seen[picker_next(&p)]++;
	for (int i = 0; i < N; i++)
		assert_in_range(seen[i], DRAWS / N * 0.85, DRAWS / N * 1.15);
	picker_free(&p);

	/* zipf with exponent 1: key i is drawn in proportion to 1 / (i + 1) */
	memset(seen, 0, sizeof(seen));
	assert_int_equal(picker_init(&p, N, 1, 1), 0);
	for (int i = 0; i < DRAWS; i++)
		seen[picker_next(&p)]++;
	for (int i = 0; i < N; i++)
		h += 1.0 / (i + 1);
	for (int i = 0; i < N; i++) {
		double want = DRAWS / h / (i + 1);

		assert_in_range(seen[i], want * 0.8, want * 1.2);
	}
	picker_free(&p);
}

static uint32_t datagram(uint8_t *out, const char *text)
{
	mc_frame(out, 0x1234);
	memcpy(out + 8, text, strlen(text));
	return 8 + strlen(text);
}

static enum mc_kind kind_of(const char *text)
{
	uint32_t len = 8 + strlen(text);
	uint8_t *p = malloc(len);	/* exact size: a read beyond it is an error under valgrind/ASan */
	struct mc_reply r;

	mc_parse_reply(&r, p, datagram(p, text));
	assert_int_equal(r.id, 0x1234);
	free(p);
	return r.kind;
}

static void mc_replies(void **state)
{
	static const char *const bad[] = {
		"", "VALUE", "VALUE ", "VALUE  0 3\r\nabc\r\nEND\r\n", "VALUE k\r\n", "VALUE k 0\r\nEND\r\n",
		"VALUE k 0 3\r\nab\r\nEND\r\n", "VALUE k 0 3\r\nabcd\r\nEND\r\n",
		"VALUE k 0 3\r\nabc\r\n", "VALUE k 0 3\r\nabc\r\nEND\r\nx", "VALUE k 0 3\r\nabc\r\nEND",
		"VALUE k 0 3 77\r\nabc\r\nEND\r\n", "VALUE k 0 03\r\nabc\r\nEND\r\n",
		"VALUE k -1 3\r\nabc\r\nEND\r\n", "VALUE k 0 4294967299\r\nabc\r\nEND\r\n",
		"VALUE k 0 99999999999999999999\r\nabc\r\nEND\r\n", "END\r\nEND\r\n", "END", "STORED\r\nEND\r\n", "STORED", "NOT_STORED\r\n",
		"VALUE k 0 3\nabc\r\nEND\r\n", "VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n",
	};
	uint8_t p[512];
	struct mc_reply r;
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (kind_of(bad[i]) != MC_BAD)
			fail_msg("taken as good: %s", bad[i]);
	assert_int_equal(kind_of("END\r\n"), MC_END);
	assert_int_equal(kind_of("ERROR\r\n"), MC_ERROR);
	assert_int_equal(kind_of("SERVER_ERROR out of memory\r\n"), MC_ERROR);
	assert_int_equal(kind_of("VALUE k 0 0\r\n\r\nEND\r\n"), MC_VALUE);

	n = datagram(p, "VALUE key 42 5\r\na\r\nb\n\r\nEND\r\n");
	mc_parse_reply(&r, p, n);
	assert_int_equal(r.kind, MC_VALUE);
	assert_int_equal(r.flags, 42);
	assert_int_equal(r.key_len, 3);
	assert_memory_equal(r.key, "key", 3);
	assert_int_equal(r.value_len, 5);
	assert_memory_equal(r.value, "a\r\nb\n", 5);
	for (uint32_t cut = 0; cut < n; cut++) {
		mc_parse_reply(&r, p, cut);
		assert_int_equal(r.kind, MC_BAD);
	}
	for (int at = 2; at < 8; at++) {
		uint8_t was = p[at]++;

		mc_parse_reply(&r, p, n);
		assert_int_equal(r.kind, MC_BAD);
		p[at] = was;
	}
}

uint32_t true_reply(const struct keyset *k, uint32_t i, uint8_t *p)
{
	mc_frame(p, 0x1234);
	return MC_FRAME_LEN + key_reply(k, i, p + MC_FRAME_LEN);
}

/* Any change of any byte of a reply is seen. */
static void verify_every_byte(void **state)
{
	struct keyset k = keyset("16", "32-200", 1000);
	uint8_t p[REPLY_MAX];
	struct mc_reply r;
	const char *why;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t n = true_reply(&k, i, p);

		mc_parse_reply(&r, p, n);
		assert_int_equal(verify_reply(&k, OP_GET, i, &r, &why), REPLY_GOOD);
		assert_int_equal(verify_reply(&k, OP_GET, i + 1, &r, &why), REPLY_WRONG);
		for (uint32_t at = 2; at < n; at++) {
			p[at] ^= 1;
			mc_parse_reply(&r, p, n);
			assert_int_equal(verify_reply(&k, OP_GET, i, &r, &why), REPLY_WRONG);
			assert_non_null(why);
			p[at] ^= 1;
		}
	}
	mc_parse_reply(&r, p, datagram(p, "END\r\n"));
	assert_int_equal(verify_reply(&k, OP_GET, 0, &r, &why), REPLY_MISSING);
}

static void track_life(void **state)
{
	struct track t;
	struct request q[10];
	struct slot *s;

	(void)state;
	assert_int_equal(track_init(&t, 3), 0);
	assert_null(track_find(&t, 0, 0));
	for (int i = 0; i < 10; i++) {
		q[i] = track_book(&t, OP_GET, 100 + i, 0, 0);
		track_sent(&t, &q[i], 1000 * i);
		assert_int_equal(q[i].port, i % 3);
		assert_int_equal(q[i].id, i / 3);
	}
	assert_null(track_find(&t, 3, 0));
	assert_null(track_find(&t, 2, 3));
	s = track_find(&t, q[5].port, q[5].id);
	assert_int_equal(s->key, 105);
	track_done(&t, s);
	assert_int_equal(t.pending, 9);
	assert_int_equal(track_find(&t, q[5].port, q[5].id)->state, SLOT_DONE);
	/* 0..6 are older than 7000, one of them is answered */
	assert_int_equal(track_expire(&t, 7000), 6);
	assert_int_equal(t.pending, 3);
	assert_int_equal(t.tail, 7);
	assert_int_equal(track_find(&t, q[6].port, q[6].id)->state, SLOT_LOST);
	assert_int_equal(track_find(&t, q[7].port, q[7].id)->state, SLOT_PENDING);
	/* round the whole table twice */
	for (int i = 7; i < 10; i++)
		track_done(&t, track_find(&t, q[i].port, q[i].id));
	for (uint32_t i = 0; i < 2 * t.size; i++) {
		struct request r = track_book(&t, OP_GET, i, i, 0);

		assert_true(track_room(&t));
		s = track_find(&t, r.port, r.id);
		assert_int_equal(s->key, i);
		track_done(&t, s);
	}
	assert_int_equal(t.pending, 0);
	for (uint32_t i = 0; i < t.size / 2; i++) {
		assert_true(track_room(&t));
		track_book(&t, OP_GET, i, i, 0);
	}
	assert_false(track_room(&t));
	track_free(&t);
}

static struct path path(void)
{
	return (struct path){ .src_mac = { 2, 0, 0, 0, 0, 1 }, .dst_mac = { 2, 0, 0, 0, 0, 2 },
			      .src_ip = 0x0a4d0002, .dst_ip = 0x0a4d0001, .src_port = 20000,
			      .dst_port = 11211, .ports = 8 };
}

/* Turn a request frame into what the other side would send back with the same payload. */
static void mirror(uint8_t *f, struct path *p)
{
	uint8_t t[6];

	memcpy(t, f, 6);
	memcpy(f, f + 6, 6);
	memcpy(f + 6, t, 6);
	memcpy(t, f + 26, 4);
	memcpy(f + 26, f + 30, 4);
	memcpy(f + 30, t, 4);
	memcpy(t, f + 34, 2);
	memcpy(f + 34, f + 36, 2);
	memcpy(f + 36, t, 2);
	(void)p;
}

static void frames(void **state)
{
	struct keyset k = keyset("16", "32", 1000);
	struct request r = { .port = 5, .id = 0xabcd, .key = 17 };
	struct path p = path();
	uint8_t f[FRAME_MAX];
	struct datagram d;
	uint32_t n = path_request(f, &p, &k, &r);

	(void)state;
	assert_int_equal(n, 14 + 20 + 8 + 8 + 4 + 16 + 2);
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_OTHER);	/* our own frame */
	mirror(f, &p);
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
	assert_null(d.broken);
	assert_int_equal(d.port, 5);
	assert_int_equal(d.len, n - 42);
	assert_memory_equal(d.payload, "\xab\xcd\0\0\0\1\0\0get ", 12);
	for (uint32_t cut = 0; cut < n; cut++)
		assert_int_equal(path_parse(&p, f, cut, &d), FRAME_OTHER);
	/* every byte from the IP identification on is covered by a check */
	for (uint32_t at = 14; at < n; at++) {
		f[at] ^= 0x10;
		d.broken = NULL;
		if (path_parse(&p, f, n, &d) == FRAME_REPLY && !d.broken)
			fail_msg("byte %u changed and not noticed", at);
		f[at] ^= 0x10;
	}
	f[0] ^= 4;
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
	assert_non_null(d.broken);
	f[0] ^= 4;
	/* no UDP checksum at all is legal */
	f[40] = f[41] = 0;
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
	assert_null(d.broken);
}

/* Put @ip to @f[at] and make the IP checksum right again. */
static void readdress(uint8_t *f, uint32_t at, uint32_t ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 4; i++)
		f[at + i] = ip >> (24 - 8 * i);
	f[24] = f[25] = 0;
	for (int i = 14; i < 34; i += 2)
		sum += f[i] << 8 | f[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	f[24] = ~sum >> 8;
	f[25] = ~sum;
}

/* One wrong port or address makes a stray, no matter which; more is not our reply. */
static void frames_from_elsewhere(void **state)
{
	struct keyset k = keyset("16", "32", 1000);
	struct request r = { .port = 5, .id = 1, .key = 1 };
	struct path p = path();
	uint8_t f[FRAME_MAX];
	struct datagram d;
	uint32_t n = path_request(f, &p, &k, &r);

	(void)state;
	mirror(f, &p);
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
	assert_int_equal(d.origin, FROM_SERVER);
	for (uint32_t at = 34; at <= 37; at++) {	/* both ports, both bytes */
		f[at] ^= 0x20;
		assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
		assert_int_equal(d.origin, FROM_PORT);
		f[at] ^= 0x20;
	}
	for (uint32_t at = 26; at <= 30; at += 4) {	/* both addresses */
		uint32_t right = at == 26 ? p.dst_ip : p.src_ip;

		for (int bit = 0; bit < 32; bit += 5) {
			readdress(f, at, right ^ 1u << bit);
			assert_int_equal(path_parse(&p, f, n, &d), FRAME_REPLY);
			assert_int_equal(d.origin, FROM_ADDRESS);
			assert_int_equal(at == 26 ? d.src_ip : d.dst_ip, right ^ 1u << bit);
		}
		readdress(f, at, right);
	}
	/* between others: neither address is ours, or it comes to another machine */
	readdress(f, 30, p.src_ip ^ 1);
	f[0] ^= 4;
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_OTHER);
	f[0] ^= 4;
	readdress(f, 26, p.dst_ip ^ 1);
	assert_int_equal(path_parse(&p, f, n, &d), FRAME_OTHER);
}

static void frames_arp(void **state)
{
	struct path a = path(), b = a;
	uint8_t f[FRAME_MAX], g[FRAME_MAX];
	struct datagram d;
	uint32_t n;

	(void)state;
	memcpy(b.src_mac, a.dst_mac, 6);
	b.src_ip = a.dst_ip;
	b.dst_ip = a.src_ip;
	memset(a.dst_mac, 0, 6);
	n = path_arp_request(f, &a);
	assert_int_equal(path_parse(&a, f, n, &d), FRAME_OTHER);
	assert_int_equal(path_parse(&b, f, n, &d), FRAME_ARP_REQUEST);
	n = path_arp_reply(g, &b, f);
	assert_int_equal(path_parse(&a, g, n, &d), FRAME_ARP_REPLY);
	assert_true(a.resolved);
	assert_memory_equal(a.dst_mac, b.src_mac, 6);
	assert_int_equal(path_parse(&a, g, 41, &d), FRAME_OTHER);
}

static void addresses(void **state)
{
	struct sockaddr_in a;

	(void)state;
	assert_int_equal(addr_parse(&a, "x", "10.1.2.3"), 0);
	assert_int_equal(ntohs(a.sin_port), 11211);
	assert_int_equal(addr_allowed(&a), 0);
	assert_int_equal(addr_parse(&a, "x", "172.32.0.1:99"), 0);
	assert_int_equal(ntohs(a.sin_port), 99);
	assert_int_not_equal(addr_allowed(&a), 0);
	assert_int_not_equal(addr_parse(&a, "x", "10.1.2.3:"), 0);
	assert_int_not_equal(addr_parse(&a, "x", "10.1.2.3:65536"), 0);
	assert_int_not_equal(addr_parse(&a, "x", "10.1.2.300"), 0);
	assert_int_not_equal(addr_parse(&a, "x", "localhost"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hist_against_sorted), cmocka_unit_test(hist_edges),
		cmocka_unit_test(sizes_text), cmocka_unit_test(keys_differ),
		cmocka_unit_test(keys_that_cannot_be), cmocka_unit_test(picker_shapes),
		cmocka_unit_test(mc_sums_are_those_of_others),
		cmocka_unit_test(mc_parts_come_in_any_order),
		cmocka_unit_test(mc_base64_has_the_vectors_of_the_rfc), cmocka_unit_test(mc_replies), cmocka_unit_test(verify_every_byte),
		cmocka_unit_test(track_life), cmocka_unit_test(frames),
		cmocka_unit_test(frames_from_elsewhere),
		cmocka_unit_test(frames_arp), cmocka_unit_test(addresses),
		cmocka_unit_test(arrivals_have_their_rate), cmocka_unit_test(choices_have_their_shares),
		cmocka_unit_test(mixes_that_cannot_be), cmocka_unit_test(replies_to_changes),
		cmocka_unit_test(keys_that_were_never_stored), cmocka_unit_test(gets_of_several_keys), cmocka_unit_test(hgrm_is_of_the_format),
		cmocka_unit_test(search_finds_the_capacity), cmocka_unit_test(search_needs_two_failures),
		cmocka_unit_test(search_says_what_limits), cmocka_unit_test(search_ends_at_a_fault),
		cmocka_unit_test(drive_keeps_a_rate),
		cmocka_unit_test(drive_searches),
		cmocka_unit_test(drive_discards_what_comes_first),
		cmocka_unit_test(drive_counts_what_does_not_leave),
		cmocka_unit_test(drive_books_no_pause_of_its_own_as_loss),
		cmocka_unit_test(drive_divides_by_the_time_of_sending),
		cmocka_unit_test(drive_knows_late_replies_of_the_warm_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

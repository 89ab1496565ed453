// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memcached accelerator in eBPF: the baseline that Rex is compared with.
 *
 * ingress (XDP): a UDP GET of one key is answered from the cache, everything else passes;
 *                every "set " in a TCP segment invalidates the key behind it.
 * egress (tc):   memcached's UDP replies of one value fill the cache.
 *
 * Bytes are handled eight at a time: keys are hashed, checked and compared as words,
 * and a TCP segment is searched for spaces 32 bytes at a time, because only a
 * space can end "set ". Little-endian (x86) is assumed, as is its store order: a
 * compiler barrier is enough between the parts of the sequence lock. Replies of up to
 * 256 bytes are written as words, too: on a real CPU the helper costs more than half of
 * a small hit.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "bmc.h"

#define barrier()	asm volatile("" ::: "memory")
#define READ_ONCE(x)	(*(volatile typeof(x) *)&(x))
#define BYTES(b)	(0x0101010101010101ULL * (b))
/* keeps clang from turning a check of this pointer into one that the verifier cannot follow */
#define OPAQUE(p)	asm volatile("" : "+r"(p))
#define AT(type, p, off) (*(type *)((void *)(p) + (off)))

/* Offsets in a frame without VLAN tag and IP options, which is all that we touch. */
#define ETH_PROTO	12
#define IP		14
#define IP_LEN		16
#define IP_FRAG		20
#define IP_TTL_PROTO	22
#define IP_CSUM		24
#define IP_ADDRS	26
#define L4		34
#define L4_DPORT	36
#define UDP_LEN		38
#define UDP_CSUM	40
#define MC_FRAME	42		/* request id, sequence number, count, reserved */
#define TEXT		50
#define TCP_DOFF	46
#define MIN_FRAME	54
#define MAX_OFFSET	0xfe00		/* of a pointer that the verifier follows */

#define PORT		__builtin_bswap16(BMC_PORT)
/* as loaded in one: Ethernet's type, then IP version 4 with a header of 20 bytes */
#define IPV4_PLAIN	0x450008U
/* fragment offset and "more fragments" both 0; TTL left out; protocol */
#define TCP_WHOLE	0x06000000U
#define UDP_WHOLE	0x11000000U
#define GET_		0x20746567U	/* "get " */
#define SET_		0x20746573U	/* "set " */
#define CRLF		0x0a0d
/* a frame header without its request id: sequence number 0, one datagram, reserved 0 */
#define MC_SINGLE	0x01000000ULL

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bmc_entry);
	__uint(max_entries, 1);			/* set by the loader, a power of two */
} bmc_cache SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, __BMC_STATS);
} bmc_stats SEC(".maps");

#ifndef BMC_CONFIG
#define BMC_CONFIG {}
#endif
const volatile struct bmc_config bmc_config = BMC_CONFIG;	/* set by the loader */

#include "checks.h"

static __always_inline void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&bmc_stats, &which);

	if (n)
		++*n;
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* The top bit of each byte <= ' ' (of which the lowest is exact, and none is missed). */
static __always_inline __u64 blanks(__u64 word)
{
	return (word - BYTES(0x21)) & ~word & BYTES(0x80);
}

static __always_inline struct bmc_entry *bucket(__u64 hash)
{
	__u32 index = hash & bmc_config.mask;

	return bpf_map_lookup_elem(&bmc_cache, &index);
}

/*
 * Hashes the key at @off up to the first blank, or the end of the packet. *@len is
 * its length. Returns -1 when it is longer than keys are.
 */
static __always_inline int hash_until_blank(void *data, void *end, __u32 off, __u64 *out,
					    __u32 *len)
{
	__u64 hash = bmc_config.seed, word, blank;
	__u32 size, left;
	void *p;
	int i;

	OPAQUE(off);
	if (off > MAX_OFFSET)
		return -1;
	p = data + off;
	for (i = 0; i <= BMC_MAX_KEY / 8; i++, p += 8) {
		OPAQUE(p);
		if (p + 8 > end)
			goto tail;
		word = *(__u64 *)p;
		blank = blanks(word);
		if (blank)
			goto last;
		hash = mix(hash, word);
	}
	return -1;
tail:
	/* The word would reach beyond the packet: take the packet's last one instead. */
	size = (end - data) & 0xffff;
	left = (size - off - i * 8) & 7;
	OPAQUE(size);
	if (size < 8 || size > MAX_OFFSET)
		return -1;
	p = data + (size - 8);
	OPAQUE(p);
	if (p + 8 > end)
		return -1;
	word = (*(__u64 *)p >> 1) >> (63 - 8 * left);	/* zeros behind the packet */
	blank = blanks(word);
last:
	/* from the lowest blank's top bit to a mask of the bytes before it */
	blank = ((blank & -blank) >> 7) - 1;
	word &= blank;
	*out = mix(hash, word);
	/* the mask has 8 ones per byte of the key */
	blank &= BYTES(1);
	*len = i * 8 + ((blank * BYTES(1)) >> 56);
	return 0;
}

/* A SET of the key at @off. */
__attribute__((noinline)) int bmc_invalidate(struct xdp_md *ctx, __u32 off)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bmc_entry *e;
	__u64 hash;
	__u32 len;

	if (hash_until_blank(data, end, off, &hash, &len))
		return 0;
	e = bucket(hash);
	if (!e)
		return 0;
	__sync_fetch_and_add(&e->gen, 1);
	count(BMC_INVALIDATIONS);
	return 0;
}

/* Looks for "set " with its space among the 32 bytes from @off + 3 on. */
__attribute__((noinline)) int bmc_scan(struct xdp_md *ctx, __u32 off)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 word, spaces;
	void *p;
	int w, b;

	OPAQUE(off);
	if (off > MAX_OFFSET)
		return 0;
	p = data + off;
	OPAQUE(p);
	if (p + 35 > end)
		return 0;
#pragma unroll
	for (w = 0; w < 32; w += 8) {
		word = AT(__u64, p, w + 3) ^ BYTES(' ');
		spaces = (word - BYTES(1)) & ~word & BYTES(0x80);
		if (!spaces)
			continue;
#pragma unroll
		for (b = 0; b < 8; b++)
			if (spaces & 0x80ULL << 8 * b && AT(__u32, p, w + b) == SET_)
				bmc_invalidate(ctx, off + w + b + 4);
	}
	return 0;
}

/* True when there may be a space among the 32 bytes from p + 3 on: never wrong for ASCII text. */
static __always_inline int maybe_space(void *p)
{
	__u64 a = (AT(__u64, p, 3) ^ BYTES(' ')) - BYTES(1);
	__u64 b = (AT(__u64, p, 11) ^ BYTES(' ')) - BYTES(1);
	__u64 c = (AT(__u64, p, 19) ^ BYTES(' ')) - BYTES(1);
	__u64 d = (AT(__u64, p, 27) ^ BYTES(' ')) - BYTES(1);

	return ((a | b | c | d) & BYTES(0x80)) != 0;
}

static __always_inline int tcp(struct xdp_md *ctx, void *data, void *end)
{
	__u32 text = L4 + (AT(__u8, data, TCP_DOFF) >> 2 & 0x3c);
	__u32 size = IP + __builtin_bswap16(AT(__u16, data, IP_LEN));
	void *p;
	int i;

	if (text >= size || text < MIN_FRAME)
		return XDP_PASS;
	text -= 3;
	p = data + text;
	/* whole blocks, up to where the verifier follows a pointer: 64 KiB */
	for (i = 0; i < 2043; i++) {
		OPAQUE(p);
		if (p + 35 > end)
			break;
		if (maybe_space(p))
			bmc_scan(ctx, text);
		p += 32;
		text += 32;
	}
	/* the rest: the last block that ends with the frame */
	size = (end - data) & 0xffff;
	OPAQUE(size);
	if (size < MIN_FRAME || size > MAX_OFFSET)
		return XDP_PASS;
	text = size - 35;
	OPAQUE(text);
	p = data + text;
	OPAQUE(p);
	if (p + 35 <= end && maybe_space(p))
		bmc_scan(ctx, text);
	return XDP_PASS;
}

/*
 * Room in front of the frame, where there is none behind it: a veth gives a frame from a
 * local socket just the rest of its last cache line. The headers move to the new front.
 */
static __attribute__((noinline)) int grow_head(struct xdp_md *ctx, int grown)
{
	__u8 headers[TEXT];

	if (grown <= 0 || grown > 256 || bpf_xdp_adjust_head(ctx, -grown))
		return -1;
	/* neither fails: the frame is longer */
	bpf_xdp_load_bytes(ctx, grown, headers, TEXT);
	bpf_xdp_store_bytes(ctx, 0, headers, TEXT);
	return 0;
}

/* The entry changed while it was copied: make the packet again what it was. */
static __attribute__((noinline)) int restore(struct xdp_md *ctx, int grown, __u64 *key, __u32 len)
{
	__u8 headers[TEXT];
	__u32 get = GET_;
	__u16 crlf = CRLF;

	if (len == 0 || len > BMC_MAX_KEY)
		return XDP_DROP;			/* never: for the verifier */
	if (grown > 0) {
		bpf_xdp_adjust_tail(ctx, -grown);
	} else {
		bpf_xdp_load_bytes(ctx, 0, headers, TEXT);
		bpf_xdp_adjust_head(ctx, -grown);
		bpf_xdp_store_bytes(ctx, 0, headers, TEXT);
	}
	bpf_xdp_store_bytes(ctx, TEXT, &get, 4);
	bpf_xdp_store_bytes(ctx, TEXT + 4, key, len);
	bpf_xdp_store_bytes(ctx, TEXT + 4 + len, &crlf, 2);
	count(BMC_PASS_BUSY);
	return XDP_PASS;
}

#define BLOCK	32

static __always_inline void copy_block(void *to, const void *from)
{
	__u64 a = AT(__u64, from, 0), b = AT(__u64, from, 8);
	__u64 c = AT(__u64, from, 16), d = AT(__u64, from, 24);

	AT(__u64, to, 0) = a;
	AT(__u64, to, 8) = b;
	AT(__u64, to, 16) = c;
	AT(__u64, to, 24) = d;
}

/*
 * The reply of @len bytes behind the frame header. Whole blocks, and one that ends with
 * the reply and may overlap the last of them. Returns 0, or -1 which never happens.
 */
static __always_inline int put_reply(struct xdp_md *ctx, const struct bmc_entry *e, __u32 len)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *to;
	__u32 i, last = len - BLOCK;

	if (len > 256 || len < BLOCK)
		return bpf_xdp_store_bytes(ctx, TEXT, (void *)e->reply, len);
	to = data + TEXT;
	for (i = 0; i < 256 - BLOCK; i += BLOCK) {
		if (i >= last)
			break;
		OPAQUE(to);
		if (to + BLOCK > end)
			return -1;
		copy_block(to, e->reply + i);
		to += BLOCK;
	}
	OPAQUE(last);
	if (last > 256 - BLOCK)
		return -1;
	to = data + TEXT + last;
	OPAQUE(to);
	if (to + BLOCK > end)
		return -1;
	copy_block(to, e->reply + last);
	return 0;
}

static __always_inline int get(struct xdp_md *ctx, void *data, void *end)
{
	__u64 hash = bmc_config.seed, bad = 0, key[BMC_MAX_KEY / 8 + 1], last, word, text = GET_;
	__u32 len, words, shift, seq, reply, sum, i;
	struct bmc_entry *e;
	int grown;
	void *p;

	/* "get " KEY "\r\n" exactly, in one datagram, not to a group address */
	sum = AT(__u16, data, IP_LEN);
	len = (__u16)__builtin_bswap16(sum);
	len -= TEXT + 6 - IP;
	OPAQUE(len);
	if (!len || len > BMC_MAX_KEY)
		goto form;
	p = data + (len + TEXT + 4 - 8);
	OPAQUE(p);
	if (p + 10 > end)
		goto form;
	if (AT(__u32, data, TEXT) != GET_ || AT(__u16, p, 8) != CRLF ||
	    AT(__u16, data, UDP_LEN) != __builtin_bswap16(len + 8 + 8 + 6) ||
	    AT(__u64, data, MC_FRAME) >> 16 != MC_SINGLE || AT(__u8, data, 0) & 1)
		goto form;

	last = *(__u64 *)p;
	words = len >> 3;
	shift = 63 - 8 * (len & 7);
	p = data + TEXT + 4;
	for (i = 0; i < BMC_MAX_KEY / 8; i++) {
		if (i >= words)
			break;
		OPAQUE(p);
		if (p + 8 > end)
			goto form;
		word = *(__u64 *)p;
		bad |= blanks(word);
		hash = mix(hash, word);
		p += 8;
	}
	last = last >> 1 >> shift;
	bad |= blanks(last | BYTES('~') << (8 * (len & 7)));
	if (bad)
		goto form;
	e = bucket(mix(hash, last));
	if (!e)
		return XDP_PASS;

	seq = READ_ONCE(e->seq);
	barrier();
	if (e->key_len != len || e->filled != READ_ONCE(e->gen) || seq & 1)
		goto miss;
	p = data + TEXT + 4;
	for (i = 0; i < BMC_MAX_KEY / 8; i++) {
		if (i >= words)
			break;
		OPAQUE(p);
		if (p + 8 > end)
			goto form;
		word = *(__u64 *)p;
		if (AT(__u64, e->reply, 6 + 8 * i) != word)
			goto miss;
		text += SUM(word);
		key[i] = word;
		p += 8;
	}
	if ((AT(__u64, e->reply, 6 + 8 * i) ^ last) << 1 << shift)
		goto miss;
	key[i] = last;
	text += SUM(last);
	reply = READ_ONCE(e->len);
	OPAQUE(reply);
	if (!reply || reply > BMC_MAX_REPLY)
		goto miss;

	grown = TEXT + reply - (__u32)(end - data);
	if (grown <= 0)
		goto room;
	/* the line's end, behind a key of even or odd length */
	if (!is_intact(data, text + (len & 1 ? CRLF >> 8 | (CRLF & 0xff) << 8 : CRLF)))
		goto form;
	if (!is_for_server(data))
		goto form;
	text = SUM_OF(e);
	if (bpf_xdp_adjust_tail(ctx, grown)) {
		if (grow_head(ctx, grown))
			goto room;
		grown = -grown;			/* in front */
	}
	if (put_reply(ctx, e, reply))
		return XDP_DROP;			/* never: for the verifier */
	barrier();
	if (READ_ONCE(e->seq) != seq)
		return restore(ctx, grown, key, len);

	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + TEXT + 8 > end)
		return XDP_DROP;			/* never: for the verifier */
	{
		__u32 dst = AT(__u32, data, 0), src = AT(__u32, data, 6);
		__u16 dst_hi = AT(__u16, data, 4), src_hi = AT(__u16, data, 10);
		__u32 from = AT(__u32, data, IP_ADDRS), to = AT(__u32, data, IP_ADDRS + 4);
		__u32 ports = AT(__u32, data, L4);
		__u16 ttl = AT(__u16, data, IP_TTL_PROTO), new_ttl = 64 | 17 << 8;
		__u16 ip_len = __builtin_bswap16(reply + TEXT - IP);

		AT(__u32, data, 0) = src;
		AT(__u16, data, 4) = src_hi;
		AT(__u32, data, 6) = dst;
		AT(__u16, data, 10) = dst_hi;
		AT(__u32, data, IP_ADDRS) = to;
		AT(__u32, data, IP_ADDRS + 4) = from;
		AT(__u32, data, L4) = ports << 16 | ports >> 16;
		/* the length, and no checksum */
		AT(__u32, data, UDP_LEN) = (__u16)__builtin_bswap16(reply + TEXT - L4);
		/* incremental (RFC 1624), so that a bad checksum stays bad */
		sum = (__u16)~sum + ip_len + (__u16)~ttl + new_ttl +
		      (__u16)~AT(__u16, data, IP_CSUM);
		sum = (sum & 0xffff) + (sum >> 16);
		sum += sum >> 16;
		AT(__u16, data, IP_LEN) = ip_len;
		AT(__u16, data, IP_TTL_PROTO) = new_ttl;
		AT(__u16, data, IP_CSUM) = ~sum;
		AT(__u16, data, UDP_CSUM) = reply_sum(data, text);
	}
	count(BMC_HITS);
	return XDP_TX;
miss:
	count(BMC_MISSES);
	return XDP_PASS;
form:
	count(BMC_PASS_FORM);
	return XDP_PASS;
room:
	count(BMC_PASS_ROOM);
	return XDP_PASS;
}

SEC("xdp")
int bmc_ingress(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	__u32 protocol;

	if (data + MIN_FRAME > end || AT(__u16, data, L4_DPORT) != PORT ||
	    (AT(__u32, data, ETH_PROTO) & 0xffffff) != IPV4_PLAIN)
		return XDP_PASS;
	protocol = AT(__u32, data, IP_FRAG) & 0xff00ff3f;
	if (protocol == TCP_WHOLE)
		return tcp(ctx, data, end);
	if (protocol == UDP_WHOLE)
		return get(ctx, data, end);
	return XDP_PASS;
}

/* The number at @p of at most ten digits. Returns the length, 0 when there is none. */
static __always_inline __u32 number(void *data, void *end, __u32 off, __u64 *value)
{
	__u64 n = 0;
	void *p;
	int i;

	OPAQUE(off);
	if (off > MAX_OFFSET)
		return 0;
	p = data + off;
	for (i = 0; i < 10; i++, p++) {
		__u32 digit;

		OPAQUE(p);
		if (p + 1 > end)
			return 0;
		digit = *(__u8 *)p - '0';
		if (digit > 9)
			break;
		n = n * 10 + digit;
	}
	*value = n;
	return i;
}

SEC("tc")
int bmc_egress(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 len, size, off, digits, seq, gen;
	__u64 hash, value;
	struct bmc_entry *e;
	void *p;

	if (data + 62 > end || AT(__u16, data, L4) != PORT ||
	    (AT(__u32, data, ETH_PROTO) & 0xffffff) != IPV4_PLAIN ||
	    (AT(__u32, data, IP_FRAG) & 0xff00ff3f) != UDP_WHOLE)
		return TC_ACT_UNSPEC;
	/* One datagram of one VALUE. Everything else that memcached says is none of ours. */
	if (AT(__u32, data, TEXT) != 0x554c4156U || AT(__u16, data, TEXT + 4) != 0x2045U)
		return TC_ACT_UNSPEC;
	if (AT(__u64, data, MC_FRAME) >> 16 != MC_SINGLE)
		goto skip;
	size = IP + (__u16)__builtin_bswap16(AT(__u16, data, IP_LEN));
	if (size < 64 || size > TEXT + BMC_MAX_REPLY)
		goto skip;
	if (hash_until_blank(data, end, TEXT + 6, &hash, &len) || !len || len > BMC_MAX_KEY)
		goto skip;
	off = TEXT + 6 + len;
	/* " FLAGS BYTES\r\n" */
	p = data + off;
	OPAQUE(p);
	if (p + 1 > end || *(__u8 *)p != ' ')
		goto skip;
	digits = number(data, end, off + 1, &value);
	if (!digits)
		goto skip;
	off += 1 + digits;
	p = data + off;
	OPAQUE(p);
	if (p + 1 > end || *(__u8 *)p != ' ')
		goto skip;
	digits = number(data, end, off + 1, &value);
	if (!digits)
		goto skip;
	off += 1 + digits;
	p = data + off;
	OPAQUE(p);
	if (p + 2 > end || *(__u16 *)p != CRLF)
		goto skip;
	/* the value fills the space up to "\r\nEND\r\n" exactly, and the datagram ends there */
	if (off + 2 + value + 7 != size || AT(__u16, data, UDP_LEN) != __builtin_bswap16(size - L4))
		goto skip;
	p = data + (size - 8);
	OPAQUE(p);
	if (p + 8 > end || *(__u64 *)p >> 8 != 0x0a0d444e450a0dULL)
		goto skip;

	e = bucket(hash);
	if (!e)
		return TC_ACT_UNSPEC;
	gen = READ_ONCE(e->gen);
	seq = READ_ONCE(e->seq);
	if (seq & 1 || __sync_val_compare_and_swap(&e->seq, seq, seq + 1) != seq)
		goto skip;
	size -= TEXT;
	e->len = 0;
	e->key_len = len;
	OPAQUE(size);
	if (size && size <= BMC_MAX_REPLY && !bpf_skb_load_bytes(skb, TEXT, e->reply, size)) {
		set_sum(e, size);
		e->len = size;
		e->filled = gen;
	}
	barrier();
	__sync_fetch_and_add(&e->seq, 1);
	count(BMC_FILLS);
	return TC_ACT_UNSPEC;
skip:
	count(BMC_FILL_SKIPPED);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";

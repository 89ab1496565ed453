// SPDX-License-Identifier: GPL-2.0-only
/*
 * live_gen runs under BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES: the kernel
 * hands it fresh frames in a loop, it writes a GET for a random key into each and
 * redirects it into the veth. live_sink is the XDP program on the same end: it
 * checks and counts the replies. Nothing else in the path costs as little, so
 * what is measured is the other end.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "live.h"

#define HEADERS		(sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define FRAME_HEADER	8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct live_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);		/* set before loading */
	__type(key, __u32);
	__type(value, struct live_expect);
} expect SEC(".maps");

struct scratch {
	__u8 frame[LIVE_FRAME];
	__u8 reply[LIVE_REPLY + LIVE_CHUNK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIVE_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

/* Set by user space between runs. One thread runs live_gen: no atomics needed. */
__u32 in_order;		/* the warm-up asks for each key once, in order, ... */
__u32 next_key;		/* ... this one next */
__u64 interval_ns;	/* from request to request; 0: as fast as possible */
__u64 next_due;		/* CLOCK_MONOTONIC */
__u64 left;		/* so many more requests */

static __always_inline void bump(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&count, &what);

	if (n)
		++*n;
}

SEC("xdp")
int live_gen(struct xdp_md *ctx)
{
	__u32 zero = 0, random = bpf_get_prandom_u32(), index, n, at;
	struct live_config *c = bpf_map_lookup_elem(&config, &zero);
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);

	if (!c || !s || !c->keys)
		return XDP_ABORTED;
	/* A frame that is dropped here costs little: so the rate is kept to the request. */
	if (!left || (interval_ns && bpf_ktime_get_ns() < next_due))
		return XDP_DROP;
	left--;
	next_due += interval_ns;
	if (in_order)
		index = next_key++ % c->keys;
	else
		index = ((__u64)random * c->keys) >> 32;

	/* The frame may come back from its last round trip: write all of it. */
	__builtin_memcpy(s->frame, c->frame, sizeof(s->frame));
	at = c->port_at;
	if (at > LIVE_FRAME - 2)
		return XDP_ABORTED;
	*(__u16 *)(s->frame + at) = bpf_htons(c->src_port + (random & (LIVE_PORTS - 1)));
	at = c->id_at;
	if (at > LIVE_FRAME - 2)
		return XDP_ABORTED;
	*(__u16 *)(s->frame + at) = bpf_htons(index);
	at = c->digits_at + c->digits;
	n = index;
	for (__u32 i = 0; i < LIVE_DIGITS && i < c->digits; i++) {
		at--;
		if (at >= LIVE_FRAME)
			return XDP_ABORTED;
		s->frame[at] = '0' + n % 10;
		n /= 10;
	}
	n = c->frame_len;
	if (n < 1 || n > LIVE_FRAME)
		return XDP_ABORTED;
	/*
	 * A frame that the other end has grown comes back with that length, unless we
	 * change the length as well: only then does the kernel start over.
	 */
	if (bpf_xdp_adjust_tail(ctx, 1))
		return XDP_ABORTED;
	if (bpf_xdp_store_bytes(ctx, 0, s->frame, n))
		return XDP_ABORTED;
	bump(LIVE_SENT);
	return bpf_redirect(c->ifindex, 0);
}

/* Sum of the whole text after the frame header, as bpf_csum_diff() counts. */
static __always_inline int sum_reply(struct xdp_md *ctx, struct scratch *s, __u32 len, __u32 *sum)
{
	__s64 v = 0;

	if (len < 1 || len > LIVE_REPLY)
		return -1;
	if (bpf_xdp_load_bytes(ctx, HEADERS + FRAME_HEADER, s->reply, len))
		return -1;
	/* zeros fill the last chunk up and change no sum */
	for (int i = 0; i < LIVE_CHUNK; i += 8)
		*(__u64 *)(s->reply + len + i) = 0;
	for (__u32 i = 0; i < LIVE_REPLY / LIVE_CHUNK; i++) {
		if (i * LIVE_CHUNK >= len)
			break;
		v = bpf_csum_diff(0, 0, (__be32 *)(s->reply + i * LIVE_CHUNK), LIVE_CHUNK, v);
	}
	v = (v & 0xffff) + ((v >> 16) & 0xffff);
	v = (v & 0xffff) + (v >> 16);
	*sum = v == 0xffff ? 0 : v;
	return 0;
}

SEC("xdp")
int live_sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct udphdr *udp = (void *)ip + sizeof(*ip);
	__u8 *head = (void *)udp + sizeof(*udp);
	__u32 zero = 0, len, index = 0, sum, at;
	struct live_config *c = bpf_map_lookup_elem(&config, &zero);
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	struct live_expect *e;

	if (!c || !s || data + HEADERS + FRAME_HEADER + 4 > end)
		return XDP_PASS;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->version != 4 || ip->ihl != 5 ||
	    ip->protocol != 17 || udp->source != bpf_htons(c->dst_port) ||
	    (__u16)(bpf_ntohs(udp->dest) - c->src_port) >= LIVE_PORTS)
		return XDP_PASS;
	len = bpf_ntohs(udp->len) - sizeof(*udp);
	if (head[8] == 'E' && head[9] == 'N' && head[10] == 'D') {
		bump(LIVE_MISSING);
		return XDP_DROP;
	}
	if (len <= FRAME_HEADER || sum_reply(ctx, s, len - FRAME_HEADER, &sum))
		goto wrong;
	at = c->key_in_reply;
	for (__u32 i = 0; i < LIVE_DIGITS && i < c->digits; i++) {
		if (at >= LIVE_REPLY)
			goto wrong;
		index = index * 10 + (s->reply[at++] - '0');
	}
	e = bpf_map_lookup_elem(&expect, &index);
	if (!e || e->len != len || e->sum != sum ||
	    (head[0] << 8 | head[1]) != (index & 0xffff))
		goto wrong;
	bump(LIVE_GOOD);
	return XDP_DROP;
wrong:
	bump(LIVE_WRONG);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";

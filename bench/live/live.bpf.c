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
	__u64 reply[LIVE_REPLY / 8 + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * LIVE_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

/* Set by user space between runs. One thread runs live_gen: no atomics needed. */
__u32 run;		/* 0: the warm-up asks for each key once, in order, ... */
__u32 next_key;		/* ... this one next */
__u64 interval_ns;	/* from request to request; 0: as fast as possible */
__u64 next_due;		/* CLOCK_MONOTONIC */
__u64 left;		/* so many more requests */
__u64 lag_max;		/* ns, how late a request left */
__u64 number;		/* of the next request */

/* Replies may come on any CPU, at the same time. */
__u32 slot[LIVE_SLOTS];
struct live_sample sample[BAD_KINDS * SAMPLES_EACH];
__u32 sampled[BAD_KINDS];

static __always_inline void bump(__u32 what, __u32 of_run)
{
	__u64 *n;

	if (of_run)
		what += LIVE_COUNTS;
	n = bpf_map_lookup_elem(&count, &what);
	if (n)
		++*n;
}

/* The next key and slot; writes port and id to the frame. -1 when it does not fit. */
static __always_inline int next_request(struct live_config *c, struct scratch *s, __u32 *key)
{
	__u32 at, n = number++ & (LIVE_SLOTS - 1), index, old;

	if (run)
		index = ((__u64)bpf_get_prandom_u32() * c->keys) >> 32;
	else
		index = next_key++ % c->keys;
	at = c->port_at;
	if (at > LIVE_FRAME - 2)
		return -1;
	*(__u16 *)(s->frame + at) = bpf_htons(c->src_port + (n & (LIVE_PORTS - 1)));
	at = c->id_at;
	if (at > LIVE_FRAME - 2)
		return -1;
	*(__u16 *)(s->frame + at) = bpf_htons(n >> LIVE_PORT_BITS);
	old = __sync_lock_test_and_set(&slot[n], SLOT_PENDING | (run ? SLOT_RUN : 0) | index);
	if ((old & SLOT_STATE) == SLOT_PENDING)
		bump(LIVE_LOST, old & SLOT_RUN);
	*key = index;
	return 0;
}

/* Is it time for a request? A frame that is dropped costs little: the rate is kept exactly. */
static __always_inline int due(void)
{
	__u64 now;

	if (!left)
		return 0;
	if (interval_ns) {
		now = bpf_ktime_get_ns();
		if (now < next_due)
			return 0;
		if (now - next_due > lag_max)
			lag_max = now - next_due;
		next_due += interval_ns;
	}
	left--;
	return 1;
}

SEC("xdp")
int live_gen(struct xdp_md *ctx)
{
	__u32 zero = 0, n, at;
	struct live_config *c = bpf_map_lookup_elem(&config, &zero);
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);

	if (!c || !s || !c->keys)
		return XDP_ABORTED;
	if (!due())
		return XDP_DROP;
	/* The frame may come back from its last round trip: write all of it. */
	__builtin_memcpy(s->frame, c->frame, sizeof(s->frame));
	if (next_request(c, s, &n))
		return XDP_ABORTED;
	at = c->digits_at + c->digits;
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
	bump(LIVE_SENT, run);
	return bpf_redirect(c->ifindex, 0);
}

struct packet {
	struct ethhdr *eth;
	struct iphdr *ip;
	struct udphdr *udp;
	__u32 len;		/* of the UDP payload */
	__u32 port;		/* our source port's number */
	__u16 id;
};

static __always_inline void keep_sample(const struct packet *p, __u32 kind, __u32 why, __u32 key)
{
	__u32 n;

	if (sampled[kind] >= SAMPLES_EACH)
		return;
	n = __sync_fetch_and_add(&sampled[kind], 1);
	if (n >= SAMPLES_EACH)
		return;
	sample[kind * SAMPLES_EACH + n] = (struct live_sample){
		.why = why, .key = key, .id = p->id, .src_ip = p->ip->saddr,
		.dst_ip = p->ip->daddr, .src_port = p->udp->source, .dst_port = p->udp->dest };
}

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline int same_mac(const __u8 *a, const __u8 *b)
{
	return *(__u32 *)a == *(__u32 *)b && *(__u16 *)(a + 4) == *(__u16 *)(b + 4);
}

/* Frame and IP header as they must be? */
static __always_inline enum live_why check_headers(const struct live_config *c,
						   const struct packet *p)
{
	const __u32 *w = (const void *)p->ip;

	if (!same_mac(p->eth->h_dest, c->src_mac) || !same_mac(p->eth->h_source, c->dst_mac))
		return WHY_MAC;
	if (p->ip->frag_off & bpf_htons(0x3fff))
		return WHY_FRAGMENT;
	if (bpf_ntohs(p->ip->tot_len) != p->len + sizeof(*p->ip) + sizeof(*p->udp))
		return WHY_LENGTH;
	if (fold((__u64)w[0] + w[1] + w[2] + w[3] + w[4]) != 0xffff)
		return WHY_IP_SUM;
	return WHY_RIGHT;
}

/*
 * UDP checksum, header and text. The checksum may be absent, complete, or left to the
 * hardware: between two ends of a veth pair only the pseudo header's sum is in it.
 */
static __always_inline enum live_why check_payload(struct xdp_md *ctx, const struct live_config *c,
						   struct scratch *s, const struct packet *p, __u32 key)
{
	__u64 pseudo = (__u64)p->ip->saddr + p->ip->daddr + bpf_htons(17) + p->udp->len;
	__u64 sum = pseudo + p->udp->source + p->udp->dest + p->udp->len + p->udp->check;
	__u16 in_frame = p->udp->check;
	__u32 len = p->len;
	struct live_expect *e;
	__u64 hash = 0, w;

	if (len < FRAME_HEADER || len > LIVE_REPLY)
		return WHY_LENGTH;
	if (bpf_xdp_load_bytes(ctx, HEADERS, s->reply, len))
		return WHY_LENGTH;
	*(__u64 *)((__u8 *)s->reply + len) = 0;		/* fills the last word up */
	w = s->reply[0];
	sum += (w & 0xffffffff) + (w >> 32);
	for (__u32 i = 1; i < LIVE_REPLY / 8; i++) {
		if (i * 8 >= len)
			break;
		w = s->reply[i];
		sum += (w & 0xffffffff) + (w >> 32);
		hash = live_hash(hash, w);
	}
	if (in_frame && fold(sum) != 0xffff && in_frame != fold(pseudo))
		return WHY_UDP_SUM;
	/* after the id: sequence number 0, 1 datagram, 0 */
	if (s->reply[0] >> 16 != bpf_cpu_to_be64(1 << 16) >> 16)
		return WHY_HEAD;
	if (len == FRAME_HEADER + 5 && hash == c->end_hash)
		return WHY_MISSING;
	e = bpf_map_lookup_elem(&expect, &key);
	return e && e->len == len && e->hash == hash ? WHY_RIGHT : WHY_TEXT;
}

static __always_inline int stray(const struct packet *p, __u32 kind)
{
	bump(LIVE_STRAY, run);
	if (kind == BAD_PORT)
		bump(LIVE_STRAY_PORT, run);
	else if (kind == BAD_ADDRESS)
		bump(LIVE_STRAY_ADDRESS, run);
	keep_sample(p, kind, WHY_STRAY, 0);
	return XDP_DROP;
}

/* Settle the slot of a reply, and count. */
static __always_inline int settle(struct xdp_md *ctx, const struct live_config *c,
				  struct scratch *s, const struct packet *p, enum live_why why)
{
	__u32 *at = &slot[((__u32)p->id << LIVE_PORT_BITS | p->port) & (LIVE_SLOTS - 1)];
	__u32 was = *at, state = was & SLOT_STATE, key = was & SLOT_KEY, of_run = was & SLOT_RUN;

	if (state == SLOT_FREE)
		return stray(p, BAD_STRAY);
	if (why == WHY_RIGHT)
		why = check_payload(ctx, c, s, p, key);
	/* settled by another CPU meanwhile: so there is a second one */
	if (state != SLOT_DONE &&
	    __sync_val_compare_and_swap(at, was, SLOT_DONE | (was & ~SLOT_STATE)) != was)
		state = SLOT_DONE;
	if (state == SLOT_PENDING) {
		if (why == WHY_RIGHT) {
			bump(LIVE_GOOD, of_run);
			return XDP_DROP;
		}
		bump(why == WHY_MISSING ? LIVE_MISSING : LIVE_WRONG, of_run);
		keep_sample(p, why == WHY_MISSING ? BAD_MISSING : BAD_WRONG, why, key);
	} else if (state == SLOT_LOST) {
		bump(LIVE_LATE, of_run);
		if (why == WHY_RIGHT)
			return XDP_DROP;
		bump(LIVE_LATE_WRONG, of_run);
		keep_sample(p, BAD_LATE, why, key);
	} else {
		bump(LIVE_DUPLICATE, of_run);
		if (why != WHY_RIGHT)
			bump(LIVE_DUPLICATE_WRONG, of_run);
		keep_sample(p, BAD_DUPLICATE, why, key);
	}
	return XDP_DROP;
}

SEC("xdp")
int live_sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct packet p = { .eth = data, .ip = data + sizeof(*p.eth),
			    .udp = data + sizeof(*p.eth) + sizeof(*p.ip) };
	int from_address, to_address, to_port;
	__u32 zero = 0;
	struct live_config *c = bpf_map_lookup_elem(&config, &zero);
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	__u8 *head = data + HEADERS;

	if (!c || !s || data + HEADERS > end)
		return XDP_PASS;
	if (p.eth->h_proto != bpf_htons(ETH_P_IP) || p.ip->version != 4 || p.ip->protocol != 17)
		return XDP_PASS;
	from_address = p.ip->saddr == c->dst_ip;
	to_address = p.ip->daddr == c->src_ip;
	p.port = (__u16)(bpf_ntohs(p.udp->dest) - c->src_port);
	to_port = p.port < LIVE_PORTS;
	p.len = bpf_ntohs(p.udp->len) - sizeof(*p.udp);
	/* One wrong port or address does not hide that it is meant to be a reply to us. */
	if (from_address && to_address && p.ip->ihl != 5)
		return stray(&p, BAD_STRAY);
	if (from_address && to_address && (!to_port || p.udp->source != bpf_htons(c->dst_port)))
		return stray(&p, BAD_PORT);
	if (!from_address || !to_address)
		return to_port && (from_address || to_address) ? stray(&p, BAD_ADDRESS) : XDP_PASS;
	if (p.len < FRAME_HEADER || p.len > LIVE_REPLY || (void *)head + 2 > end)
		return stray(&p, BAD_STRAY);
	p.id = head[0] << 8 | head[1];
	return settle(ctx, c, s, &p, check_headers(c, &p));
}

char _license[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server that costs next to nothing: answers every GET with one reply, made beforehand. What a
 * GET takes from it is what the client takes, and the veth pair.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "sink_reply.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct sink_reply);
	__uint(max_entries, 1);
} reply SEC(".maps");

struct get {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__be16 id;
} __attribute__((packed));

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	struct get *g = (void *)(long)ctx->data;
	__u32 first = 0, have = ctx->data_end - ctx->data;
	__u64 len;	/* 64 bits: the verifier compares the register that is used */
	struct sink_reply *r = bpf_map_lookup_elem(&reply, &first);
	__be16 port, id;

	if (!r || (void *)(g + 1) > (void *)(long)ctx->data_end || g->ip.protocol != 17 ||
	    g->udp.dest != bpf_htons(SINK_PORT))
		return XDP_PASS;
	port = g->udp.source;
	id = g->id;
	/* in front, where there is room: behind a frame from a socket there is hardly any */
	if (bpf_xdp_adjust_head(ctx, (int)have - (int)r->len))
		return XDP_ABORTED;
	len = r->len;
	if (len > SINK_MAX)
		return XDP_ABORTED;
	asm volatile("" : "+r"(len));
	if (len < sizeof(*g) || bpf_xdp_store_bytes(ctx, 0, r->bytes, len))
		return XDP_ABORTED;
	g = (void *)(long)ctx->data;
	if ((void *)(g + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	g->udp.dest = port;
	g->id = id;
	if (r->sum)
		g->udp.check = ~fold(r->sum + port + id);
	return XDP_TX;
}

SEC("xdp")
int pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

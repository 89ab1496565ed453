// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF_PROG_TEST_RUN does not restore the packet between repeats, and a GET that is
 * answered is a reply afterwards. So the wrapper makes it the request again, and
 * tail-calls the program. What that costs is measured with the stub as the program,
 * which moves the packet's end like an answer does, and nothing else.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "insn.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct insn_packet);
	__uint(max_entries, 1);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} programs SEC(".maps");

static __always_inline int resize(struct xdp_md *ctx, __u32 len)
{
	int more = len - (__u32)(ctx->data_end - ctx->data);

	return more ? bpf_xdp_adjust_tail(ctx, more) : 0;
}

SEC("xdp")
int wrap(struct xdp_md *ctx)
{
	__u32 first = 0, len;
	struct insn_packet *p = bpf_map_lookup_elem(&packets, &first);

	if (!p)
		return XDP_ABORTED;
	len = p->len;
	if (p->runs++ && resize(ctx, len))
		return XDP_ABORTED;
	if (len < 14 || len > INSN_MAX_PACKET || bpf_xdp_store_bytes(ctx, 0, p->bytes, len))
		return XDP_ABORTED;
	bpf_tail_call(ctx, &programs, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int stub(struct xdp_md *ctx)
{
	__u32 first = 0;
	struct insn_packet *p = bpf_map_lookup_elem(&packets, &first);

	if (!p || resize(ctx, p->reply_len))
		return XDP_ABORTED;
	return XDP_TX;
}

SEC("xdp")
int empty(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shim.h"

extern int rex_cgroup_skb(struct __sk_buff *ctx, __u32 slot, __u64 cookie) __ksym;

SEC("cgroup/skb")	/* for either direction */
int rex_shim(struct __sk_buff *ctx)
{
	/* The verifier wants to see that it is 0 or 1. */
	return rex_cgroup_skb(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE) & 1;
}

char _license[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

SEC("cgroup/skb")	/* for either direction */
int rex_shim(struct __sk_buff *ctx)
{
	/* The verifier wants to see that it is 0 or 1. */
	return rex_cgroup_skb(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE) & 1;
}

char _license[] SEC("license") = "GPL";

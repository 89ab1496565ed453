// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shim.h"

extern int rex_xdp(struct xdp_md *ctx, __u32 slot, __u64 cookie) __ksym;

SEC("xdp")
int rex_shim(struct xdp_md *ctx)
{
	return rex_xdp(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

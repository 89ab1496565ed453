// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shim.h"

extern int rex_tc(struct __sk_buff *ctx, __u32 slot, __u64 cookie) __ksym;

SEC("tc")
int rex_shim(struct __sk_buff *ctx)
{
	return rex_tc(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

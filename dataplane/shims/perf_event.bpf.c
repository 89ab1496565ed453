// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shim.h"

/* libbpf compares the name, and that it is a struct. */
struct bpf_perf_event_data {};

extern int rex_perf_event(struct bpf_perf_event_data *ctx, __u32 slot, __u64 cookie) __ksym;

SEC("perf_event")
int rex_shim(struct bpf_perf_event_data *ctx)
{
	return rex_perf_event(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

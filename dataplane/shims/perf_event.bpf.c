// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

SEC("perf_event")
int rex_shim(struct bpf_perf_event_data *ctx)
{
	return rex_perf_event(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

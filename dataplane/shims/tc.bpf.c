// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

SEC("tc")
int rex_shim(struct __sk_buff *ctx)
{
	REX_ROOM(ctx);
	return rex_tc(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

SEC("xdp")
int rex_shim(struct xdp_md *ctx)
{
	REX_ROOM(ctx);
	return rex_xdp(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

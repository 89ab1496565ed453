// SPDX-License-Identifier: GPL-2.0-only
/* Of entries with REX_ENTRY_LEAF. */
#include "shim.h"

SEC("xdp")
int rex_shim(struct xdp_md *ctx)
{
	REX_ROOM(ctx);
	return rex_xdp_leaf(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

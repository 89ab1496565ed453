// SPDX-License-Identifier: GPL-2.0-only
/* Also for kretprobe, uprobe and uretprobe. */
#include "shim.h"

SEC("kprobe")
int rex_shim(struct pt_regs *ctx)
{
	return rex_kprobe(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

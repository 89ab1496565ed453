// SPDX-License-Identifier: GPL-2.0-only
/* Also for kretprobe, uprobe and uretprobe. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "shim.h"

/* As the kernel calls it. libbpf compares the names, and that both are structs. */
struct pt_regs {};

extern int rex_kprobe(struct pt_regs *ctx, __u32 slot, __u64 cookie) __ksym;

SEC("kprobe")
int rex_shim(struct pt_regs *ctx)
{
	return rex_kprobe(ctx, REX_SHIM_SLOT, REX_SHIM_COOKIE);
}

char _license[] SEC("license") = "GPL";

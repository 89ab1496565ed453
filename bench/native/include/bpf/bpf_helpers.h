/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In the place of libbpf's header when ebpf_c.c compiles bmc.bpf.c for the CPU: maps are arrays,
 * helpers are functions there.
 */
#ifndef NATIVE_BPF_HELPERS_H
#define NATIVE_BPF_HELPERS_H

#include <string.h>
#include <linux/bpf.h>

#define SEC(name)		__attribute__((used))
#define __uint(name, number)	int (*name)[number]
#define __type(name, type)	type *name

/* Index to element, as the kernel inlines it for arrays. */
#define bpf_map_lookup_elem(map, index)							\
	((void *)_Generic((map)->value,							\
		struct bmc_entry *: &native_cache[*(index) & (NATIVE_ENTRIES - 1)],	\
		__u64 *: &native_stats[*(index)]))

long bpf_xdp_adjust_head(struct xdp_md *ctx, int delta);
long bpf_xdp_adjust_tail(struct xdp_md *ctx, int delta);
long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 len);
long bpf_xdp_store_bytes(struct xdp_md *ctx, __u32 offset, void *from, __u32 len);
long bpf_skb_load_bytes(const void *skb, __u32 offset, void *to, __u32 len);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Attached to the client's end while a cache starts, so that the cache uses native XDP. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

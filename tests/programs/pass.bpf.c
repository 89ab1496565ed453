// SPDX-License-Identifier: GPL-2.0-only
/* A veth end only gets what its peer sends by XDP_TX when it has an XDP program itself. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

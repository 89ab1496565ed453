// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "xdppass.h"

int xdp_pass_attach(const char *iface)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int ifindex = if_nametoindex(iface), prog, link, err;

	if (!ifindex)
		return bench_fail(ENODEV, "no interface '%s' here", iface);
	prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "bench_pass", "GPL", insns, 2, NULL);
	if (prog < 0)
		return bench_fail(errno, "loading XDP_PASS for '%s': %s", iface, strerror(errno));
	link = bpf_link_create(prog, ifindex, BPF_XDP, &opts);
	err = errno;
	close(prog);
	if (link < 0)
		return bench_fail(err, "attaching XDP_PASS to '%s': %s%s", iface, strerror(err),
			    err == EBUSY ? "; it has an XDP program already" : "");
	return link;
}

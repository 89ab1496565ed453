// SPDX-License-Identifier: GPL-2.0-only
/* Programs that do nothing, one per hook: what calling an eBPF program costs. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define EMPTY(name, section, verdict)					\
	SEC(section) int name(void *ctx __attribute__((unused)))	\
	{								\
		return verdict;						\
	}

EMPTY(empty_xdp, "xdp", XDP_PASS)
EMPTY(empty_tc, "tc", TC_ACT_OK)
EMPTY(empty_cgroup_skb, "cgroup_skb/ingress", 1)
EMPTY(empty_kprobe, "kprobe", 0)
EMPTY(empty_tracepoint, "tracepoint", 0)
EMPTY(empty_perf_event, "perf_event", 0)
EMPTY(empty_fentry, "fentry/__x64_sys_sched_get_priority_max", 0)
EMPTY(empty_fexit, "fexit/__x64_sys_sched_get_priority_max", 0)
EMPTY(empty_raw_tracepoint, "tp_btf/sys_enter", 0)

char _license[] SEC("license") = "GPL";

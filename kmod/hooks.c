// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks: one kfunc each, with the hook's real context type, so that the verifier checks
 * that a shim passes the context and nothing else.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/pkt_cls.h>

#include "dispatch.h"
#include "packet.h"

const struct rex_hook_info rex_hooks[__REX_HOOK_MAX] = {
	[REX_HOOK_XDP] = { "xdp", BPF_PROG_TYPE_XDP, XDP_PASS, true },
	[REX_HOOK_TC] = { "tc", BPF_PROG_TYPE_SCHED_CLS, TC_ACT_OK, true },
	[REX_HOOK_KPROBE] = { "kprobe", BPF_PROG_TYPE_KPROBE },
	[REX_HOOK_TRACEPOINT] = { "tracepoint", BPF_PROG_TYPE_TRACEPOINT },
	[REX_HOOK_PERF_EVENT] = { "perf_event", BPF_PROG_TYPE_PERF_EVENT },
	[REX_HOOK_FENTRY] = { "fentry", BPF_PROG_TYPE_TRACING },
	[REX_HOOK_RAW_TRACEPOINT] = { "raw_tracepoint", BPF_PROG_TYPE_TRACING },
	[REX_HOOK_CGROUP_SKB] = { "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, 1 },
	[REX_HOOK_FEXIT] = { "fexit", BPF_PROG_TYPE_TRACING },
};

__bpf_kfunc_start_defs();

__bpf_kfunc notrace int rex_xdp(struct xdp_md *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_XDP, ctx, slot, cookie, rex_xdp_setup);
}

__bpf_kfunc notrace int rex_tc(struct __sk_buff *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_TC, ctx, slot, cookie, rex_tc_setup);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(rex_xdp_ids)
BTF_ID_FLAGS(func, rex_xdp)
BTF_KFUNCS_END(rex_xdp_ids)

BTF_KFUNCS_START(rex_tc_ids)
BTF_ID_FLAGS(func, rex_tc)
BTF_KFUNCS_END(rex_tc_ids)

static const struct btf_kfunc_id_set rex_xdp_set = { .owner = THIS_MODULE, .set = &rex_xdp_ids };
static const struct btf_kfunc_id_set rex_tc_set = { .owner = THIS_MODULE, .set = &rex_tc_ids };

/* Once per hook, not per program type: several types share a hook. Undone by the module loader. */
int rex_hooks_init(void)
{
	int ret;

	ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &rex_xdp_set);
	if (!ret)
		ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS, &rex_tc_set);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks: one kfunc each, with the hook's real context type, so that the verifier checks
 * that a shim passes the context and nothing else.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/kprobes.h>
#include <linux/pkt_cls.h>

#include "dispatch.h"
#include "packet.h"
#include "trace.h"

/* @supported is set by rex_hooks_init(). */
struct rex_hook_info rex_hooks[__REX_HOOK_MAX] __ro_after_init = {
	[REX_HOOK_XDP] = { "xdp", BPF_PROG_TYPE_XDP, XDP_PASS },
	[REX_HOOK_TC] = { "tc", BPF_PROG_TYPE_SCHED_CLS, TC_ACT_OK },
	[REX_HOOK_KPROBE] = { "kprobe", BPF_PROG_TYPE_KPROBE },
	[REX_HOOK_TRACEPOINT] = { "tracepoint", BPF_PROG_TYPE_TRACEPOINT },
	[REX_HOOK_PERF_EVENT] = { "perf_event", BPF_PROG_TYPE_PERF_EVENT },
	[REX_HOOK_FENTRY] = { "fentry", BPF_PROG_TYPE_TRACING },
	[REX_HOOK_RAW_TRACEPOINT] = { "raw_tracepoint", BPF_PROG_TYPE_TRACING },
	[REX_HOOK_CGROUP_SKB] = { "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, 1 },
	[REX_HOOK_FEXIT] = { "fexit", BPF_PROG_TYPE_TRACING },
};

__bpf_kfunc_start_defs();

__bpf_kfunc int rex_xdp(struct xdp_md *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_XDP, ctx, slot, cookie, rex_xdp_setup);
}

__bpf_kfunc int rex_tc(struct __sk_buff *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_TC, ctx, slot, cookie, rex_skb_setup);
}

__bpf_kfunc int rex_cgroup_skb(struct __sk_buff *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_CGROUP_SKB, ctx, slot, cookie, rex_skb_setup);
}

__bpf_kfunc int rex_kprobe(struct pt_regs *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_KPROBE, ctx, slot, cookie, rex_kept_setup);
}

/*
 * The one context that has no type: to the verifier it is a u64, and it knows the contexts of
 * kfuncs by the names of structs only. So the cookie is what keeps others out here.
 */
__bpf_kfunc int rex_tracepoint(void *ctx__ign, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_TRACEPOINT, ctx__ign, slot, cookie, rex_kept_setup);
}

__bpf_kfunc int rex_perf_event(struct bpf_perf_event_data *ctx, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_PERF_EVENT, ctx, slot, cookie, rex_kept_setup);
}

/* The shims of these three copy the arguments, which the verifier checks, to their stack. */
__bpf_kfunc int rex_fentry(const struct rex_args *args, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_FENTRY, (void *)args, slot, cookie, rex_raw_setup);
}

__bpf_kfunc int rex_fexit(const struct rex_args *args, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_FEXIT, (void *)args, slot, cookie, rex_raw_setup);
}

__bpf_kfunc int rex_raw_tracepoint(const struct rex_args *args, u32 slot, u64 cookie)
{
	return rex_dispatch(REX_HOOK_RAW_TRACEPOINT, (void *)args, slot, cookie, rex_raw_setup);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(rex_xdp_ids)
BTF_ID_FLAGS(func, rex_xdp)
BTF_KFUNCS_END(rex_xdp_ids)

BTF_KFUNCS_START(rex_tc_ids)
BTF_ID_FLAGS(func, rex_tc)
BTF_KFUNCS_END(rex_tc_ids)

BTF_KFUNCS_START(rex_cgroup_skb_ids)
BTF_ID_FLAGS(func, rex_cgroup_skb)
BTF_KFUNCS_END(rex_cgroup_skb_ids)

BTF_KFUNCS_START(rex_kprobe_ids)
BTF_ID_FLAGS(func, rex_kprobe)
BTF_KFUNCS_END(rex_kprobe_ids)

BTF_KFUNCS_START(rex_tracing_ids)
BTF_ID_FLAGS(func, rex_tracepoint)
BTF_ID_FLAGS(func, rex_perf_event)
BTF_ID_FLAGS(func, rex_fentry)
BTF_ID_FLAGS(func, rex_fexit)
BTF_ID_FLAGS(func, rex_raw_tracepoint)
BTF_KFUNCS_END(rex_tracing_ids)

#define REX_SET(name) \
	static const struct btf_kfunc_id_set name##_set = { \
		.owner = THIS_MODULE, .set = &name##_ids \
	}

REX_SET(rex_xdp);
REX_SET(rex_tc);
REX_SET(rex_cgroup_skb);
REX_SET(rex_kprobe);
REX_SET(rex_tracing);

/*
 * The kernel keeps kfuncs per group of program types, and a group takes one set: tracepoint,
 * perf_event and the trampolines are in one.
 */
static const struct rex_kfuncs {
	const struct btf_kfunc_id_set	*set;
	enum bpf_prog_type		type;
	unsigned long			hooks;
} rex_kfuncs[] = {
	{ &rex_xdp_set, BPF_PROG_TYPE_XDP, BIT(REX_HOOK_XDP) },
	{ &rex_tc_set, BPF_PROG_TYPE_SCHED_CLS, BIT(REX_HOOK_TC) },
	{ &rex_cgroup_skb_set, BPF_PROG_TYPE_CGROUP_SKB, BIT(REX_HOOK_CGROUP_SKB) },
	{ &rex_kprobe_set, BPF_PROG_TYPE_KPROBE, BIT(REX_HOOK_KPROBE) },
	{
		&rex_tracing_set, BPF_PROG_TYPE_TRACING,
		BIT(REX_HOOK_TRACEPOINT) | BIT(REX_HOOK_PERF_EVENT) | BIT(REX_HOOK_FENTRY) |
		BIT(REX_HOOK_FEXIT) | BIT(REX_HOOK_RAW_TRACEPOINT)
	},
};

/* Registers all sets but those in @skip. Returns how many were, and the error of the next. */
static unsigned int rex_kfuncs_register(unsigned long skip, int *ret)
{
	unsigned int i;

	*ret = 0;
	for (i = 0; i < ARRAY_SIZE(rex_kfuncs); i++) {
		if (skip & BIT(i))
			continue;
		*ret = register_btf_kfunc_id_set(rex_kfuncs[i].type, rex_kfuncs[i].set);
		if (*ret)
			break;
	}
	return i;
}

/*
 * A kernel whose hook takes no kfuncs says so here, and in doing so forgets the sets that it
 * has: all over again without that one. Undone by the module loader.
 */
int rex_hooks_init(void)
{
	unsigned long skip = 0, hook;
	unsigned int i;
	int ret;

	for (;;) {
		i = rex_kfuncs_register(skip, &ret);
		if (!ret)
			break;
		if (rex_kfuncs[i].type == BPF_PROG_TYPE_XDP)
			return ret;
		pr_notice("this kernel has no kfuncs for hook %s and its kind (%d)\n",
			  rex_hooks[__ffs(rex_kfuncs[i].hooks)].name, ret);
		skip |= BIT(i);
	}
	for (i = 0; i < ARRAY_SIZE(rex_kfuncs); i++)
		for_each_set_bit(hook, &rex_kfuncs[i].hooks, __REX_HOOK_MAX)
			rex_hooks[hook].supported = !(skip & BIT(i));
	return 0;
}

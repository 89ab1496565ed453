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

#define REX_HOOK_BIT(number, ...)	| BIT(number)
static_assert((0 REX_HOOKS(REX_HOOK_BIT)) == BIT(__REX_HOOK_MAX) - 1);	/* each number once */

/* @supported is set by rex_hooks_init(). */
#define REX_HOOK_INFO(number, ID, name, safe, callers, type, ...) \
	[number] = { #name, BPF_PROG_TYPE_##type, safe },
#define REX_HOOK_DIRECT(number, ID, name, safe, ...) \
	[number] = { #name, BPF_PROG_TYPE_UNSPEC, safe, true },
struct rex_hook_info rex_hooks[__REX_HOOK_MAX] __ro_after_init = {
	REX_HOOKS_SHIM(REX_HOOK_INFO)
	REX_HOOKS_DIRECT(REX_HOOK_DIRECT)
};

#define REX_KFUNC(number, ID, name, safe, callers, type, context, argument, setup)		\
	int rex_##name(context argument, u32 slot, u64 cookie);					\
	__bpf_kfunc int rex_##name(context argument, u32 slot, u64 cookie)			\
	{											\
		return rex_dispatch(number, (void *)argument, slot, cookie, setup);		\
	}

__bpf_kfunc_start_defs();
REX_HOOKS_SHIM(REX_KFUNC)

/*
 * rex_xdp() for shims of leaves. Such an entry calls nothing, so it holds nothing and cannot panic; and
 * it never jumps back, so it soon ends: no frame, no stack, no watchdog. @leaf is the cookie only
 * while the entry is one, may run and is not measured. All else is for rex_xdp() to decide, another
 * entry that has taken the slot, too.
 */
int rex_xdp_leaf(struct xdp_md *ctx, u32 slot_id, u64 cookie);
__bpf_kfunc int rex_xdp_leaf(struct xdp_md *ctx, u32 slot_id, u64 cookie)
{
	struct rex_slot *slot = &rex_slots[slot_id % REX_MAX_SLOTS];

	if (unlikely(slot->leaf != cookie))
		return rex_xdp(ctx, slot_id, cookie);
	this_cpu_inc(slot->counts->runs);
	return slot->entry((struct rex_ctx *)ctx);
}
__bpf_kfunc_end_defs();

/* The kernel's groups of program types, and one type of each. A group takes one set of kfuncs. */
#define REX_GROUPS(G)			\
	G(XDP, XDP)			\
	G(TC, SCHED_CLS)		\
	G(CGROUP, CGROUP_SKB)		\
	G(KPROBE, KPROBE)		\
	G(TRACING, TRACING)

#define REX_MORE_XDP	BTF_ID_FLAGS(func, rex_xdp_leaf)
#define REX_MORE_TC
#define REX_MORE_CGROUP
#define REX_MORE_KPROBE
#define REX_MORE_TRACING

#define REX_KFUNC_ID(number, ID, name, ...) BTF_ID_FLAGS(func, rex_##name)
#define REX_SET(group, type)							\
	BTF_KFUNCS_START(rex_ids_##group)					\
	REX_HOOKS_##group(REX_KFUNC_ID)						\
	REX_MORE_##group							\
	BTF_KFUNCS_END(rex_ids_##group)						\
	static const struct btf_kfunc_id_set rex_set_##group = {		\
		.owner = THIS_MODULE, .set = &rex_ids_##group			\
	};
REX_GROUPS(REX_SET)

#define REX_KFUNCS(group, type) \
	{ &rex_set_##group, BPF_PROG_TYPE_##type, 0 REX_HOOKS_##group(REX_HOOK_BIT) },
static const struct rex_kfuncs {
	const struct btf_kfunc_id_set	*set;
	enum bpf_prog_type		type;
	unsigned long			hooks;
} rex_kfuncs[] = {
	REX_GROUPS(REX_KFUNCS)
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

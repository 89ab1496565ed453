/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The hooks, one row each, from which rex.ko, the shims, rexc, librex and the tests make their
 * tables:
 *
 *	X(number, ID, name, safe, callers, type, context, argument, setup)
 *
 * @number:	the value of REX_HOOK_ID. ABI: a new hook takes the next number.
 * @name:	of the hook for users, its attribute #[rex_name], its kfunc rex_name() and its shim
 *		dataplane/shims/name.bpf.c.
 * @safe:	the verdict when the program does not run.
 * @callers:	BH_OFF when they always have bottom halves off and interrupts on, IRQS_ON when they
 *		always have interrupts on, else ANY.
 *
 * The others are for hooks with a shim only:
 *
 * @type:	the eBPF program type of the shim is BPF_PROG_TYPE_type.
 * @context, @argument: type and name of the kfunc's first parameter, which the verifier checks.
 * @setup:	makes the program's context of it: kmod/packet.h, kmod/trace.h.
 */
#ifndef _REX_HOOKS_H
#define _REX_HOOKS_H

/* The kernel keeps kfuncs per group of program types, so there is a list for each group. */
#define REX_HOOKS_XDP(X) \
	X(0, XDP, xdp, XDP_PASS, BH_OFF, XDP, struct xdp_md *, ctx, rex_xdp_setup)

#define REX_HOOKS_TC(X)		/* clsact and tcx */ \
	X(1, TC, tc, TC_ACT_OK, IRQS_ON, SCHED_CLS, struct __sk_buff *, ctx, rex_skb_setup)

#define REX_HOOKS_KPROBE(X)	/* kprobe, kretprobe, uprobe, uretprobe */ \
	X(2, KPROBE, kprobe, 0, ANY, KPROBE, struct pt_regs *, ctx, rex_kept_setup)

/*
 * A tracepoint's context has no type: to the verifier it is a u64, and it knows the contexts of
 * kfuncs by the names of structs only. So the cookie is what keeps others out there. The shims of
 * the last three copy the arguments, which the verifier checks, to their stack; all three, the raw
 * tracepoint too, attach by BTF.
 */
#define REX_HOOKS_TRACING(X) \
	X(3, TRACEPOINT, tracepoint, 0, ANY, TRACEPOINT, void *, ctx__ign, rex_kept_setup) \
	X(4, PERF_EVENT, perf_event, 0, ANY, PERF_EVENT, struct bpf_perf_event_data *, ctx, rex_kept_setup) \
	X(5, FENTRY, fentry, 0, ANY, TRACING, const struct rex_args *, args, rex_raw_setup) \
	X(8, FEXIT, fexit, 0, ANY, TRACING, const struct rex_args *, args, rex_raw_setup) \
	X(6, RAW_TRACEPOINT, raw_tracepoint, 0, ANY, TRACING, const struct rex_args *, args, rex_raw_setup)

#define REX_HOOKS_CGROUP(X) \
	X(7, CGROUP_SKB, cgroup_skb, 1, IRQS_ON, CGROUP_SKB, struct __sk_buff *, ctx, rex_skb_setup)

/* Hooks with a shim; hooks that rex.ko calls by itself; all. */
#define REX_HOOKS_SHIM(X) \
	REX_HOOKS_XDP(X) REX_HOOKS_TC(X) REX_HOOKS_KPROBE(X) REX_HOOKS_TRACING(X) REX_HOOKS_CGROUP(X)
#define REX_HOOKS_DIRECT(X) /* the sockets of a server */ \
	X(9, STREAM, stream, 0, BH_OFF)
#define REX_HOOKS(X) \
	REX_HOOKS_SHIM(X) REX_HOOKS_DIRECT(X)

#endif /* _REX_HOOKS_H */

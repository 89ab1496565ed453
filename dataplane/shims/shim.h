/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shim is the eBPF program that represents one entry of a Rex program: it
 * calls rex.ko's kfunc of its hook with the entry's slot and cookie. The values
 * below are placeholders; librex looks for them in the instructions and puts the
 * real ones there before it loads the shim. They are immediates and not a map, so
 * that a shim has no map to leak and costs no load.
 *
 *	hook		placeholders (each exactly once)
 *	all		SLOT: immediate of a move; COOKIE: of a 64-bit load
 *	tracepoint	LAST: offset of a one-byte load from r1
 *	xdp, tc		ROOM: so many instructions that do nothing, for a filter
 *	fentry, fexit,
 *	raw_tracepoint	ARGS_ROOM: likewise, for the arguments
 *
 * All shims but those of entries with a filter, and some of fentry and fexit, are
 * straight to the call. In those, as the kernel shows them, there are jumps (the
 * kernel inlines the helpers that they call) and an exit between the first
 * instruction and the call; slot and cookie still get into r2 and r3 right before it.
 */
#ifndef _REX_SHIM_H
#define _REX_SHIM_H

#define REX_SHIM_SLOT	0x5e17c0deU
#define REX_SHIM_COOKIE	0x5e17c0de5e17c0deULL
#define REX_SHIM_NAME	"rex_shim"

/*
 * tracepoint: a load of the record's last byte that the program may read, so that the
 * kernel refuses to attach it to a tracepoint whose records are shorter. LAST becomes
 * the entry's ctx_size - 1; where that is below REX_SHIM_LAST_MIN (0: the record is
 * not looked at), the whole instruction becomes "r0 = 0", as the verifier takes no
 * loads from there.
 */
#define REX_SHIM_LAST		0x1ead
#define REX_SHIM_LAST_MIN	8

/*
 * fentry, fexit, raw_tracepoint: librex puts there what copies the arguments that there
 * are, at the end of the room. It has the context in r1 and the address of struct rex_args,
 * which holds anything, in r5, keeps r5, and changes r0 to r4, r6 and r7.
 */
#define REX_SHIM_ARGS_ROOM	112

/*
 * xdp, tc: librex puts the filter of the entry (struct rex_filter) at the end of it, which
 * has the context in r1, changes r0 and r2 to r5, jumps behind the room to call the
 * program, and exits otherwise. The kernel removes what is left of the room.
 */
#define REX_SHIM_ROOM		40

#ifdef __bpf__
#define REX_ROOM(ctx)							\
	asm volatile(".rept %[room]\n"					\
		     "goto +0\n"					\
		     ".endr"						\
		     : "+r"(ctx) : [room] "i"(REX_SHIM_ROOM)		\
		     : "r0", "r2", "r3", "r4", "r5", "memory")

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <uapi/rex.h>

/* As the kernel calls them. libbpf compares the names, and that both are structs. */
struct pt_regs {};
struct bpf_perf_event_data {};

#define REX_KFUNC(number, ID, name, safe, callers, type, context, argument, setup) \
	extern int rex_##name(context argument, __u32 slot, __u64 cookie) __ksym;
REX_HOOKS_SHIM(REX_KFUNC)
extern int rex_xdp_leaf(struct xdp_md *ctx, __u32 slot, __u64 cookie) __ksym;
#endif

#endif /* _REX_SHIM_H */
